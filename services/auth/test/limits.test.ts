import t from 'tap'
import argon2 from 'argon2'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SignedIn } from '../contracts.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

const address = () => `${randomUUID()}@example.com`
type Auth = Awaited<ReturnType<typeof startAuth>>

/** Calls from an address of one's choice, as the web app forwards it. */
const from = async ({ call, serviceToken }: Auth, client: string) => {
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': client }
  return {
    logIn: (email: string, secret = password, device?: string) => call('POST', '/auth/login', { email, password: secret }, { ...headers, ...device !== undefined && { 'x-device-token': device } }),
    signUp: (email: string) => call('POST', '/auth/signup', { email, password }, headers),
    forgot: (email: string) => call('POST', '/auth/password/forgot', { email }, headers),
  }
}

t.test('SEC-31, SEC-38: an address may fail ten times with one account in a quarter of an hour, and has its own budget', async (t) => {
  const auth = await startAuth(t)
  const email = address()
  const [here, there, neighbour] = [await from(auth, '2001:db8:1:1::1'), await from(auth, '203.0.113.9'), await from(auth, '2001:db8:1:1:ffff::2')]
  for (let n = 0; n < 10; n++) t.equal((await here.logIn(email)).statusCode, 401)
  const refused = await here.logIn(email)
  t.equal(refused.statusCode, 429)
  t.match(refused.headers, { 'retry-after': /^\d+$/, 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'cache-control': 'no-store', 'ratelimit-policy': '"default";q=10;w=900', ratelimit: /^"default";r=0;t=\d+$/ })
  t.equal((await neighbour.logIn(email)).statusCode, 429, 'SEC-31: a /64 is one customer')
  t.equal((await there.logIn(email)).statusCode, 401)
  t.equal((await here.logIn(address())).statusCode, 401)
})

t.test('SEC-31: two instances share one budget', async (t) => {
  const first = await startAuth(t)
  const second = await startAuth(t, { beside: first })
  const email = address()
  const callers = [await from(first, '203.0.113.10'), await from({ ...second, serviceToken: first.serviceToken }, '203.0.113.10')]
  for (let n = 0; n < 10; n++) t.equal((await callers[n % 2]!.logIn(email)).statusCode, 401)
  for (const caller of callers) t.equal((await caller.logIn(email)).statusCode, 429)
})

t.test('SEC-31: an address may fail a hundred times in all', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS: '12' } })
  const caller = await from(auth, '203.0.113.11')
  for (let n = 0; n < 12; n++) t.equal((await caller.logIn(address())).statusCode, 401)
  t.equal((await caller.logIn(address())).statusCode, 429)
})

t.test('SEC-31: who logs in rightly uses up nothing of their address\'s budget', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS: '3', LOGIN_PER_ADDRESS_AND_ACCOUNT: '3' } })
  const ada = await auth.signUp()
  const caller = await from(auth, '203.0.113.18')
  for (let n = 0; n < 5; n++) t.equal((await caller.logIn(ada.user.email)).statusCode, 200)
  for (let n = 0; n < 3; n++) t.equal((await caller.logIn(address())).statusCode, 401)
  t.equal((await caller.logIn(ada.user.email)).statusCode, 429)
})

t.test('SEC-32: of two hundred parallel wrong passwords no more are checked than the back-off allows', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000', PASSWORD_HASH_QUEUE: '1000' } })
  const ada = await auth.signUp()
  const caller = await from(auth, '203.0.113.12')
  const [{ password_hash: hash } = {}] = await auth.database.asSuperuser<{ password_hash: string }>('SELECT password_hash FROM auth.users WHERE id = $1', [ada.user.id])
  const verified = t.capture(argon2, 'verify', argon2.verify)
  const start = Date.now()
  const answers = await Promise.all(Array.from({ length: 200 }, () => caller.logIn(ada.user.email, 'not the password')))
  t.ok(answers.every(({ statusCode }) => statusCode === 401))
  const [counted] = await auth.database.asSuperuser<{ failures: number }>('SELECT failures FROM auth.login_back_offs WHERE bucket = $1', [bucketName(ada.user.email)])
  const pauses = Math.floor(Math.log2(1 + (Date.now() - start) / 1000)) // of 1, 2, 4 s and so on, as many as have passed
  const checked = verified().filter(({ args: [against] }) => against === hash).length
  t.ok(checked > 0 && checked <= 5 + pauses, `${checked} were checked against the hash of the account`)
  t.equal(counted?.failures, checked, 'which is what was counted')
})

