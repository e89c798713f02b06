import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { SignedIn } from '../contracts.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, refresh, internal, serviceToken, mailTo, mails, database } = await startAuth(t)
const next = 'an even better passphrase'
const address = () => `${randomUUID()}@example.com`
const logIn = (email: string, secret = password) => call('POST', '/auth/login', { email, password: secret })
const forgot = (email: string, headers = {}) => call('POST', '/auth/password/forgot', { email }, headers)
const reset = (token: string, secret = next) => call('POST', '/auth/password/reset', { token, password: secret })
const isAlive = async (session: SignedIn) => (await call('GET', '/auth/me', undefined, bearer(session))).statusCode === 200
const revoked = async () => (await internal.inject({ url: '/internal/revocations', headers: { 'x-service-token': await serviceToken() } })).json().items.map(({ subject }: { subject: string }) => subject)

t.test('SEC-20, SEC-23: a mailed link sets a password, ends every session, proves the address, and is announced', async (t) => {
  const ada = await signUp(address())
  const other = (await logIn(ada.user.email)).json<SignedIn>()
  t.equal((await forgot(ada.user.email)).statusCode, 202)
  const { token, text } = await mailTo(ada.user.email, /Choose/)
  t.match(text, 'http://localhost:3000/reset-password?token=')
  t.equal((await reset(token)).statusCode, 204)
  t.equal((await logIn(ada.user.email)).statusCode, 401)
  const again = (await logIn(ada.user.email, next)).json<SignedIn>()
  t.equal(again.user.email_verified, true)
  for (const session of [ada, other]) {
    t.equal(await isAlive(session), false)
    t.equal((await refresh(session.refresh_token)).statusCode, 401)
    t.ok((await revoked()).includes(session.session_id), 'the tasks service is told too')
  }
  t.match(await mailTo(ada.user.email, /was changed/), { text: /forgot-password/ })
})

t.test('SEC-17, SEC-18: a reset link works once, for half an hour, and only the newest', async (t) => {
  const ada = await signUp(address())
  await forgot(ada.user.email)
  const first = await mailTo(ada.user.email, /Choose/)
  await forgot(ada.user.email)
  const second = await mailTo(ada.user.email, /Choose/)
  t.equal((await reset(first.token)).statusCode, 410)
  const answers = await Promise.all(Array.from({ length: 20 }, () => reset(second.token)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1)
  t.equal(answers.filter(({ statusCode }) => statusCode === 410).length, 19)
  await forgot(ada.user.email)
  const third = await mailTo(ada.user.email, /Choose/)
  const [row] = await database.asSuperuser('SELECT expires_at - created_at = $2::interval AS half_an_hour FROM auth.one_time_tokens WHERE user_id = $1', [ada.user.id, '30 minutes'])
  t.equal(row?.['half_an_hour'], true)
  await database.asSuperuser("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = $1", [ada.user.id])
  t.equal((await reset(third.token)).statusCode, 410)
})

t.test('SEC-12: a request for an unknown address is answered the same', async (t) => {
  const ada = await signUp(address())
  const shape = ({ statusCode, body, headers }: Awaited<ReturnType<typeof call>>) => ({ statusCode, body, headers: Object.keys(headers).sort() })
  t.same(shape(await forgot(ada.user.email)), shape(await forgot(address())))
})

t.test('SEC-12: a link that is used up, made up or of another kind gets one and the same answer', async (t) => {
  const ada = await signUp(address())
  await forgot(ada.user.email)
  const [used, other] = [(await mailTo(ada.user.email, /Choose/)).token, (await mailTo(ada.user.email, /Confirm/)).token]
  t.equal((await reset(used)).statusCode, 204)
  const shape = ({ statusCode, body, headers }: Awaited<ReturnType<typeof call>>) => ({ statusCode, body: body.replace(/urn:request:[\w-]+/, ''), headers: Object.keys(headers).sort() })
  for (const ask of [reset, (token: string) => call('POST', '/auth/email/verify', { token })]) {
    const answers = await Promise.all([used, other, 'made up', randomUUID(), ada.user.id].map(async (token) => shape(await ask(token))))
    for (const answer of answers) t.same(answer, answers[0])
    t.equal(answers[0]?.statusCode, 410)
  }
})

t.test('SEC-25: who signed up with another\'s address keeps nothing once its owner proves it by a reset', async (t) => {
  const email = address()
  const squatter = await signUp(email)
  const second = (await logIn(email)).json<SignedIn>()
  const confirm = await mailTo(email, /Confirm/)
  await forgot(email)
  const early = await mailTo(email, /Choose/)
  await forgot(email)
  t.equal((await reset((await mailTo(email, /Choose/)).token)).statusCode, 204)
  for (const session of [squatter, second]) {
    t.equal(await isAlive(session), false)
    t.equal((await refresh(session.refresh_token)).statusCode, 401)
  }
  t.equal((await logIn(email)).statusCode, 401, 'the old password')
  for (const { token } of [confirm, early]) t.equal((await reset(token)).statusCode, 410, 'links from before')
  t.same(await database.asSuperuser('SELECT 1 FROM auth.one_time_tokens WHERE user_id = $1', [squatter.user.id]), [])
  t.equal((await logIn(email, next)).json<SignedIn>().user.email_verified, true)
})

t.test('SEC-21: poisoned headers change no link', async (t) => {
  const poisoned = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'evil', 'x-original-url': 'https://evil.example', forwarded: 'host=evil.example;proto=evil', origin: 'https://evil.example', referer: 'https://evil.example/' }
  const email = address()
  t.equal((await call('POST', '/auth/signup', { email, password }, poisoned)).statusCode, 201)
  await forgot(email, poisoned)
  for (const [subject, path] of [[/Confirm/, '/verify-email'], [/Choose/, '/reset-password']] as const) {
    const mail = await mailTo(email, subject)
    t.notMatch(mail.text + mail.html, 'evil')
    t.match(mail.text, `http://localhost:3000${path}?token=`)
  }
})

