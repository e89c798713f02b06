import t from 'tap'
import { startAuth } from './start-auth.ts'

const { call, signUp, bearer, database, makeAdmin, refresh } = await startAuth(t)

t.test('FR-120: what is for admins is refused to everyone else', async (t) => {
  const [ada, admin] = [await signUp(), await makeAdmin()]
  t.equal((await call('GET', '/admin/keys')).statusCode, 401, 'no token')
  const refused = await call('GET', '/admin/keys', undefined, bearer(ada))
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { type: '/problems/admins-only' })
  t.equal((await call('GET', '/admin/keys', undefined, bearer(admin))).statusCode, 200)
})

t.test('FR-120: the stored role decides, not the one in the token', async (t) => {
  const [risen, fallen] = [await signUp(), await makeAdmin()]
  const setRole = (role: string, id: string) => database.asSuperuser('UPDATE auth.users SET role = $1 WHERE id = $2', [role, id])
  await setRole('admin', risen.user.id)
  t.equal((await call('GET', '/admin/keys', undefined, bearer(risen))).statusCode, 200)
  await setRole('user', fallen.user.id)
  t.equal((await call('GET', '/admin/keys', undefined, bearer(fallen))).statusCode, 403)
})

t.test('FR-120: an admin whose session is over, or whose account is disabled, is refused', async (t) => {
  const [gone, disabled] = [await makeAdmin(), await makeAdmin()]
  await call('POST', '/auth/logout', { refresh_token: gone.refresh_token })
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE id = $1", [disabled.user.id])
  for (const who of [gone, disabled]) {
    t.equal((await call('GET', '/admin/keys', undefined, bearer(who))).statusCode, 401)
    t.equal((await refresh(who.refresh_token)).statusCode, 401)
  }
})
