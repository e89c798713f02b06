import { connectionOptions } from '@daymark/kit/database'
import pg from 'pg'
import t from 'tap'
import { execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { keyEncryptionKeys } from '../config.ts'
import type { SignedIn } from '../contracts.ts'
import { verifyChain } from '../src/audit/verify-chain.ts'
import { Sealer } from '../src/keys/sealer.ts'
import { password, startAuth } from './start-auth.ts'

const execute = promisify(execFile)
/** Events of a new database, before anybody has come: its first two signing keys. */
const keysMade = 2
type Auth = Awaited<ReturnType<typeof startAuth>>

const eventsOf = async ({ database }: Auth, { user: { id } }: SignedIn) =>
  (await database.asSuperuser('SELECT e.*, o.address, o.user_agent FROM auth.audit_events e LEFT JOIN auth.audit_origins o ON o.event_id = e.id WHERE e.user_id = $1 ORDER BY e.id', [id])) as Array<Record<string, unknown>>
const told = (events: Array<Record<string, unknown>>) => events.map(({ action, outcome }) => `${String(action)} ${String(outcome)}`)

/** Waits until every event is in a batch. */
async function allSealed ({ database }: Auth) {
  while ((await database.asSuperuser('SELECT FROM auth.audit_pending LIMIT 1')).length > 0) await delay(50)
}

const verify = async ({ pool, config }: Auth) => await verifyChain(pool, new Sealer(keyEncryptionKeys(config), config.SEALING_KEY_ID))

t.test('SEC-87, FR-110: who did what, when, where from and with which outcome is on record', async (t) => {
  const auth = await startAuth(t)
  const { call, bearer, serviceToken } = auth
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': '203.0.113.5', 'x-client-user-agent': 'Firefox', 'x-request-id': 'r-1' }
  const ada = (await call('POST', '/auth/signup', { email: 'ada@example.com', password }, headers)).json<SignedIn>()
  await call('POST', '/auth/login', { email: 'ada@example.com', password: 'not this one' }, headers)
  const other = (await call('POST', '/auth/login', { email: 'ada@example.com', password }, headers)).json<SignedIn>()
  await call('DELETE', `/auth/sessions/${other.session_id}`, undefined, { ...headers, ...bearer(ada) })
  await call('POST', '/auth/password/change', { current_password: 'wrong one', password: `${password}!` }, { ...headers, ...bearer(ada) })
  const kept = (await call('POST', '/auth/password/change', { current_password: password, password: `${password}!` }, { ...headers, ...bearer(ada) })).json<SignedIn>()
  await call('POST', '/auth/logout', { refresh_token: kept.refresh_token }, headers)

  const events = await eventsOf(auth, ada)
  t.same(told(events), [
    'account.created success', 'session.refused failure', 'session.started success', 'session.ended success',
    'password.changed failure', 'password.changed success', 'session.ended success',
  ])
  for (const event of events) t.match(event, { actor_id: ada.user.id, address: '203.0.113.5', user_agent: 'Firefox', request_id: String, occurred_at: Date })
  t.same(events.map((event) => (event['details'] as { reason?: string }).reason).filter(Boolean), ['ended_by_owner', 'logged_out'], 'SEC-48: why each session ended')
})

t.test('SEC-87: no password, token or address is in the audit log, and what a caller writes cannot break a line of it', async (t) => {
  const auth = await startAuth(t)
  const { call, signUp, serviceToken, database } = auth
  const ada = await signUp('canary@example.com')
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': '203.0.113.5', 'x-client-user-agent': 'a"}]\\n{"action":"session.started' }
  await call('POST', '/auth/login', { email: 'canary@example.com', password: 'CANARY-password' }, headers)
  await call('POST', '/auth/login', { email: 'nobody-canary@example.com', password: 'CANARY-password' }, headers)
  await call('POST', '/auth/password/forgot', { email: 'canary@example.com' }, headers)
  await auth.mailTo('canary@example.com', /new password/)
  const rows = JSON.stringify(await database.asSuperuser('SELECT to_jsonb(e) AS event, to_jsonb(o) AS origin FROM auth.audit_events e JOIN auth.audit_origins o ON o.event_id = e.id'))
  for (const secret of ['canary', 'CANARY', ada.refresh_token, ada.access_token, '$argon2']) t.notOk(rows.includes(secret))
  await allSealed(auth)
  t.same((await verify(auth)).problems, [])
})

t.test('SEC-43: a reused refresh token is one event and one notice, however often it comes', async (t) => {
  const auth = await startAuth(t)
  const { signUp, refresh, bearer, call, mails } = auth
  const ada = await signUp('reused@example.com')
  const second = (await refresh(ada.refresh_token)).json<SignedIn>()
  const third = (await refresh(second.refresh_token)).json<SignedIn>()
  await call('GET', '/auth/me', undefined, bearer(third))
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(ada.refresh_token)))
  t.same(answers.map(({ statusCode }) => statusCode), Array(10).fill(401))
  const notice = await auth.mailTo('reused@example.com', /logged one of your devices out/)
  t.match(notice.text, 'http://localhost:3000/settings')
  t.equal(mails.filter(({ subject }) => /logged one of/.test(subject)).length, 0)
  t.equal(told(await eventsOf(auth, ada)).filter((event) => event === 'session.token_reused failure').length, 1)
})