t.test('SEC-10, SEC-33: an account that failed too often says what a wrong password says, until the pause is over', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000' } })
  const ada = await auth.signUp()
  const caller = await from(auth, '203.0.113.13')
  for (let n = 0; n < 6; n++) {
    await caller.logIn(ada.user.email, 'not the password')
    await auth.database.asSuperuser('UPDATE auth.login_back_offs SET blocked_until = now()')
  }
  await caller.logIn(ada.user.email, 'not the password')
  const [row] = await auth.database.asSuperuser<{ wait: number }>('SELECT round(extract(epoch FROM blocked_until - now()))::int AS wait FROM auth.login_back_offs WHERE bucket = $1', [bucketName(ada.user.email)])
  t.ok([3, 4].includes(row?.wait ?? 0), 'the seventh failure waits four seconds')
  const shape = ({ statusCode, body, headers }: { statusCode: number, body: string, headers: object }) => ({ statusCode, body: body.replace(/urn:request:[\w-]+/, ''), headers: Object.keys(headers).sort() })
  t.same(shape(await caller.logIn(ada.user.email)), shape(await caller.logIn(address(), 'not the password')), 'even with the right password')
  await auth.database.asSuperuser('UPDATE auth.login_back_offs SET failures = 60, blocked_until = now()')
  await caller.logIn(ada.user.email, 'not the password')
  const [longest] = await auth.database.asSuperuser<{ wait: number }>('SELECT ceil(extract(epoch FROM blocked_until - now()))::int AS wait FROM auth.login_back_offs WHERE bucket = $1', [bucketName(ada.user.email)])
  t.equal(longest?.wait, 900, 'never more than a quarter of an hour')
  await auth.database.asSuperuser('UPDATE auth.login_back_offs SET blocked_until = now()')
  t.equal((await caller.logIn(ada.user.email)).statusCode, 200)
  t.same(await auth.database.asSuperuser('SELECT 1 FROM auth.login_back_offs WHERE bucket = $1', [bucketName(ada.user.email)]), [], 'and a right one forgets')
})

