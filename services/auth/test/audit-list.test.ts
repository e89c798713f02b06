import fc from 'fast-check'
import t from 'tap'
import { randomUUID } from 'node:crypto'
import { type AuditEvent, type AuditPage, auditActions, type SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, makeAdmin, bearer, database, serviceToken } = await startAuth(t)
const admin = await makeAdmin()
const get = (query: string, who?: SignedIn) => call('GET', `/admin/audit${query}`, undefined, who && bearer(who))
const list = async (query: string) => (await get(query, admin)).json<AuditPage>()
const told = ({ items }: AuditPage) => items.map(({ action, outcome }) => `${action} ${outcome}`)

t.test('FR-145, SEC-83: the audit log is for admins alone, and no longer for who was one', async (t) => {
  const fallen = await makeAdmin()
  t.equal((await get('')).statusCode, 401)
  t.match((await get('', await signUp())).json(), { status: 403, type: '/problems/admins-only' })
  t.equal((await get('', fallen)).statusCode, 200)
  await database.asSuperuser("UPDATE auth.users SET role = 'user' WHERE id = $1", [fallen.user.id])
  t.equal((await get('', fallen)).statusCode, 403)
})

t.test('FR-145: an event tells what, whose, by whom, when, where from and with which outcome', async (t) => {
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': '203.0.113.5', 'x-client-user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' }
  const ada = (await call('POST', '/auth/signup', { email: 'told@example.com', password }, headers)).json<SignedIn>()
  await call('POST', '/auth/login', { email: 'told@example.com', password: 'not this one' }, headers)
  await call('PATCH', `/admin/users/${ada.user.id}`, { role: 'admin' }, bearer(admin))
  const page = await list(`?user_id=${ada.user.id}`)
  t.same(told(page), ['session.ended success', 'account.role_changed success', 'session.refused failure', 'account.created success'])
  const [, changed, refused, created] = page.items as [AuditEvent, AuditEvent, AuditEvent, AuditEvent]
  t.match(changed, { user_email: 'told@example.com', actor_id: admin.user.id, actor_email: admin.user.email, session_id: admin.session_id, address: '127.0.0.1', details: { from: 'user', to: 'admin' } })
  t.match(refused, { user_id: ada.user.id, actor_id: ada.user.id, address: '203.0.113.5', device: 'Firefox on Linux', details: { is_blocked: false }, occurred_at: /Z$/, request_id: /./ })
  t.match(created, { session_id: ada.session_id })
  t.notMatch(JSON.stringify(page), /salt|digest|argon2|correct horse|v1\./)

  await database.asSuperuser('DELETE FROM auth.users WHERE id = $1', [ada.user.id])
  const after = await list(`?user_id=${ada.user.id}`)
  t.same(told(after), told(page), 'SEC-90: the account gone, its events stay')
  t.match(after.items.at(-1), { user_id: ada.user.id, user_email: null, address: null, device: null })
  t.match(after.items[1], { actor_email: admin.user.email, address: '127.0.0.1' }, 'what an admin did came from the admin')
})

t.test('FR-145: the filters, each and together', async (t) => {
  const ada = await signUp('filtered@example.com')
  for (const secret of ['not this one', password, 'nor this one']) await call('POST', '/auth/login', { email: 'filtered@example.com', password: secret })
  await call('POST', '/auth/login', { email: 'nobody@example.com', password })
  await call('DELETE', `/admin/users/${ada.user.id}/sessions`, undefined, bearer(admin))
  const of = `user_id=${ada.user.id}`
  t.same(told(await list(`?${of}&outcome=failure`)), ['session.refused failure', 'session.refused failure'])
  t.same(told(await list(`?${of}&action=session.started`)), ['session.started success'])
  t.same(told(await list(`?${of}&action=session.started&outcome=failure`)), [])
  t.same(told(await list(`?${of}&actor_id=${admin.user.id}`)), ['session.ended success', 'session.ended success'])
  t.ok((await list('?outcome=failure')).items.some(({ user_id: id }) => id === null), 'a log-in to nobody\'s address is there as well')
  t.same(told(await list(`?user_id=${randomUUID()}`)), [])
  for (const action of auditActions) t.ok((await list(`?action=${action}`)).items.every((event) => event.action === action), action)
})