t.test('SEC-46, SEC-48: over the number of sessions a user may have, the longest unused ends, and that is audited', async (t) => {
  const auth = await startAuth(t, { settings: { SESSIONS_PER_USER: '3' } })
  const { call, signUp, refresh, bearer } = auth
  const first = await signUp('many@example.com')
  const logIn = async () => {
    const answer = await call('POST', '/auth/login', { email: 'many@example.com', password })
    t.equal(answer.statusCode, 200, answer.body)
    return answer.json<SignedIn>()
  }
  const [second] = [await logIn(), await logIn()]
  await refresh(first.refresh_token)
  await logIn()
  t.equal((await call('GET', '/auth/me', undefined, bearer(second!))).statusCode, 401, 'the second was unused for longest')
  t.equal((await call('GET', '/auth/me', undefined, bearer(first))).statusCode, 200)
  for (let round = 0; round < 2; round++) await Promise.all([logIn(), logIn()]) // more at once would look like guessing
  const [{ live }] = await auth.database.asSuperuser('SELECT count(*)::int AS live FROM auth.sessions WHERE user_id = $1 AND ended_at IS NULL', [first.user.id]) as [{ live: number }]
  t.equal(live, 3, 'log-ins at once get no further')
  const ended = (await eventsOf(auth, first)).filter(({ action }) => action === 'session.ended')
  t.equal(ended.length, 5)
  for (const { details } of ended) t.same(details, { reason: 'too_many' })
})

t.test("SEC-46: an admin's session ends a day after the log-in, and an hour after its last use", async (t) => {
  const auth = await startAuth(t)
  const { call, signUp, refresh, database } = auth
  const { user } = await signUp('root@example.com')
  await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE id = $1", [user.id])
  const admin = (await call('POST', '/auth/login', { email: 'root@example.com', password })).json<SignedIn>()
  const next = (await refresh(admin.refresh_token)).json<SignedIn>()
  const [limits] = await database.asSuperuser("SELECT idle_expires_at - last_seen_at = interval '1 hour' AS idle, absolute_expires_at - created_at = interval '24 hours' AS absolute FROM auth.sessions WHERE id = $1", [admin.session_id])
  t.same(limits, { idle: true, absolute: true })
  await database.asSuperuser("UPDATE auth.sessions SET idle_expires_at = now() - interval '1 second' WHERE id = $1", [admin.session_id])
  t.equal((await refresh(next.refresh_token)).statusCode, 401)
})

