import t from 'tap'
import type { Account, SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, database, mailTo, makeAdmin } = await startAuth(t)

const read = (who: SignedIn, headers: Record<string, string> = {}) => call('GET', '/auth/me', undefined, { ...bearer(who), ...headers })
const patch = (who: SignedIn, payload: object | string, headers: Record<string, string> = {}) =>
  call('PATCH', '/auth/me', payload, { ...bearer(who), 'content-type': 'application/merge-patch+json', ...headers })
const eventsOf = async ({ user: { id } }: SignedIn) =>
  await database.asSuperuser<{ details: object }>("SELECT details FROM auth.audit_events WHERE user_id = $1 AND action = 'account.changed' ORDER BY id", [id])

t.test('FR-133: a patch sets what it names, takes away what is null, and leaves the rest (RFC 7396)', async (t) => {
  const ada = await signUp()
  t.match((await read(ada)).json(), { display_name: null, time_zone: null, version: 1 })
  const named = await patch(ada, { display_name: 'Ada', time_zone: 'europe/BERLIN' })
  t.equal(named.statusCode, 200)
  t.match(named.json(), { display_name: 'Ada', time_zone: 'Europe/Berlin', version: 2 }, 'the zone in the one spelling of its name')
  t.match((await patch(ada, { display_name: null })).json(), { display_name: null, time_zone: 'Europe/Berlin', version: 3 })
  t.match((await patch(ada, { time_zone: null }, { 'content-type': 'application/json' })).json(), { time_zone: null, version: 4 })
  t.match((await patch(ada, { display_name: 'Ada' })).json(), (await read(ada)).json())
  const { user } = (await call('POST', '/auth/login', { email: ada.user.email, password })).json<SignedIn>()
  t.same(Object.keys(user).sort(), ['created_at', 'display_name', 'email', 'email_verified', 'id', 'role'], 'what a log-in answers is what it was')
})

t.test('FR-133: every zone that the runtime lists, and UTC', async (t) => {
  const ada = await signUp()
  const refused: string[] = []
  for (const zone of ['UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires', ...Intl.supportedValuesOf('timeZone').filter((_, index) => index % 12 === 0)]) {
    if ((await patch(ada, { time_zone: zone })).statusCode !== 200) refused.push(zone)
  }
  t.same(refused, [])
})

const refused = [
  { why: 'a zone there is not', payload: { time_zone: 'Europe/Atlantis' }, status: 422, pointer: '/time_zone', code: 'unknown_time_zone' },
  { why: 'an offset', payload: { time_zone: '+02:00' }, status: 400, pointer: '/time_zone', code: 'not_allowed' },
  { why: 'a path', payload: { time_zone: '../../etc/passwd' }, status: 400, pointer: '/time_zone', code: 'not_allowed' },
  { why: 'a zone that is a number', payload: { time_zone: 2 }, status: 400, pointer: '/time_zone', code: 'wrong_type' },
  { why: 'a zone of 65 characters', payload: { time_zone: 'x'.repeat(65) }, status: 400, pointer: '/time_zone', code: 'too_long' },
  { why: 'a blank name', payload: { display_name: '  ' }, status: 400, pointer: '/display_name', code: 'not_allowed' },
  { why: 'an empty name', payload: { display_name: '' }, status: 400, pointer: '/display_name', code: 'too_short' },
  { why: 'a name of 101 characters', payload: { display_name: '🌿'.repeat(101) }, status: 400, pointer: '/display_name', code: 'too_long' },
  { why: 'a name that is a list (SEC-84)', payload: { display_name: ['Ada'] }, status: 400, pointer: '/display_name', code: 'wrong_type' },
  { why: 'nothing', payload: {}, status: 400, pointer: '', code: 'empty' },
  { why: 'a list', payload: [], status: 400, pointer: '', code: 'wrong_type' },
  ...['role', 'email', 'email_verified', 'id', 'version', 'status'].map((field) =>
    ({ why: `the field ${field} (SEC-84)`, payload: `{"display_name":"Eve","${field}":"admin"}`, status: 400, pointer: `/${field}`, code: 'unknown_field' })),
]
for (const { why, payload, status, pointer, code } of refused) {
  t.test(`FR-133 is refused: ${why}`, async (t) => {
    const ada = await signUp()
    const before = (await read(ada)).json<Account>()
    const response = await patch(ada, payload)
    t.equal(response.statusCode, status)
    t.match(response.json(), { errors: [{ pointer, code, detail: String }] })
    t.same((await read(ada)).json(), before)
    t.same(await eventsOf(ada), [])
  })
}