t.test('SEC-33: of log-ins at once none is taken for one during a pause, whichever began first', async (t) => {
  const auth = await startAuth(t)
  const ada = await auth.signUp()
  const caller = await from(auth, '203.0.113.19')
  await caller.logIn(ada.user.email, 'not the password')
  const letGo = await auth.database.hold('SELECT FROM auth.limits WHERE bucket = $1 FOR UPDATE', [bucketName('login:203.0.113.19')])
  const begunBefore = caller.logIn(ada.user.email)
  while ((await auth.database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'auth_service' AND wait_event_type = 'Lock'")).length === 0) await delay(10)
  await auth.database.asSuperuser('UPDATE auth.login_back_offs SET failures = failures + 1, blocked_until = now()') // as another attempt leaves it
  await letGo()
  t.equal((await begunBefore).statusCode, 200)
})

t.test('SEC-33: who sends the right password many times at once is no guesser', async (t) => {
  const auth = await startAuth(t, { settings: { PASSWORD_HASH_CONCURRENCY: '8', PASSWORD_HASH_QUEUE: '100', DATABASE_POOL_SIZE: '60' } })
  const caller = await from(auth, '203.0.113.21')
  for (let round = 0; round < 3; round++) {
    const ada = await auth.signUp()
    const answers = await Promise.all(Array.from({ length: 24 }, () => caller.logIn(ada.user.email)))
    t.same(answers.map(({ statusCode }) => statusCode), Array(24).fill(200))
  }
  t.same(await auth.database.asSuperuser('SELECT used FROM auth.limits WHERE bucket = $1 AND used > 0', [bucketName('login:203.0.113.21')]), [], 'nothing is left of it')
})

t.test('SEC-33: failures of more than a day ago do not count', async (t) => {
  const auth = await startAuth(t)
  const ada = await auth.signUp()
  const caller = await from(auth, '203.0.113.20')
  await auth.database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() - interval '25 hours')", [bucketName(ada.user.email)])
  await caller.logIn(ada.user.email, 'not the password')
  t.equal((await caller.logIn(ada.user.email)).statusCode, 200)
})

t.test('SEC-33: strangers cannot lock the owner out of a device they have logged in from', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000' } })
  const ada = await auth.signUp()
  const [home, stranger] = [await from(auth, '203.0.113.14'), await from(auth, '203.0.113.15')]
  const first = await home.logIn(ada.user.email)
  const device = String(first.headers['x-device-token'])
  t.match(device, /^test\.[\w-]+$/)
  await auth.database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [bucketName(ada.user.email)])
  t.equal((await home.logIn(ada.user.email)).statusCode, 401, 'without the token the account is blocked')
  t.equal((await home.logIn(ada.user.email, password, device)).statusCode, 200, 'with it, it is not')
  const other = await auth.signUp()
  await auth.database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [bucketName(other.user.email)])
  for (const token of [device, `${device}A`, 'nonsense', '']) t.equal((await stranger.logIn(other.user.email, password, token)).statusCode, 401, 'a token of another account, or none at all')
  for (let n = 0; n < 6; n++) await home.logIn(ada.user.email, 'not the password', device)
  const own = await auth.database.asSuperuser<{ failures: number }>("UPDATE auth.login_back_offs SET blocked_until = now() + interval '1 hour' WHERE bucket <> ALL ($1) RETURNING failures", [[ada, other].map(({ user }) => bucketName(user.email))])
  t.ok((own[0]?.failures ?? 0) >= 5)
  t.equal((await home.logIn(ada.user.email, password, device)).statusCode, 401, 'a known device is counted too')
})

t.test('SEC-33: whoever may have known the password before is a stranger again, but not who has just replaced it', async (t) => {
  const auth = await startAuth(t)
  const block = (email: string) => auth.database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes') ON CONFLICT (bucket) DO UPDATE SET failures = 30, blocked_until = excluded.blocked_until", [bucketName(email)])
  const [home, thief] = [await from(auth, '203.0.113.22'), await from(auth, '203.0.113.23')]
  const next = 'an even better passphrase'
  const replaced = {
    changed: async (email: string) => {
      const ada = (await home.logIn(email)).json<SignedIn>()
      return await auth.call('POST', '/auth/password/change', { current_password: password, password: next }, auth.bearer(ada))
    },
    reset: async (email: string) => {
      await home.forgot(email)
      return await auth.call('POST', '/auth/password/reset', { token: (await auth.mailTo(email, /new password/)).token, password: next })
    },
  }
  for (const [how, replace] of Object.entries(replaced)) {
    const { user: { email } } = await auth.signUp()
    const known = String((await thief.logIn(email)).headers['x-device-token'])
    const { headers: { 'x-device-token': own } } = await replace(email)
    await block(email)
    t.equal((await thief.logIn(email, next, known)).statusCode, 401, `${how}: a device of before has no count of its own`)
    t.equal((await home.logIn(email, next, String(own))).statusCode, 200, `${how}: the owner's has`)
  }
})

t.test('SEC-33: a device that got there by the old password, or by an account of before, is a stranger', async (t) => {
  const auth = await startAuth(t)
  const caller = await from(auth, '203.0.113.24')
  const next = 'an even better passphrase'
  const block = (email: string) => auth.database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes') ON CONFLICT (bucket) DO UPDATE SET failures = 30, blocked_until = excluded.blocked_until", [bucketName(email)])
  const ada = await auth.signUp()
  const email = ada.user.email
  const [change, ...logIns] = await Promise.all([
    auth.call('POST', '/auth/password/change', { current_password: password, password: next }, auth.bearer(ada)),
    ...Array.from({ length: 4 }, async (_, n) => {
      await delay(n * 30)
      return await caller.logIn(email)
    }),
  ])
  t.equal(change.statusCode, 200)
  await block(email)
  for (const { headers } of logIns) t.equal((await caller.logIn(email, next, String(headers['x-device-token'] ?? ''))).statusCode, 401, 'logged in while the password was changed')

  const before = await auth.signUp()
  const known = String((await caller.logIn(before.user.email)).headers['x-device-token'])
  await auth.call('DELETE', '/auth/me', undefined, auth.bearer(before))
  await auth.signUp(before.user.email)
  await block(before.user.email)
  t.equal((await caller.logIn(before.user.email, password, known)).statusCode, 401, 'known to the account that had this address before')
})

