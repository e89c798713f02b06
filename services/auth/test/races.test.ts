import t from 'tap'
import argon2 from 'argon2'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

t.setTimeout(30 * 60 * 1000) // a thousand races, on a machine of any speed

const settings = { PASSWORD_HASH_QUEUE: '1000', DATABASE_POOL_SIZE: '20' }
const first = await startAuth(t, { settings })
const second = await startAuth(t, { settings, beside: first })
const { database, internal, serviceToken } = first
const instances = [first, second]
const next = 'an even better passphrase'
const admin = await first.makeAdmin()
const hash = await argon2.hash(password, { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 })
/** Made as none is made today, so that every log-in of a race renews it; and of the least work there is. */
const outdatedHash = await argon2.hash(password, { type: argon2.argon2id, memoryCost: 1024, timeCost: 2, parallelism: 1 })

interface Answer { statusCode: number, body: string }
const isSignedIn = ({ statusCode, body }: Answer) => statusCode === 200 && body.includes('"refresh_token"')

async function newUser () {
  const id = randomUUID()
  await database.asSuperuser('INSERT INTO auth.users (id, email, email_key, password_hash) VALUES ($1, $2, $2, $3)', [id, `${id}@example.com`, hash])
  return { id, email: `${id}@example.com` }
}

const logIn = (email: string, { call } = first) => call('POST', '/auth/login', { email, password })
const feedSince = async (position: number): Promise<{ position: number, items: Array<{ subject: string }> }> =>
  (await internal.inject({ url: `/internal/revocations?since=${position}`, headers: { 'x-service-token': await serviceToken() } })).json()

/** What a user, who is logged in twice, can have under way. */
interface Scene { user: { id: string, email: string }, keeper: SignedIn, subject: SignedIn, earlier: SignedIn, resetToken: string }

const contenders = {
  refresh: ({ subject }: Scene, at: typeof first) => at.refresh(subject.refresh_token),
  'refresh with the token before': ({ earlier }: Scene, at: typeof first) => at.refresh(earlier.refresh_token),
  'use the access token': ({ subject }: Scene, at: typeof first) => at.call('GET', '/auth/me', undefined, at.bearer(subject)),
  'log in': ({ user }: Scene, at: typeof first) => logIn(user.email, at),
}

const revokers = {
  'log out': ({ subject }: Scene, { call }: typeof first) => call('POST', '/auth/logout', { refresh_token: subject.refresh_token }),
  'end one': ({ subject, keeper }: Scene, { call, bearer }: typeof first) => call('DELETE', `/auth/sessions/${subject.session_id}`, undefined, bearer(keeper)),
  'end the others': ({ keeper }: Scene, { call, bearer }: typeof first) => call('DELETE', '/auth/sessions', undefined, bearer(keeper)),
  'change the password': ({ keeper }: Scene, { call, bearer }: typeof first) => call('POST', '/auth/password/change', { current_password: password, password: next }, bearer(keeper)),
  'reset the password': ({ resetToken }: Scene, { call }: typeof first) => call('POST', '/auth/password/reset', { token: resetToken, password: next }),
  'disable the user': ({ user }: Scene, { call, bearer }: typeof first) => call('PATCH', `/admin/users/${user.id}`, { status: 'disabled' }, bearer(admin)),
  'end all as an admin': ({ user }: Scene, { call, bearer }: typeof first) => call('DELETE', `/admin/users/${user.id}/sessions`, undefined, bearer(admin)),
  'delete the user': ({ keeper }: Scene, { call, bearer }: typeof first) => call('DELETE', '/auth/me', undefined, bearer(keeper)),
}
type Revoker = keyof typeof revokers

/** Where everyone is made to wait: the row whose lock is held while the race is drawn up. */
const gates = {
  nowhere: undefined,
  'at the session': ({ subject }: Scene) => database.hold('SELECT FROM auth.sessions WHERE id = $1 FOR UPDATE', [subject.session_id]),
  'at the user': ({ user }: Scene) => database.hold('SELECT FROM auth.users WHERE id = $1 FOR UPDATE', [user.id]),
  'at the feed': () => database.hold('SELECT FROM auth.revocation_feed FOR UPDATE'),
}