t.test('SEC-51: sessions long over are dropped, a few with each log-in; a refreshed one stays one row', async (t) => {
  const auth = await startAuth(t)
  const { call, signUp, refresh, database } = auth
  const ada = await signUp('old@example.com')
  for (let n = 0; n < 7; n++) await call('POST', '/auth/login', { email: 'old@example.com', password })
  await database.asSuperuser("UPDATE auth.sessions SET idle_expires_at = now() - interval '8 days', absolute_expires_at = now() - interval '8 days' WHERE id <> $1", [ada.session_id])
  await call('POST', '/auth/login', { email: 'old@example.com', password })
  await call('POST', '/auth/login', { email: 'old@example.com', password })
  let { refresh_token: token } = ada
  for (let n = 0; n < 200; n++) token = (await refresh(token)).json<SignedIn>().refresh_token
  t.equal((await database.asSuperuser('SELECT FROM auth.sessions')).length, 3)
})

t.test('SEC-87: the service may add to the audit log, and neither change nor delete what is there', async (t) => {
  const auth = await startAuth(t)
  await auth.signUp()
  const service = new pg.Client(connectionOptions(auth.database.settings('auth_service')))
  await service.connect()
  t.teardown(() => service.end())
  for (const table of ['audit_events', 'audit_origins', 'audit_batches']) {
    for (const statement of [`UPDATE auth.${table} SET ${table === 'audit_batches' ? 'key_id' : table === 'audit_origins' ? 'address' : 'action'} = 'x'`, `DELETE FROM auth.${table}`, `TRUNCATE auth.${table}`]) {
      await t.rejects(service.query(statement), /permission denied/, statement)
    }
  }
})

t.test('FR-111: instances seal one chain together, and nothing waits for ever', async (t) => {
  const first = await startAuth(t)
  const second = await startAuth(t, { beside: first })
  await Promise.all(Array.from({ length: 30 }, async (_, n) => (n % 2 === 0 ? first : second).signUp()))
  await allSealed(first)
  const report = await verify(first)
  t.match(report, { events: 30 + keysMade, pending: 0, problems: [] })
  t.ok(report.batches >= 1)
})

t.test('FR-111: what was left unsealed by one run is sealed by the next, and on the way out', async (t) => {
  const auth = await startAuth(t)
  await auth.signUp()
  await auth.app.close()
  t.same(await auth.database.asSuperuser('SELECT FROM auth.audit_pending'), [])
  await auth.database.asSuperuser('INSERT INTO auth.audit_pending SELECT id FROM auth.audit_events')
  await auth.database.asSuperuser('DELETE FROM auth.audit_batches')
  const next = await startAuth(t, { beside: auth })
  await next.app.ready()
  await allSealed(next)
  t.match(await verify(next), { events: 1 + keysMade, pending: 0, problems: [] })
})