t.test('SEC-33: nor can who shares their network: a known device and a live session have counts of their own', async (t) => {
  const auth = await startAuth(t)
  const ada = await auth.signUp()
  const [home, neighbour] = [await from(auth, '2001:db8:1:2::10'), await from(auth, '2001:db8:1:2::99')]
  const first = await home.logIn(ada.user.email)
  const device = String(first.headers['x-device-token'])
  for (let n = 0; n < 11; n++) await neighbour.logIn(ada.user.email, 'not the password')
  t.equal((await home.logIn(ada.user.email)).statusCode, 429, 'without the token it is anybody')
  t.equal((await home.logIn(ada.user.email, password, device)).statusCode, 200)
  const headers = { 'x-service-token': await auth.serviceToken(), 'x-client-address': '2001:db8:1:2::10', ...auth.bearer(first.json()) }
  t.equal((await auth.call('POST', '/auth/step-up', { password }, headers)).statusCode, 200)
  for (let n = 0; n < 11; n++) await home.logIn(ada.user.email, 'not the password', device)
  t.equal((await home.logIn(ada.user.email, password, device)).statusCode, 429, 'a known device is limited too')
})

t.test('SEC-31: sign-up and reset requests are limited by address', async (t) => {
  const auth = await startAuth(t, { settings: { SIGN_UP_PER_ADDRESS: '3', RESET_PER_ADDRESS: '3' } })
  const [here, there] = [await from(auth, '203.0.113.16'), await from(auth, '203.0.113.17')]
  for (let n = 0; n < 3; n++) {
    t.equal((await here.signUp(address())).statusCode, 201)
    t.equal((await here.forgot(address())).statusCode, 202)
  }
  t.equal((await here.signUp(address())).statusCode, 429)
  t.equal((await here.forgot(address())).statusCode, 429)
  t.equal((await there.signUp(address())).statusCode, 201)
  t.equal((await there.forgot(address())).statusCode, 202)
})

t.test('counters that are over are dropped along the way', async (t) => {
  const auth = await startAuth(t)
  await auth.database.asSuperuser("INSERT INTO auth.limits SELECT 'old:' || n, 1, now() - interval '2 hours' FROM generate_series(1, 20) n")
  await auth.database.asSuperuser("INSERT INTO auth.login_back_offs SELECT 'old:' || n, 1, now() - interval '2 days' FROM generate_series(1, 20) n")
  for (let n = 0; n < 6; n++) await auth.call('POST', '/auth/login', { email: 'x@example.com', password })
  for (const table of ['limits', 'login_back_offs']) t.same(await auth.database.asSuperuser(`SELECT 1 FROM auth.${table} WHERE bucket LIKE 'old:%'`), [])
})

t.test('SEC-9: of three hundred log-ins at once those beyond the queue are refused before they touch the database', async (t) => {
  const auth = await startAuth(t, { settings: { PASSWORD_HASH_CONCURRENCY: '1', PASSWORD_HASH_QUEUE: '3' } })
  const answers = await Promise.all(Array.from({ length: 300 }, () => auth.call('POST', '/auth/login', { email: address(), password })))
  t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 4)
  for (const refused of answers.filter(({ statusCode }) => statusCode !== 401)) {
    t.equal(refused.statusCode, 503)
    t.ok(Number(refused.headers['retry-after']) >= 1)
  }
  t.same(await auth.database.asSuperuser('SELECT sum(used)::integer AS used FROM auth.limits'), [{ used: 8 }], 'two counts for each that was let in')
  t.equal((await auth.call('POST', '/auth/login', { email: address(), password })).statusCode, 401, 'and the places are free again')
})
