import t from 'tap'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const execute = promisify(execFile)
const { call, signUp, bearer, refresh, database, environment } = await startAuth(t)

const run = async (...parameters: string[]) => {
  const command = `${import.meta.dirname}/../commands/admin.ts`
  return await execute(process.execPath, [command, ...parameters], { env: { ...process.env, ...environment } })
    .then((told) => ({ code: 0, ...told }), (error: unknown) => error as { code: number, stdout: string, stderr: string })
}

t.test('FR-140: a command makes an administrator, lists them, and makes them an ordinary account again', async (t) => {
  t.match(await run('list'), { code: 0, stdout: 'There is no administrator. Make one: npm run admin -- grant ADDRESS\n' })
  const ada = await signUp('ada@example.com')
  t.match(await run('grant', 'ADA@Example.com'), { code: 0, stdout: 'ADA@Example.com is an administrator.\n' })
  t.equal((await refresh(ada.refresh_token)).statusCode, 401, 'SEC-39: a session of before has no new rights')
  const again = (await call('POST', '/auth/login', { email: 'ada@example.com', password })).json<SignedIn>()
  t.equal((await call('GET', '/admin/users', undefined, bearer(again))).statusCode, 200)
  t.match(await run('grant', 'ada@example.com'), { code: 0 }, 'twice comes to the same')
  await signUp('grace@example.com')
  await run('grant', 'grace@example.com')
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE email = 'grace@example.com'")
  t.match(await run('list'), { code: 0, stdout: 'grace@example.com  (disabled)\nada@example.com\n' })

  const events = await database.asSuperuser("SELECT actor_id, user_id, details FROM auth.audit_events WHERE action = 'account.role_changed' ORDER BY id")
  t.match(events[0], { actor_id: null, user_id: ada.user.id, details: { from: 'user', to: 'admin' } }, 'on record, as done by nobody with an account')
  t.equal(events.length, 2)
})

t.test('FR-140, FR-144: the last administrator goes by --force alone', async (t) => {
  t.match(await run('revoke', 'ada@example.com'), { code: 1, stderr: 'This is the last administrator. Make somebody else an administrator first. Or go ahead with --force.\n' })
  t.match(await run('revoke', 'ada@example.com', '--force'), { code: 0, stdout: 'ada@example.com is no administrator.\n' })
  t.equal((await database.asSuperuser("SELECT FROM auth.users WHERE role = 'admin' AND status = 'active'")).length, 0)
})

t.test('FR-140: an address without an account is told plainly, and so is how the command is used', async (t) => {
  t.match(await run('grant', 'nobody@example.com'), { code: 1, stdout: '', stderr: 'There is no such account. Nobody has signed up with nobody@example.com.\n' })
  for (const wrong of [[], ['grant'], ['grant', 'a@example.com', 'b@example.com'], ['grant', 'a@example.com', '--force'], ['list', '--force'], ['promote', 'a@example.com'], ['constructor', 'x']]) {
    t.match(await run(...wrong), { code: 2, stdout: /^Usage: npm run admin/ }, wrong.join(' '))
  }
  t.match(await run('--help'), { code: 0, stdout: /^Usage/ })
})