t.test('FR-145: since and until cut between two events, whatever the clocks that made their ids', async (t) => {
  const { user: { id: user } } = await signUp()
  const noon = Date.parse('2026-01-01T12:00:00Z')
  for (const [index, skewMinutes] of [0, 50, -50, 0].entries()) {
    const at = noon + index * 1000
    const clock = (at + skewMinutes * 60_000).toString(16).padStart(12, '0')
    await database.asSuperuser("INSERT INTO auth.audit_events (id, occurred_at, action, outcome, user_id, request_id, details, origin_digest) VALUES ($1, $2, 'session.started', 'success', $3, 'r', '{}', sha256(''))",
      [`${clock.slice(0, 8)}-${clock.slice(8)}-7000-8000-${randomUUID().slice(-12)}`, new Date(at), user])
  }
  const count = async (query: string) => (await list(`?user_id=${user}&action=session.started&${query}`)).items.length
  for (let index = 0; index <= 4; index++) {
    const cut = new Date(noon + index * 1000).toISOString()
    t.same([await count(`until=${cut}`), await count(`since=${cut}`)], [index, 4 - index], cut)
    t.equal(await count(`since=${encodeURIComponent(cut.replace('Z', '+00:00'))}`), 4 - index, 'an offset says the same')
  }
  t.equal(await count('since=2026-01-01T12:00:01Z&until=2026-01-01T12:00:03Z'), 2)
})

t.test('FR-145: pages by cursor, each event once; a cursor is bound to its filters', async (t) => {
  const ada = await signUp()
  for (let n = 0; n < 6; n++) await call('POST', '/auth/login', { email: ada.user.email, password: 'not this one' })
  const query = `?user_id=${ada.user.id}&limit=3`
  const seen: string[] = []
  for (let cursor = ''; ;) {
    const page = await list(`${query}${cursor}`)
    seen.push(...page.items.map(({ id }) => id))
    if (page.next_cursor === null) break
    cursor = `&cursor=${page.next_cursor}`
    for (const other of [`?limit=3${cursor}`, `${query}&outcome=failure${cursor}`, `${query}&since=2026-01-01T00:00:00Z${cursor}`]) t.match((await get(other, admin)).json(), { status: 400, type: '/problems/invalid-cursor' })
    t.equal((await call('GET', `/admin/users?${cursor.slice(1)}`, undefined, bearer(admin))).statusCode, 400, 'nor is it one of another list')
  }
  t.equal(seen.length, 7)
  t.equal(new Set(seen).size, 7)
})

t.test('FR-145, SEC-85: what is no filter is refused, and never an error of ours', async (t) => {
  for (const wrong of [
    '?user_id=x', `?user_id=urn:uuid:${randomUUID()}`, "?user_id='--", '?action=x', "?action=session.started'", '?outcome=maybe', '?since=yesterday', '?since=2026-02-30T00:00:00Z', '?since=2026-01-01', '?until=1',
    '?since=2026-01-01T23:59:60Z', '?since=2026-01-01T00:00:00', '?since=0000-01-01T00:00:00Z', '?until=0001-01-01T00:00:00%2B23:59', '?limit=0', '?limit=201', '?cursor=x', '?q=x', '?user_id=', `?user_id=${randomUUID()}&user_id=${randomUUID()}`,
  ]) t.equal((await get(wrong, admin)).statusCode, 400, wrong)
  for (const odd of ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59Z', '2026-01-01T00:00:00.123456789Z']) {
    for (const name of ['since', 'until']) t.equal((await get(`?${name}=${encodeURIComponent(odd)}`, admin)).statusCode, 200, `${name} ${odd}`)
  }
  await fc.assert(fc.asyncProperty(fc.constantFrom('user_id', 'actor_id', 'action', 'since', 'until', 'cursor', 'limit'), fc.string({ unit: 'binary', maxLength: 40 }), async (name, text) =>
    (await get(`?${name}=${encodeURIComponent(text)}`, admin)).statusCode < 500), { numRuns: 100 })
})

t.test('FR-145: reading the log is on record once an hour in a session, not once a page', async (t) => {
  const other = await makeAdmin()
  for (let n = 0; n < 3; n++) await get('?limit=1', other)
  const mine = `?actor_id=${other.user.id}&action=audit.read`
  t.match((await list(mine)).items, [{ user_id: null, actor_email: other.user.email, session_id: other.session_id }])
  await database.asSuperuser("UPDATE auth.limits SET window_ends_at = now() - interval '1 second'")
  await get('?limit=1', other)
  t.equal((await list(mine)).items.length, 2)
})