t.test('SEC-84: __proto__ is inert', async (t) => {
  const ada = await signUp()
  t.equal((await patch(ada, '{"__proto__":{"display_name":"Eve"}}')).statusCode, 400)
  t.match((await read(ada)).json(), { display_name: null, version: 1 })
})

t.test('FR-134: the version is in the ETag; a known one is 304, a stale one 412 with the account as it is', async (t) => {
  const ada = await signUp()
  const first = await read(ada)
  const etag = String(first.headers.etag)
  t.equal((await read(ada, { 'if-none-match': etag })).statusCode, 304)
  t.equal((await read(ada, { 'if-none-match': `"x", W/${etag}` })).statusCode, 304)
  const changed = await patch(ada, { display_name: 'First' }, { 'if-match': etag })
  t.equal(changed.statusCode, 200)
  t.not(changed.headers.etag, etag)
  t.equal((await read(ada, { 'if-none-match': etag })).statusCode, 200)

  const stale = await patch(ada, { display_name: 'Second', time_zone: 'Europe/Paris' }, { 'if-match': etag })
  t.equal(stale.statusCode, 412)
  t.match(stale.json(), { type: '/problems/stale-version', current: changed.json() })
  t.equal(stale.headers.etag, changed.headers.etag)
  t.same((await read(ada)).json(), changed.json())
  t.equal((await patch(ada, { display_name: 'Second' }, { 'if-match': `${etag}, ${String(changed.headers.etag)}` })).statusCode, 200)
  t.equal((await patch(ada, { display_name: 'Third' }, { 'if-match': '*' })).statusCode, 200)
  t.equal((await patch(ada, { display_name: 'x' }, { 'if-match': 'nonsense' })).statusCode, 400)
})

t.test('FR-134: of twenty edits from one version, one is saved', async (t) => {
  const ada = await signUp()
  const etag = String((await read(ada)).headers.etag)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => patch(ada, { display_name: `Ada ${index}` }, { 'if-match': etag })))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(19).fill(412)])
  t.equal((await eventsOf(ada)).length, 1)
})

t.test('FR-134: a patch that changes nothing keeps the version and is no event; whatever else the owner sees counts', async (t) => {
  const ada = await signUp()
  await patch(ada, { display_name: 'Ada' })
  t.match((await patch(ada, { display_name: 'Ada', time_zone: null })).json(), { version: 2 })
  t.same((await eventsOf(ada)).map(({ details }) => details), [{ sets_display_name: true, sets_time_zone: false }], 'SEC-87: audited, without the name')

  const { token } = await mailTo(ada.user.email, /Confirm/)
  await call('POST', '/auth/email/verify', { token })
  t.match((await read(ada)).json(), { email_verified: true, version: 3 })
  await call('POST', '/auth/password/change', { current_password: password, password: `${password}!` }, bearer(ada))
  t.match((await read(ada)).json(), { version: 3 }, 'the password is not to be seen')
  await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE id = $1", [ada.user.id])
  t.match((await read(ada)).json(), { role: 'admin', version: 4 })
})

t.test('FR-133: for whoever is signed in, and their own account alone', async (t) => {
  const [ada, eve] = [await signUp(), await makeAdmin()]
  t.equal((await call('PATCH', '/auth/me', { display_name: 'Eve' })).statusCode, 401)
  await patch(eve, { display_name: 'Eve' })
  t.match((await read(ada)).json(), { display_name: null })
  await call('POST', '/auth/logout', { refresh_token: ada.refresh_token })
  t.equal((await patch(ada, { display_name: 'Ada' })).statusCode, 401)
  t.equal((await call('PATCH', '/auth/me', 'display_name=Eve', { ...bearer(eve), 'content-type': 'application/x-www-form-urlencoded' })).statusCode, 415)
})
