import t from 'tap'
import { createHmac, randomUUID } from 'node:crypto'
import type { SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, refresh, database, settings } = await startAuth(t)
const generationOf = ({ refresh_token: token }: SignedIn) => Number(token.split('.')[2])
const sessionOf = async ({ session_id: id }: SignedIn) => (await database.asSuperuser('SELECT * FROM auth.sessions WHERE id = $1', [id]))[0]!

t.test('FR-011: logging in, with the address in any case', async (t) => {
  const ada = await signUp('ada@example.com')
  const response = await call('POST', '/auth/login', { email: 'ADA@example.com', password })
  t.equal(response.statusCode, 200)
  t.same(response.json().user, ada.user)
  t.not(response.json().session_id, ada.session_id, 'SEC-39: a session of its own')
})

t.test('SEC-10: an unknown address, a wrong password and a disabled account get one answer', async (t) => {
  await signUp('known@example.com')
  const off = await signUp('disabled@example.com')
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE id = $1", [off.user.id])
  const answers = []
  for (const [email, secret] of [['unknown@example.com', password], ['known@example.com', 'not the password'], ['disabled@example.com', password], ['not an address', password]]) {
    const { statusCode, body, headers } = await call('POST', '/auth/login', { email: email!, password: secret! })
    answers.push({ statusCode, body: body.replace(/urn:request:[\w-]+/, ''), headers: Object.keys(headers).sort() })
  }
  for (const answer of answers) t.same(answer, answers[0])
  t.equal(answers[0]?.statusCode, 401)
})

t.test('SEC-10: an account whose hash nobody can read is one nobody gets into', async (t) => {
  const eve = await signUp('odd@example.com')
  await database.asSuperuser("UPDATE auth.users SET password_hash = '' WHERE id = $1", [eve.user.id])
  t.equal((await call('POST', '/auth/login', { email: 'odd@example.com', password: 'nobody has this password' })).statusCode, 401)
})

t.test('SEC-52: the access token is an at+jwt with the claims of RFC 9068, under one algorithm', async (t) => {
  const ada = await signUp()
  const [header, claims] = ada.access_token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  t.same({ ...header, kid: typeof header.kid }, { alg: 'EdDSA', typ: 'at+jwt', kid: 'string' })
  t.match(claims, { iss: 'http://localhost:3001', aud: ['daymark-auth', 'daymark-tasks'], sub: ada.user.id, client_id: 'daymark', sid: ada.session_id, gen: 1, role: 'user', jti: String, iat: Number, auth_time: Number, amr: ['pwd'] })
  t.same(Object.keys(claims).sort(), ['amr', 'aud', 'auth_time', 'client_id', 'exp', 'gen', 'iat', 'iss', 'jti', 'role', 'sid', 'sub'], 'and nothing else')
  t.equal(claims.exp - claims.iat, 300)
})

t.test('SEC-41: fifty refreshes with one token, at two instances, make one generation and one successor', async (t) => {
  const other = await startAuth(t, { beside: { database, settings } })
  const ada = await signUp()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? other : { refresh }).refresh(ada.refresh_token)))
  for (const { statusCode } of answers) t.equal(statusCode, 200)
  t.equal(new Set(answers.map((answer) => answer.json().refresh_token)).size, 1)
  t.equal((await sessionOf(ada))['generation'], 2)
})