t.test('SEC-14: changing the password needs the current one; the session that does it stays, the others end', async (t) => {
  const ada = await signUp(address())
  const other = (await logIn(ada.user.email)).json<SignedIn>()
  const change = (current_password: string, who = ada) => call('POST', '/auth/password/change', { current_password, password: next }, bearer(who))
  const wrong = await change('not the password')
  t.equal(wrong.statusCode, 403)
  t.match(wrong.json(), { type: '/problems/wrong-password', errors: [{ pointer: '/current_password', code: 'wrong' }] })
  t.equal(await isAlive(other), true)
  await forgot(ada.user.email)
  const link = await mailTo(ada.user.email, /Choose/)

  const changed = await change(password)
  t.equal(changed.statusCode, 200)
  const kept = changed.json<SignedIn>()
  t.equal(kept.session_id, ada.session_id)
  t.equal(await isAlive(kept), true)
  t.match((await refresh(ada.refresh_token)).json(), { status: 401, type: '/problems/session-renewed' }, 'SEC-39: a copy of its cookie is worth nothing')
  t.equal((await refresh(kept.refresh_token)).statusCode, 200)
  t.equal(await isAlive(other), false)
  t.equal((await logIn(ada.user.email)).statusCode, 401)
  t.equal((await logIn(ada.user.email, next)).statusCode, 200)
  t.equal((await reset(link.token)).statusCode, 410, 'SEC-18: links on their way are void')
  t.match(await mailTo(ada.user.email, /was changed/), { to: ada.user.email })
})

t.test('a reset link counts for the address it was mailed to, and no other the account has by then', async (t) => {
  const ada = await signUp(address())
  await forgot(ada.user.email)
  const { token } = await mailTo(ada.user.email, /Choose/)
  const other = address()
  await database.asSuperuser('UPDATE auth.users SET email = $2, email_key = $2 WHERE id = $1', [ada.user.id, other])
  t.equal((await reset(token)).statusCode, 410)
  t.equal((await logIn(other)).statusCode, 200)
})

t.test('SEC-9: one account does not keep the judge of passwords from everybody else', async (t) => {
  const ada = await signUp()
  const choose = () => call('POST', '/auth/password/change', { current_password: password, password: 'password123' }, bearer(ada))
  for (let n = 0; n < 30; n++) t.equal((await choose()).statusCode, 422)
  const refused = await choose()
  t.equal(refused.statusCode, 429)
  t.match(refused.headers, { 'retry-after': /^\d+$/, 'ratelimit-limit': '30' })
})

t.test('SEC-32: a stolen session is no way to guess the password without limit', async (t) => {
  const ada = await signUp(address())
  const guess = (current_password: string) => call('POST', '/auth/password/change', { current_password, password: next }, bearer(ada))
  const answers = await Promise.all(Array.from({ length: 30 }, () => guess('not the password')))
  t.ok(answers.every(({ statusCode }) => [403, 429].includes(statusCode)))
  t.equal((await guess(password)).statusCode, 429)
  const [counted] = await database.asSuperuser<{ failures: number }>('SELECT failures FROM auth.login_back_offs WHERE bucket = $1', [bucketName(`${ada.user.email}|session:${ada.session_id}`)])
  t.ok((counted?.failures ?? 0) <= 7, `${counted?.failures} were checked`)
})

t.test('SEC-2, SEC-84: what a new password must be', async (t) => {
  const ada = await signUp(address())
  for (const [payload, pointer, code] of [
    [{ token: 'x', password: 'short' }, '/password', 'too_short'],
    [{ token: 'x', password: 'x'.repeat(257) }, '/password', 'too_long'],
    [{ token: ['x'], password: next }, '/token', 'wrong_type'],
    [{ password: next }, '/token', 'required'],
    [{ token: 'x', password: next, email: 'x@example.com' }, '/email', 'unknown_field'],
  ] as const) t.match((await call('POST', '/auth/password/reset', payload)).json(), { status: 400, errors: [{ pointer, code }] })
  t.equal((await call('POST', '/auth/password/change', { current_password: password, password: next })).statusCode, 401)
  t.match((await call('POST', '/auth/password/change', { current_password: password, password: 'short' }, bearer(ada))).json(), { status: 400, errors: [{ pointer: '/password' }] })
})

t.test('SEC-6: no mail and no table shows a password', async (t) => {
  t.notMatch(JSON.stringify(mails), next)
  const tables = await database.asSuperuser<{ table: string }>("SELECT format('%I.%I', schemaname, tablename) AS table FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
  t.ok(tables.length > 10)
  for (const { table } of tables) t.notMatch(JSON.stringify(await database.asSuperuser(`SELECT * FROM ${table}`)), next, table)
})