t.test('FR-112: whatever is altered, taken out or put in, the chain tells', async (t) => {
  const auth = await startAuth(t)
  const { call, signUp, database } = auth
  await signUp('chain@example.com')
  for (let n = 0; n < 3; n++) {
    await call('POST', '/auth/login', { email: 'chain@example.com', password })
    await call('POST', '/auth/login', { email: 'chain@example.com', password: 'wrong one!' })
    await allSealed(auth)
  }
  const { head, batches, events } = await verify(auth)
  t.same([batches >= 3, events], [true, 7 + keysMade])

  const tamper = [
    "UPDATE auth.audit_events SET outcome = 'success' WHERE outcome = 'failure'",
    "UPDATE auth.audit_events SET occurred_at = occurred_at + interval '1 millisecond' WHERE action = 'account.created'",
    'UPDATE auth.audit_events SET actor_id = gen_random_uuid() WHERE id = (SELECT id FROM auth.audit_events ORDER BY id LIMIT 1)',
    "UPDATE auth.audit_events SET details = '{}' WHERE outcome = 'failure'",
    "UPDATE auth.audit_origins SET address = '198.51.100.1'",
    "DELETE FROM auth.audit_events WHERE outcome = 'failure'",
    'DELETE FROM auth.audit_batches WHERE number = 1',
    'UPDATE auth.audit_batches SET digest = sha256(digest) WHERE number = 1',
    'UPDATE auth.audit_batches SET mac = sha256(mac) WHERE number = 2',
    'UPDATE auth.audit_batches SET event_ids = event_ids[2:] WHERE number = 2',
    "INSERT INTO auth.audit_events (id, action, outcome, request_id, details, origin_digest) VALUES (gen_random_uuid(), 'session.started', 'success', 'x', '{}', sha256(''))",
  ]
  const tables = ['audit_events', 'audit_origins', 'audit_pending', 'audit_batches']
  for (const table of tables) await database.asSuperuser(`CREATE TABLE public.${table} AS TABLE auth.${table}`)
  const restore = async () => {
    await database.asSuperuser(`TRUNCATE ${tables.map((table) => `auth.${table}`).join()}`)
    for (const table of tables) await database.asSuperuser(`INSERT INTO auth.${table} TABLE public.${table}`)
  }
  for (const statement of tamper) {
    await database.asSuperuser(statement)
    t.ok((await verify(auth)).problems.length > 0, statement)
    await restore()
  }
  t.same((await verify(auth)).problems, [], 'restored, it holds')

  await database.asSuperuser('DELETE FROM auth.audit_batches WHERE number = $1', [batches])
  await database.asSuperuser('DELETE FROM auth.audit_events WHERE id NOT IN (SELECT unnest(event_ids) FROM auth.audit_batches)')
  const cut = await verify(auth)
  t.same([cut.problems, cut.digests.has(head)], [[], false], 'one that was cut off no longer has the digest it ended with')
})

t.test('FR-113, SEC-90: with the account the origins go, and the chain still holds', async (t) => {
  const auth = await startAuth(t)
  const ada = await auth.signUp()
  await allSealed(auth)
  await auth.database.asSuperuser('DELETE FROM auth.users WHERE id = $1', [ada.user.id])
  const [event] = await eventsOf(auth, ada)
  t.match(event, { action: 'account.created', user_id: ada.user.id, address: null, user_agent: null })
  t.match(await verify(auth), { events: 1 + keysMade, problems: [] })
})

t.test('FR-112: the command tells that all is well, and what is not', async (t) => {
  const auth = await startAuth(t)
  await auth.signUp()
  await allSealed(auth)
  const run = async (...parameters: string[]) => {
    const command = `${import.meta.dirname}/../commands/verify-audit.ts`
    return await execute(process.execPath, [command, ...parameters], { env: { ...process.env, ...auth.environment } }).catch((error: unknown) => error as { code: number, stdout: string })
  }
  const well = await run()
  t.match(well.stdout, /3 events in \d batches, 0 waiting for one. The chain ends with [0-9a-f]{64}\nThe audit log is as it was sealed.\n$/)
  const [, head = ''] = /ends with (\w+)/.exec(well.stdout) ?? []
  t.match(await run('--after', head), { stdout: /as it was sealed/ })
  t.match(await run('--after', 'f'.repeat(64)), { code: 1, stdout: /does not go on from f+/ })
  await auth.database.asSuperuser("UPDATE auth.audit_events SET outcome = 'failure'")
  t.match(await run(), { code: 1, stdout: /✗ Batch 1 is not what was sealed/ })
})

t.test('FR-112: another instance with another key cannot vouch for the chain, and does not call it forged', async (t) => {
  const auth = await startAuth(t)
  await auth.signUp()
  await allSealed(auth)
  const stranger = new Sealer(new Map([['other', Buffer.alloc(32, 7)]]))
  t.same((await verifyChain(auth.pool, stranger)).problems, [])
  const impostor = new Sealer(new Map([['test', Buffer.alloc(32, 7)]]))
  t.match((await verifyChain(auth.pool, impostor)).problems, [/not sealed by this Daymark/])
})