t.test('SEC-42: a lost answer is given again without limit of time, until the next generation is confirmed', async (t) => {
  const ada = await signUp()
  const next = (await refresh(ada.refresh_token)).json<SignedIn>()
  await database.asSuperuser("UPDATE auth.sessions SET last_seen_at = last_seen_at - interval '5 hours' WHERE id = $1", [ada.session_id])
  t.equal((await refresh(ada.refresh_token)).json().refresh_token, next.refresh_token, 'the successor is the same to the byte')
  t.equal((await sessionOf(ada))['confirmed_at'], null)

  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 200, 'an access token of the generation before confirms nothing')
  t.equal((await sessionOf(ada))['confirmed_at'], null)
  t.equal((await call('GET', '/auth/me', undefined, bearer(next))).statusCode, 200)
  t.ok((await sessionOf(ada))['confirmed_at'], 'one of this generation does')
  await database.asSuperuser("UPDATE auth.sessions SET confirmed_at = now() - interval '20 seconds' WHERE id = $1", [ada.session_id])
  const before = await sessionOf(ada)
  t.equal((await refresh(ada.refresh_token)).json().refresh_token, next.refresh_token, 'and the grace of half a minute begins')
  t.same(await sessionOf(ada), before, 'which neither rotates nor extends anything')
})

t.test('SEC-43: once the grace is over, the generation before is a stolen copy and ends the session', async (t) => {
  const ada = await signUp()
  const next = (await refresh(ada.refresh_token)).json<SignedIn>()
  await call('GET', '/auth/me', undefined, bearer(next))
  await database.asSuperuser("UPDATE auth.sessions SET confirmed_at = now() - interval '31 seconds' WHERE id = $1", [ada.session_id])
  const stolen = await refresh(ada.refresh_token)
  t.equal(stolen.statusCode, 401)
  t.match(stolen.json(), { type: '/problems/session-ended' })
  t.match(await sessionOf(ada), { ended_reason: 'token_reused' })
  t.equal((await refresh(next.refresh_token)).statusCode, 401, 'for the rightful owner too')
  t.equal((await call('GET', '/auth/me', undefined, bearer(next))).statusCode, 401)
})

t.test('SEC-42: the grace is a setting, and none is one as well', async (t) => {
  const strict = await startAuth(t, { beside: { database, settings: { ...settings, REFRESH_GRACE_SECONDS: '0' } } })
  const ada = await signUp()
  const next = (await strict.refresh(ada.refresh_token)).json<SignedIn>()
  t.equal((await strict.refresh(ada.refresh_token)).statusCode, 200, 'until it is confirmed')
  await strict.call('GET', '/auth/me', undefined, bearer(next))
  t.equal((await strict.refresh(ada.refresh_token)).statusCode, 401)
})

t.test('SEC-42: two rotations of one moment are two generations', async (t) => {
  const ada = await signUp()
  const second = (await refresh(ada.refresh_token)).json<SignedIn>()
  const third = (await refresh(second.refresh_token)).json<SignedIn>()
  t.same([ada, second, third].map(generationOf), [1, 2, 3])
  t.equal(new Set([ada, second, third].map((session) => session.refresh_token)).size, 3)
})

t.test('SEC-42: two generations back is a stolen copy whatever the clock', async (t) => {
  const ada = await signUp()
  const second = (await refresh(ada.refresh_token)).json<SignedIn>()
  const third = (await refresh(second.refresh_token)).json<SignedIn>()
  t.equal(generationOf(third), 3)
  t.equal((await refresh(ada.refresh_token)).statusCode, 401)
  t.equal((await refresh(third.refresh_token)).statusCode, 401)
})

t.test('SEC-44: a forged, foreign or future token changes nothing and ends nobody\'s session', async (t) => {
  const [ada, bob] = [await signUp(), await signUp()]
  const before = await sessionOf(ada)
  const [, session, generation, mac] = ada.refresh_token.split('.')
  const forged = (key: string, claim: string) => `${claim}.${createHmac('sha256', key).update(claim).digest('base64url')}`
  for (const token of [
    `v1.${session}.${generation}.${bob.refresh_token.split('.')[3]}`,
    `v1.${bob.session_id}.${generation}.${mac}`,
    `v1.${session}.2.${mac}`,
    `v1.${session}.999999999.${mac}`,
    `v2.${session}.${generation}.${mac}`,
    `v1.${session?.toUpperCase()}.${generation}.${mac}`,
    `v1.${randomUUID()}.${generation}.${mac}`,
    forged('', `v1.${session}.2`),
    `${ada.refresh_token}=`,
    'x',
  ]) t.equal((await refresh(token)).statusCode, 401, token.slice(0, 12))
  t.equal((await refresh(ada.access_token)).statusCode, 400, 'SEC-60: an access token is no refresh token')
  t.same(await sessionOf(ada), before)
  t.equal((await refresh(ada.refresh_token)).statusCode, 200)
})