/** Starts calls one after the other, each once the one before is over or waits for a lock: the order is the one given. */
async function queueUp (calls: Array<() => Promise<Answer>>): Promise<Array<Promise<Answer>>> {
  const started: Array<Promise<Answer>> = []
  let over = 0
  for (const call of calls) {
    started.push(call().finally(() => { over++ }))
    for (;;) {
      const [{ waiting = 0 } = {}] = await database.asSuperuser<{ waiting: number }>("SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      if (over + waiting >= started.length) break
      await delay(1)
    }
  }
  return started
}

async function setScene ({ needsReset }: { needsReset: boolean }): Promise<Scene> {
  const user = await newUser()
  const [keeper, earlier] = [(await logIn(user.email)).json<SignedIn>(), (await logIn(user.email)).json<SignedIn>()]
  const subject = (await first.refresh(earlier.refresh_token)).json<SignedIn>()
  await database.asSuperuser('UPDATE auth.users SET password_hash = $2 WHERE id = $1', [user.id, outdatedHash])
  if (!needsReset) return { user, keeper, subject, earlier, resetToken: '' }
  await first.call('POST', '/auth/password/forgot', { email: user.email })
  return { user, keeper, subject, earlier, resetToken: (await first.mailTo(user.email, /Choose/)).token }
}

/** Whether a session has to be over once `revoker` is through. A log-in with a password that counts is one after it. */
const isOver = (revoker: Revoker, { keeper, subject }: Scene, { session_id: id }: SignedIn) => ({
  'log out': id === subject.session_id,
  'end one': id === subject.session_id,
  'end the others': id === subject.session_id,
  'change the password': id !== keeper.session_id,
  'reset the password': true,
  'disable the user': true,
  'end all as an admin': id === keeper.session_id || id === subject.session_id,
  'delete the user': true,
}[revoker])

const isQuiet = (revoker: Revoker) => revoker === 'delete the user'

async function assertOver (token: SignedIn) {
  if ((await first.refresh(token.refresh_token)).statusCode !== 401) throw new Error('A refresh token outlived the commit')
  if ((await second.call('GET', '/auth/me', undefined, second.bearer(token))).statusCode !== 401) throw new Error('An access token outlived the commit')
}

const act = fc.tuple(fc.constantFrom(...Object.keys(contenders) as Array<keyof typeof contenders>), fc.nat(1))
const race = fc.record({
  gate: fc.constantFrom(...Object.keys(gates) as Array<keyof typeof gates>),
  revoker: fc.constantFrom(...Object.keys(revokers) as Revoker[]),
  ahead: fc.array(act, { maxLength: 3 }),
  behind: fc.array(act, { minLength: 2, maxLength: 4 }),
})

t.test('SEC-45, FR-148: of a thousand interleavings of refresh, log-in, renewal of the hash and use with whatever revokes, none leaves a usable token', async (t) => {
  let [interleavings, waits, position] = [0, 0, 0]
  await fc.assert(fc.asyncProperty(race, async ({ gate, revoker, ahead, behind }) => {
    const scene = await setScene({ needsReset: revoker === 'reset the password' })
    const letGo = await gates[gate]?.(scene)
    const start = ([name, at]: typeof ahead[number]) => () => contenders[name](scene, instances[at]!)
    const calls = [...ahead.map(start), () => revokers[revoker](scene, second), ...behind.map(start)]
    const underWay = letGo ? await queueUp(calls) : calls.map((call) => call())
    if (letGo) waits++
    await letGo?.()
    const answers = await Promise.all(underWay)
    const revoked = answers[ahead.length]!
    // A stolen token may have ended it before its owner could.
    if (![200, 204].includes(revoked.statusCode) && !(revoker === 'end one' && revoked.statusCode === 404)) throw new Error(`To ${revoker} was answered by ${revoked.statusCode}`)
    const odd = answers.find((answer) => answer !== revoked && ![200, 401].includes(answer.statusCode))
    if (odd) throw new Error(`Somebody was answered by ${odd.statusCode}: ${odd.body}`)

    const feed = await feedSince(position)
    const announced = new Set(feed.items.map(({ subject }) => subject))
    position = feed.position
    const tokens = [scene.keeper, scene.subject, scene.earlier, ...answers.filter(isSignedIn).map((answer) => JSON.parse(answer.body) as SignedIn)]
    for (const token of tokens.filter((token) => isOver(revoker, scene, token))) {
      await assertOver(token)
      if (!isQuiet(revoker) && !announced.has(token.session_id)) throw new Error('The other services are not told')
    }
    if (!isOver(revoker, scene, scene.keeper) && (await first.call('GET', '/auth/me', undefined, first.bearer(scene.keeper))).statusCode !== 200) throw new Error('The wrong session was ended')
    interleavings += ahead.length + behind.length
  }), { numRuns: 280 })
  t.ok(interleavings >= 1000, `${interleavings} interleavings, ${waits} of 280 races in a forced order`)
  const [renewed] = await database.asSuperuser<{ times: number }>("SELECT count(*)::integer AS times FROM auth.audit_events WHERE action = 'password.hash_renewed'")
  t.ok((renewed?.times ?? 0) > 50, `${renewed?.times} hashes were renewed in a race`)
})

t.test('SEC-45: a password change that began before its session was ended has no effect after it', async (t) => {
  const { user, keeper, subject } = await setScene({ needsReset: false })
  const letGo = await database.hold('SELECT FROM auth.users WHERE id = $1 FOR NO KEY UPDATE', [user.id])
  const [changing] = await queueUp([() => first.call('POST', '/auth/password/change', { current_password: password, password: next }, first.bearer(subject))])
  t.equal((await second.call('DELETE', `/auth/sessions/${subject.session_id}`, undefined, second.bearer(keeper))).statusCode, 204)
  await letGo()
  t.match(await changing, { statusCode: 401, body: /session-ended/ })
  t.equal((await logIn(user.email)).statusCode, 200, 'the password is as it was')
  t.equal((await first.call('GET', '/auth/me', undefined, first.bearer(keeper))).statusCode, 200)
})
