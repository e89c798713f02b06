import t from 'tap'
import { connectionOptions } from '@daymark/kit/database'
import argon2 from 'argon2'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import type { SignedIn } from '../contracts.ts'
import { BoundedWork } from '../src/passwords/bounded-work.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000000' } })
const { call, signUp, bearer, refresh, database } = auth
const holder = new pg.Client(connectionOptions({ DATABASE_URL: database.urlFor('auth_service'), DATABASE_CA_FILE: database.caFile }))
await holder.connect()
t.teardown(() => holder.end())
const next = 'an even better passphrase'
const current = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const logIn = ({ user }: SignedIn, secret = password) => call('POST', '/auth/login', { email: user.email, password: secret })
const change = (who: SignedIn, current_password = password) => call('POST', '/auth/password/change', { current_password, password: next }, bearer(who))
const hashOf = async ({ user }: SignedIn) => (await database.asSuperuser<{ password_hash: string }>('SELECT password_hash FROM auth.users WHERE id = $1', [user.id]))[0]!.password_hash
const plant = ({ user }: SignedIn, hash: string) => database.asSuperuser('UPDATE auth.users SET password_hash = $2 WHERE id = $1', [user.id, hash])
const isAlive = async (session: SignedIn) => (await call('GET', '/auth/me', undefined, bearer(session))).statusCode === 200

for (const [what, options] of Object.entries<NonNullable<Parameters<typeof argon2.hash>[1]>>({
  'another algorithm': { ...current, type: argon2.argon2i },
  'a third algorithm': { ...current, type: argon2.argon2d },
  'another version': { ...current, version: 0x10 },
  'less memory': { ...current, memoryCost: 8192 },
  'more memory': { ...current, memoryCost: 24_576 },
  'fewer passes': { ...current, timeCost: 1 },
  'more passes': { ...current, timeCost: 3 },
  'more lanes': { ...current, parallelism: 2 },
})) {
  t.test(`SEC-7: a hash made with ${what} is renewed by a log-in, once, and nobody is logged out`, async (t) => {
    const ada = await signUp()
    const old = await argon2.hash(password, options)
    await plant(ada, old)
    t.equal((await logIn(ada, 'not the password')).statusCode, 401)
    t.equal(await hashOf(ada), old, 'a wrong password renews nothing')
    t.equal((await logIn(ada)).statusCode, 200)
    const renewed = await hashOf(ada)
    t.match(renewed, /^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/)
    t.equal((await logIn(ada)).statusCode, 200)
    t.equal(await hashOf(ada), renewed)
    t.equal(await isAlive(ada), true)
    t.equal((await refresh(ada.refresh_token)).statusCode, 200)
  })
}

/**
 * Holds a user's row, waits until a request waits for it, then sets another hash: what was verified is no more. Gives
 * nothing where the hash was not `verified` any more when the row was held.
 */