t.test('SEC-40: the table holds no token, and no key that makes one', async (t) => {
  const ada = await signUp()
  const { sealed_token_key: sealed } = await sessionOf(ada)
  t.match(sealed, /^test\.[\w-]+$/, 'it is sealed under the key it names')
  const forged = createHmac('sha256', String(sealed)).update(`v1.${ada.session_id}.1`).digest('base64url')
  t.equal((await refresh(`v1.${ada.session_id}.1.${forged}`)).statusCode, 401)
  t.notMatch(JSON.stringify(await database.asSuperuser('SELECT * FROM auth.sessions')), ada.refresh_token.split('.')[3]!)
})

t.test('SEC-46: idle and absolute limits hold, and a refresh never passes the absolute end', async (t) => {
  for (const past of ["idle_expires_at = now() - interval '1 second'", "idle_expires_at = now() - interval '1 day', absolute_expires_at = now() - interval '1 second'"]) {
    const ada = await signUp()
    await database.asSuperuser(`UPDATE auth.sessions SET ${past} WHERE id = $1`, [ada.session_id])
    t.equal((await refresh(ada.refresh_token)).statusCode, 401, past)
    t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 401, past)
  }
  const eve = await signUp()
  await database.asSuperuser("UPDATE auth.sessions SET absolute_expires_at = now() + interval '1 day', idle_expires_at = now() + interval '1 hour' WHERE id = $1", [eve.session_id])
  t.equal((await refresh(eve.refresh_token)).statusCode, 200)
  const { idle_expires_at: idle, absolute_expires_at: absolute } = await sessionOf(eve)
  t.same(idle, absolute)
})

t.test('FR-013, SEC-50: logging out ends one session, once, for good', async (t) => {
  const ada = await signUp('leaving@example.com')
  const other = (await call('POST', '/auth/login', { email: 'leaving@example.com', password })).json<SignedIn>()
  for (const attempt of ['first', 'again']) t.equal((await call('POST', '/auth/logout', { refresh_token: ada.refresh_token })).statusCode, 204, attempt)
  t.match(await sessionOf(ada), { ended_reason: 'logged_out' })
  t.equal((await refresh(ada.refresh_token)).statusCode, 401)
  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 401)
  t.equal((await refresh(other.refresh_token)).statusCode, 200, 'the other device stays')
  t.equal((await call('POST', '/auth/logout', { refresh_token: 'nonsense' })).statusCode, 204)
  t.equal((await call('POST', '/auth/logout', { refresh_token: `v1.${other.session_id}.1.${'A'.repeat(43)}` })).statusCode, 204)
  t.equal((await sessionOf(other))['ended_at'], null, 'SEC-44: a forged token ends nothing')
})

t.test('SEC-65: a second instance that lacks a sealing key says 503, never "forged"', async (t) => {
  const ada = await signUp()
  const other = await startAuth(t, { beside: { database, settings: { ...settings } } })
  t.equal((await other.refresh(ada.refresh_token)).statusCode, 200, 'with the same keys it is as good as the first')
  await database.asSuperuser("UPDATE auth.sessions SET sealed_token_key = 'newer.' || split_part(sealed_token_key, '.', 2) WHERE id = $1", [ada.session_id])
  const response = await other.refresh(ada.refresh_token)
  t.equal(response.statusCode, 503)
  t.match(response.json(), { type: '/problems/sealing-key-unknown' })
  t.equal((await sessionOf(ada))['ended_at'], null)
})
