import t from 'tap'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { bucketName, password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, mails, mailServer, mailTo, database } = await startAuth(t)
const address = () => `${randomUUID()}@example.com`
const verify = (token: string) => call('POST', '/auth/email/verify', { token })
const isVerified = async (who: Parameters<typeof bearer>[0]) => (await call('GET', '/auth/me', undefined, bearer(who))).json().email_verified

t.test('signing up mails a link that proves the address, once', async (t) => {
  const ada = await signUp(address())
  const mail = await mailTo(ada.user.email, /Confirm/)
  t.match(mail, { text: /http:\/\/localhost:3000\/verify-email\?token=[\w-]{43}\n/, html: /verify-email\?token=/ })
  t.equal((await verify(mail.token)).statusCode, 204)
  t.equal(await isVerified(ada), true)
  t.match((await verify(mail.token)).json(), { status: 410, type: '/problems/link-used' })
})

t.test('SEC-17: of a hundred parallel uses of a link one succeeds, and the table holds the hash alone', async (t) => {
  const ada = await signUp(address())
  const { token } = await mailTo(ada.user.email, /Confirm/)
  t.notMatch(JSON.stringify(await database.asSuperuser('SELECT encode(token_hash, $1) AS h, * FROM auth.one_time_tokens', ['base64'])), token)
  const answers = await Promise.all(Array.from({ length: 100 }, () => verify(token)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1)
  t.equal(answers.filter(({ statusCode }) => statusCode === 410).length, 99)
})

t.test('SEC-18: asking again voids the link before; a proven address gets none', async (t) => {
  const ada = await signUp(address())
  const first = await mailTo(ada.user.email, /Confirm/)
  const ask = () => call('POST', '/auth/email/verification', undefined, bearer(ada))
  t.equal((await ask()).statusCode, 202)
  const second = await mailTo(ada.user.email, /Confirm/)
  t.equal((await verify(first.token)).statusCode, 410)
  t.equal((await verify(second.token)).statusCode, 204)
  t.equal((await ask()).statusCode, 202)
  t.same(await database.asSuperuser('SELECT 1 FROM auth.outbox o JOIN auth.users u ON true WHERE u.id = $1', [ada.user.id]), [])
  t.equal((await call('POST', '/auth/email/verification')).statusCode, 401)
})

t.test('a link proves the address it was sent to, and no other the account has by then', async (t) => {
  const ada = await signUp(address())
  const { token } = await mailTo(ada.user.email, /Confirm/)
  await database.asSuperuser("UPDATE auth.users SET email = 'other@example.com', email_key = 'other@example.com' WHERE id = $1", [ada.user.id])
  t.equal((await verify(token)).statusCode, 410)
  t.equal(await isVerified(ada), false)
})

t.test('SEC-18: a link that is too old, altered, or of another kind works nowhere', async (t) => {
  const ada = await signUp(address())
  const { token } = await mailTo(ada.user.email, /Confirm/)
  for (const wrong of ['x', token.slice(1), `${token}A`, token.toUpperCase()]) t.equal((await verify(wrong)).statusCode, 410)
  t.equal((await call('POST', '/auth/password/reset', { token, password })).statusCode, 410, 'SEC-60: it resets no password')
  await database.asSuperuser("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = $1", [ada.user.id])
  t.equal((await verify(token)).statusCode, 410)
})

t.test('SEC-37: nobody floods an address that was never proven, by whatever is told of an account', async (t) => {
  const email = address()
  const isWaiting = async () => (await database.asSuperuser('SELECT FROM auth.outbox LIMIT 1')).length > 0
  const sent = async () => { while (await isWaiting()) await delay(20) }
  const got = () => mails.filter(({ to }) => to === email).length
  for (let n = 0; n < 6; n++) {
    const gone = await signUp(email)
    await sent() // what waits for an account that is deleted is counted, and not sent
    t.equal((await call('DELETE', '/auth/me', undefined, bearer(gone))).statusCode, 204)
  }
  let session = await signUp(email)
  for (const [current_password, next] of [[password, 'an even better passphrase'], ['an even better passphrase', 'one more passphrase altogether']]) {
    const changed = await call('POST', '/auth/password/change', { current_password, password: next }, bearer(session))
    t.equal(changed.statusCode, 200)
    session = changed.json()
  }
  await sent()
  t.equal(got(), 5, 'MAIL_PER_HOUR, for all of it')

  await database.asSuperuser('UPDATE auth.users SET email_verified_at = now() WHERE id = $1', [session.user.id])
  await call('POST', '/auth/password/change', { current_password: 'one more passphrase altogether', password: 'yet another passphrase of mine' }, bearer(session))
  await sent()
  t.equal(got(), 6, 'who has proven it is told all the same')
})

t.test('SEC-37: mail to one recipient is capped, whatever the spelling, and the caller is not told', async (t) => {
  const ada = await signUp(address())
  await mailTo(ada.user.email, /Confirm/)
  for (let n = 0; n < 8; n++) {
    const email = n % 2 === 0 ? ada.user.email.toUpperCase() : ada.user.email
    t.equal((await call('POST', '/auth/password/forgot', { email })).statusCode, 202)
  }
  for (let n = 0; n < 4; n++) await mailTo(ada.user.email, /Choose/)
  // Requests are answered before their mail is written: wait for the last of them to be counted.
  while ((await database.asSuperuser('SELECT 1 FROM auth.limits WHERE bucket = $1 AND used >= 9', [bucketName(`mail:${ada.user.email}`)])).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  while ((await database.asSuperuser('SELECT 1 FROM auth.outbox')).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(mails.filter(({ to }) => to === ada.user.email).length, 0, 'the fifth was the last')
})

t.test('a mail server that is away delays nobody and loses nothing', async (t) => {
  mailServer.isAway = true
  const ada = await signUp(address())
  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 200)
  while ((await database.asSuperuser('SELECT 1 FROM auth.outbox WHERE attempts > 0 AND last_error IS NOT NULL')).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  t.notMatch(JSON.stringify(await database.asSuperuser('SELECT * FROM auth.outbox')), /token|@example/, 'and what waits is sealed')
  mailServer.isAway = false
  await database.asSuperuser('UPDATE auth.outbox SET next_attempt_at = now()')
  await signUp(address()) // wakes the outbox
  t.match(await mailTo(ada.user.email, /Confirm/), { to: ada.user.email })
  while ((await database.asSuperuser('SELECT 1 FROM auth.outbox')).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
})

t.test('a sign-up that fails owes no mail', async (t) => {
  const email = address()
  await signUp(email)
  await mailTo(email, /Confirm/)
  t.equal((await call('POST', '/auth/signup', { email, password })).statusCode, 409)
  t.same(await database.asSuperuser('SELECT 1 FROM auth.outbox'), [])
})
