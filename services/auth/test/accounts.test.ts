import t from 'tap'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, database } = await startAuth(t)
const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/

t.test('FR-010: signing up makes an account and signs its owner in', async (t) => {
  const response = await call('POST', '/auth/signup', { email: 'Ada@Example.com', password, display_name: 'Ada' })
  t.equal(response.statusCode, 201)
  t.match(response.json(), {
    user: { id: uuidv7, email: 'Ada@Example.com', display_name: 'Ada', role: 'user', email_verified: false, created_at: /Z$/ },
    session_id: uuidv7,
    token_type: 'Bearer',
    expires_in: 300,
    access_token: /^[\w-]+\.[\w-]+\.[\w-]+$/,
    refresh_token: /^v1\.[0-9a-f-]{36}\.1\.[\w-]{43}$/,
  })
  t.equal(response.headers['cache-control'], 'no-store')
  t.match((await call('GET', '/auth/me', undefined, bearer(response.json()))).json(), response.json().user)
})

t.test('SEC-13, SEC-11: an address is taken in whatever spelling, and the answer names its field', async (t) => {
  await signUp('grace@example.com')
  for (const email of ['grace@example.com', 'GRACE@EXAMPLE.COM', 'grace@Example.Com']) {
    const response = await call('POST', '/auth/signup', { email, password })
    t.equal(response.statusCode, 409, email)
    t.match(response.json(), { type: '/problems/email-taken', errors: [{ pointer: '/email', code: 'taken' }] })
  }
})

t.test('SEC-13: of twenty sign-ups with one address, one makes an account', async (t) => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/auth/signup', { email: 'race@example.com', password })))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, ...Array(19).fill(409)])
  t.equal((await database.asSuperuser('SELECT 1 FROM auth.users WHERE email_key = $1', ['race@example.com'])).length, 1)
  t.equal((await database.asSuperuser('SELECT 1 FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE u.email_key = $1', ['race@example.com'])).length, 1)
})

t.test('SEC-13: an account is found by every spelling of its address that is the same to Unicode and to the domain name system', async (t) => {
  await signUp('Zoë.free@xn--mnchen-3ya.example'.replace('ë', 'e'))
  for (const email of ['zoe.free@xn--mnchen-3ya.example', 'ZOE.FREE@XN--MNCHEN-3YA.EXAMPLE', 'zoe.free@münchen.example', 'zoe.free@mu\u0308nchen.example', '\uff5aoe.free@MÜNCHEN.example', 'zoe.free@münchen\u3002example']) {
    t.equal((await call('POST', '/auth/login', { email, password })).statusCode, 200, email)
  }
  const refused = await call('POST', '/auth/signup', { email: 'zoe.free@münchen.example', password })
  t.match(refused.json(), { status: 400, errors: [{ pointer: '/email', code: 'not_email' }] }, 'no second account by another spelling')
})

t.test('SEC-16: a new installation has no account', async (t) => {
  const { database } = await startAuth(t)
  t.same(await database.asSuperuser('SELECT 1 FROM auth.users'), [])
})

t.test('SEC-13: a domain that looks like a number is not taken for another', async (t) => {
  for (const email of ['a@1.1.example', 'a@1.0.0.1.example']) t.equal((await call('POST', '/auth/signup', { email, password })).statusCode, 201)
})

const refused = [
  { why: 'no address', payload: { password }, pointer: '/email', code: 'required' },
  { why: 'an address without a domain', payload: { email: 'ada', password }, pointer: '/email', code: 'not_email' },
  { why: 'an address that is a list (SEC-84)', payload: { email: ['ada@example.com'], password }, pointer: '/email', code: 'wrong_type' },
  { why: 'an address of 255 characters', payload: { email: `${'a'.repeat(243)}@example.com`, password }, pointer: '/email', code: 'too_long' },
  { why: 'a password of 7 characters', payload: { email: 'x@example.com', password: 'short 1' }, pointer: '/password', code: 'too_short' },
  { why: 'a password of 257 characters (SEC-2)', payload: { email: 'x@example.com', password: 'x'.repeat(257) }, pointer: '/password', code: 'too_long' },
  { why: 'a password that is null (SEC-84)', payload: { email: 'x@example.com', password: null }, pointer: '/password', code: 'wrong_type' },
  { why: 'a blank name', payload: { email: 'x@example.com', password, display_name: '  ' }, pointer: '/display_name', code: 'not_allowed' },
  { why: 'a role (SEC-84)', payload: { email: 'x@example.com', password, role: 'admin' }, pointer: '/role', code: 'unknown_field' },
  { why: 'a proven address (SEC-84)', payload: { email: 'x@example.com', password, email_verified: true }, pointer: '/email_verified', code: 'unknown_field' },
]
for (const { why, payload, pointer, code } of refused) {
  t.test(`FR-042 is refused: ${why}`, async (t) => {
    const response = await call('POST', '/auth/signup', payload)
    t.equal(response.statusCode, 400)
    t.match(response.json(), { type: '/problems/invalid-request', errors: [{ pointer, code }] })
    t.notMatch(response.body, 'correct horse', 'the password is not sent back')
  })
}

t.test('SEC-6: passwords are stored as argon2id with a salt of their own', async (t) => {
  await signUp('one@example.com')
  await signUp('two@example.com')
  const rows = await database.asSuperuser<{ password_hash: string }>("SELECT password_hash FROM auth.users WHERE email_key IN ('one@example.com', 'two@example.com')")
  for (const { password_hash: hash } of rows) t.match(hash, /^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$[\w+/]{22}\$/)
  t.not(rows[0]?.password_hash, rows[1]?.password_hash)
})

t.test('FR-014: who is signed in', async (t) => {
  const ada = await signUp()
  t.equal((await call('GET', '/auth/me')).statusCode, 401)
  t.equal((await call('GET', '/auth/me', undefined, { authorization: `Bearer ${ada.refresh_token}` })).statusCode, 401, 'SEC-60: a refresh token is no access token')
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE id = $1", [ada.user.id])
  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 401, 'a disabled account is nobody')
})