async function overtake (who: SignedIn, hash: string, start: () => PromiseLike<{ statusCode: number }>, verified?: string) {
  await holder.query('BEGIN')
  try {
    const { rows: [row] } = await holder.query('SELECT password_hash FROM auth.users WHERE id = $1 FOR UPDATE', [who.user.id])
    if (verified !== undefined && row.password_hash !== verified) return undefined
    const answered = Promise.resolve(start())
    while ((await database.asSuperuser("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await holder.query('UPDATE auth.users SET password_hash = $2 WHERE id = $1', [who.user.id, hash])
    await holder.query('COMMIT')
    return await answered
  } finally {
    await holder.query('ROLLBACK') // without a transaction it does nothing
  }
}

t.test('SEC-7: a renewal never overwrites a password that was changed while it was computed', async (t) => {
  const changed = await argon2.hash(next, current)
  for (let isConclusive = false; !isConclusive;) {
    const ada = await signUp()
    const old = await argon2.hash(password, { ...current, timeCost: 3 })
    await plant(ada, old)
    const answer = Promise.resolve(logIn(ada))
    // Once the session is there, the new hash is being computed.
    while ((await database.asSuperuser('SELECT 1 FROM auth.sessions WHERE user_id = $1', [ada.user.id])).length < 2) await new Promise(setImmediate)
    const overtaken = await overtake(ada, changed, () => answer, old)
    t.equal((await answer).statusCode, 200)
    if (!overtaken) continue // the renewal was faster than the test
    isConclusive = true
    t.equal(await hashOf(ada), changed)
  }
})

t.test('SEC-7, SEC-45: a log-in whose password is changed before its session starts gets none', async (t) => {
  const ada = await signUp()
  await plant(ada, await argon2.hash(password, { ...current, timeCost: 3 }))
  const changed = await argon2.hash(next, current)
  const answer = await overtake(ada, changed, () => logIn(ada))
  t.equal(answer?.statusCode, 401)
  t.equal(await hashOf(ada), changed)
})

t.test('SEC-7: a log-in, a step-up or a change of the password that another log-in\'s renewal overtakes is carried out all the same', async (t) => {
  const ada = await signUp()
  const logged = await overtake(ada, await argon2.hash(password, current), () => logIn(ada))
  t.equal(logged?.statusCode, 200)
  const stepped = await overtake(ada, await argon2.hash(password, current), () => call('POST', '/auth/step-up', { password }, bearer(ada)))
  t.equal(stepped?.statusCode, 200)
  const changed = await overtake(ada, await argon2.hash(password, current), () => change(ada))
  t.equal(changed?.statusCode, 200)
  t.equal((await logIn(ada, next)).statusCode, 200)
  t.equal((await logIn(ada)).statusCode, 401)
})

t.test('SEC-7, SEC-45: renewals and a change at once leave the new password, and no session of the old one', async (t) => {
  for (let round = 0; round < 20; round++) {
    const ada = await signUp()
    await plant(ada, await argon2.hash(password, { ...current, memoryCost: 8192, timeCost: 1 }))
    const [changed, ...logIns] = await Promise.all([change(ada), ...Array.from({ length: 4 }, () => logIn(ada))])
    t.equal(changed?.statusCode, 200)
    for (const response of logIns) if (response.statusCode === 200 && await isAlive(response.json())) t.fail('a session of the old password lives on')
    t.equal(await argon2.verify(await hashOf(ada), next), true)
  }
})

t.test('SEC-8: a planted hash that asks for too much is refused without being computed', async (t) => {
  const salt = 'c2FsdHNhbHRzYWx0c2FsdA'
  const tail = `${salt}$${'A'.repeat(43)}`
  for (const hash of [
    `$argon2id$v=19$m=19456,t=999999999,p=1$${tail}`, // hours, were it computed
    `$argon2id$v=19$m=99999999,t=1,p=1$${tail}`, // 95 GiB
    `$argon2id$v=19$m=65537,t=2,p=1$${tail}`,
    `$argon2id$v=19$m=19456,t=2,p=999999$${tail}`,
    `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(4096)}`,
    `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(4096)}$${'A'.repeat(43)}`,
    `$argon2id$v=19$m=1,t=1,p=1$${tail}`,
    `$argon2id$v=19$m=19456,m=19456,p=1$${tail}`,
  ]) {
    const eve = await signUp()
    await plant(eve, hash)
    for (const secret of [password, 'nobody has this password']) t.equal((await logIn(eve, secret)).statusCode, 401, hash.slice(0, 60))
    t.equal((await change(eve)).statusCode, 403)
  }
})

t.test('SEC-8, SEC-10: whatever is planted for a hash, nobody gets in and nothing breaks', async (t) => {
  const eve = await signUp()
  const piece = fc.constantFrom('$', 'argon2id', 'argon2i', 'bcrypt', 'v=19', 'v=99', 'm=19456', 't=2', 'p=1', 'm=-1', 't=0', 'p=0', ',', 'c2FsdHNhbHRzYWx0c2FsdA', 'QUFB', '', '=', ' ')
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 14 }), async (pieces) => {
    await plant(eve, pieces.join(''))
    await database.asSuperuser('DELETE FROM auth.login_back_offs')
    return (await logIn(eve)).statusCode === 401
  }), { numRuns: 40 })
})

t.test('SEC-9: of any number that come at once, no more are worked on or wait than may, and the rest are refused at once', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 60 }), async (concurrency, queue, calls) => {
    const work = new BoundedWork({ concurrency, queue, refusal: () => new Error('full') })
    const release: Array<() => void> = []
    let [most, turnedAway] = [0, 0]
    const outcomes = Array.from({ length: calls }, () => work.run(() => {
      most = Math.max(most, work.running)
      return new Promise<void>((resolve) => release.push(resolve))
    }).then(() => 'done', () => { turnedAway++; return 'refused' }))
    await new Promise(setImmediate)
    const refused = Math.max(0, calls - concurrency - queue)
    const isRefusedAtOnce = turnedAway === refused && work.running === Math.min(calls, concurrency) && work.waiting === Math.min(queue, Math.max(0, calls - concurrency))
    for (let done = 0; done < calls - refused; done++) {
      while (release.length === 0) await new Promise(setImmediate)
      release.shift()?.()
    }
    const all = await Promise.all(outcomes)
    return isRefusedAtOnce && most <= concurrency && all.filter((outcome) => outcome === 'refused').length === refused && work.running === 0
  }))
})

