import t from 'tap'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { AccountExport, type SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const auth = await startAuth(t)
const { call, signUp, makeAdmin, bearer, database, mailTo, serviceToken } = auth
const check = TypeCompiler.Compile(AccountExport)

const read = (who: SignedIn, headers: Record<string, string> = {}) => call('GET', '/auth/me/export', undefined, { ...bearer(who), ...headers })

t.test('SEC-90, FR-135: the export has all that is kept of an account, in the shape of the contract', async (t) => {
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': '203.0.113.5', 'x-client-user-agent': 'Firefox "ü"\\' }
  const ada = (await call('POST', '/auth/signup', { email: 'ada@example.com', password, display_name: 'Ada' }, headers)).json<SignedIn>()
  const other = (await call('POST', '/auth/login', { email: 'ada@example.com', password }, headers)).json<SignedIn>()
  await call('POST', '/auth/login', { email: 'ada@example.com', password: 'not this one' }, headers)
  await call('DELETE', `/auth/sessions/${other.session_id}`, undefined, { ...headers, ...bearer(ada) })
  await call('PATCH', '/auth/me', { time_zone: 'Europe/Berlin' }, { ...headers, ...bearer(ada) })
  await call('POST', '/auth/email/change', { email: 'new@example.com' }, { ...headers, ...bearer(ada) })

  const response = await read(ada, headers)
  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(response.headers['cache-control'], 'no-store')
  const document = response.json<AccountExport>()
  t.same([...check.Errors(document)].map(({ path, message }) => `${path}: ${message}`), [])
  t.match(document, {
    format: 'daymark.account',
    version: 1,
    account: { id: ada.user.id, email: 'ada@example.com', display_name: 'Ada', time_zone: 'Europe/Berlin' },
    sessions: [{ id: ada.session_id, address: '203.0.113.5', user_agent: 'Firefox "ü"\\', ended_at: null }, { id: other.session_id, ended_reason: 'ended_by_owner' }],
    addresses: [{ purpose: 'change_email', email: 'new@example.com' }],
  })
  t.same(document.events.map(({ action, outcome }) => `${action} ${outcome}`), [
    'account.created success', 'session.started success', 'session.refused failure', 'session.ended success',
    'account.changed success', 'email.change_requested success', 'account.exported success',
  ])
  for (const event of document.events) t.match(event, { by_owner: true, address: '203.0.113.5', user_agent: 'Firefox "ü"\\' })
})

t.test('SEC-90: no secret is in an export, and nothing of anybody else', async (t) => {
  const [ada, grace, admin] = [await signUp(), await signUp(), await makeAdmin()]
  await call('POST', '/auth/password/forgot', { email: ada.user.email })
  const { token } = await mailTo(ada.user.email, /new password/)
  await call('POST', '/auth/login', { email: ada.user.email, password: 'CANARY-password' })
  await call('DELETE', `/admin/users/${ada.user.id}/sessions`, undefined, { ...bearer(admin), 'user-agent': 'CANARY of the admin' })
  const again = (await call('POST', '/auth/login', { email: ada.user.email, password })).json<SignedIn>()
  const text = (await read(again)).body

  const columns = await database.asSuperuser<{ table: string, column: string }>("SELECT format('%I.%I', table_schema, table_name) AS table, column_name AS column FROM information_schema.columns WHERE table_schema = 'auth' AND column_name ~ '(hash|sealed|salt|digest|mac)'")
  t.ok(columns.length >= 8)
  for (const { table, column } of columns) {
    for (const { value } of await database.asSuperuser<{ value: string }>(`SELECT DISTINCT ltrim("${column}"::text, '\\x') AS value FROM ${table} WHERE "${column}" IS NOT NULL`)) {
      if (text.includes(value)) t.fail(`${table}.${column} is in the export`)
    }
  }
  for (const secret of [token, 'CANARY', password, again.refresh_token, again.access_token, ada.refresh_token, grace.user.id, grace.user.email, admin.user.id, admin.user.email]) t.notOk(text.includes(secret), 'no secret')
  t.ok((JSON.parse(text) as AccountExport).events.some((event) => !event.by_owner && event.address === null), 'that an admin did something is told, and no more')
})

t.test('FR-135: an account with more events than fit a page is exported whole', async (t) => {
  const ada = await signUp()
  await database.asSuperuser("INSERT INTO auth.audit_events (id, action, outcome, user_id, actor_id, request_id, details, origin_digest) SELECT gen_random_uuid(), 'session.refused', 'failure', $1, $1, 'r', '{}', sha256('') FROM generate_series(1, 1234)", [ada.user.id])
  const { events } = (await read(ada)).json<AccountExport>()
  t.equal(events.length, 1234 + 2)
  t.equal(new Set(events.map(({ id }) => id)).size, events.length)
})

t.test('SEC-90, SEC-14: it takes a recent log-in', async (t) => {
  const ada = await signUp()
  t.equal((await call('GET', '/auth/me/export')).statusCode, 401)
  await database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE id = $1", [ada.session_id])
  const refused = await read((await auth.refresh(ada.refresh_token)).json<SignedIn>())
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { type: '/problems/step-up-needed' })
  t.equal((await database.asSuperuser("SELECT FROM auth.audit_events WHERE user_id = $1 AND action = 'account.exported'", [ada.user.id])).length, 0)
})