t.test('SEC-9: past the queue a log-in is 503 with Retry-After, and who hangs up gives no place back early', async (t) => {
  const narrow = await startAuth(t, { settings: { PASSWORD_HASH_CONCURRENCY: '1', PASSWORD_HASH_QUEUE: '0', LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000000' } })
  const ada = await narrow.signUp()
  const slow = await argon2.hash(password, { ...current, memoryCost: 65_536, timeCost: 10 })
  await narrow.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = narrow.app.server.address() as AddressInfo
  const places = async () => {
    const { body } = await narrow.internal.inject('/metrics')
    const [running, waiting] = ['running', 'waiting'].map((state) => Number(new RegExp(`^password_hashes{state="${state}".*} (\\d+)$`, 'm').exec(body)?.[1]))
    return { running: running!, taken: running! + waiting! }
  }
  const until = async (isSo: (now: { running: number, taken: number }) => boolean) => { while (!isSo(await places())) await new Promise((resolve) => setTimeout(resolve, 2)) }
  const body = JSON.stringify({ email: ada.user.email, password: 'not the password' })

  for (let isConclusive = false; !isConclusive;) {
    await narrow.database.asSuperuser('UPDATE auth.users SET password_hash = $2 WHERE id = $1', [ada.user.id, slow])
    await narrow.database.asSuperuser('DELETE FROM auth.login_back_offs')
    const hung = request({ port, host: '127.0.0.1', path: '/auth/login', method: 'POST', headers: { 'content-type': 'application/json' } }).on('error', () => {}).end(body)
    await until(({ running }) => running === 1)
    const closed = new Promise((resolve) => hung.once('close', resolve))
    hung.destroy()
    await closed
    const refused = await narrow.call('POST', '/auth/login', { email: `${randomUUID()}@example.com`, password })
    isConclusive = (await places()).running === 1 // else the slow one was over before the other came: again
    if (isConclusive) {
      t.equal(refused.statusCode, 503)
      t.match(refused.json(), { type: '/problems/password-check-busy' })
      t.match(refused.headers, { 'retry-after': /^\d+$/ })
    }
    await until(({ taken }) => taken === 0)
  }
  t.equal((await narrow.call('POST', '/auth/login', { email: `${randomUUID()}@example.com`, password })).statusCode, 401, 'and the place is free again')
})

t.test('SEC-10: unknown, locked, disabled, without a usable hash and wrong: one status, one body, the same headers', async (t) => {
  const [known, off, locked, empty] = [await signUp(), await signUp(), await signUp(), await signUp()]
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE id = $1", [off.user.id])
  await database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [bucketName(locked.user.email)])
  await plant(empty, '')
  const answers = []
  for (const [email, secret] of [
    [`${randomUUID()}@example.com`, password], [known.user.email, 'not the password'], [off.user.email, password],
    [off.user.email, 'not the password'], [locked.user.email, password], [empty.user.email, password],
  ]) {
    const { statusCode, body, headers } = await call('POST', '/auth/login', { email: email!, password: secret! })
    const { date, 'x-request-id': _, 'ratelimit-remaining': _left, 'x-ratelimit-remaining': _remaining, 'ratelimit-reset': _reset, 'x-ratelimit-reset': _xreset, ...rest } = headers
    t.ok(date)
    answers.push({ statusCode, body: body.replace(/urn:request:[\w-]+/, ''), headers: rest })
  }
  for (const answer of answers) t.same(answer, answers[0])
  t.equal(answers[0]?.statusCode, 401)
})

t.test('SEC-10, SEC-11: unknown, locked, disabled, without a usable hash and wrong cost one and the same computation; a taken address costs what a free one does', async (t) => {
  const [known, off, locked, empty, greedy] = [await signUp(), await signUp(), await signUp(), await signUp(), await signUp()]
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE id = $1", [off.user.id])
  await database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [bucketName(locked.user.email)])
  await plant(empty, '')
  await plant(greedy, '$argon2id$v=19$m=19456,t=999999999,p=1$c2FsdHNhbHRzYWx0c2FsdA$' + 'A'.repeat(43))
  const verified = t.capture(argon2, 'verify', argon2.verify)
  const hashed = t.capture(argon2, 'hash', argon2.hash)
  const work = (hash: unknown) => String(hash).split('$').slice(0, 4).join('$')
  const usual = work(await hashOf(known))
  for (const [email, secret] of [
    [`${randomUUID()}@example.com`, password], [known.user.email, 'not the password'], [off.user.email, password],
    [locked.user.email, password], [locked.user.email, 'not the password'], [empty.user.email, password], [greedy.user.email, password],
  ]) {
    t.equal((await call('POST', '/auth/login', { email: email!, password: secret! })).statusCode, 401)
    t.same(verified().map(({ args: [hash] }) => work(hash)), [usual])
  }
  t.equal(hashed().length, 0)
  for (const [email, status] of [[`${randomUUID()}@example.com`, 201], [known.user.email, 409]] as const) {
    t.equal((await call('POST', '/auth/signup', { email, password })).statusCode, status)
    t.match(hashed(), [{ args: [password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }] }])
  }
  t.equal(verified().length, 0)
})
