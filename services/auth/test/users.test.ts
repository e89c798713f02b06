import fc from 'fast-check'
import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { SessionPage, SignedIn, UserDetails, UserPage } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, makeAdmin, bearer, refresh, database, internal, serviceToken, mailTo, mails } = await startAuth(t)

const admin = await makeAdmin()
const get = (path: string, who = admin) => call('GET', path, undefined, bearer(who))
const list = async (query = '', who = admin) => (await get(`/admin/users${query}`, who)).json<UserPage>()
const patch = (id: string, payload: object | string, who = admin, headers: Record<string, string> = {}) =>
  call('PATCH', `/admin/users/${id}`, payload, { ...bearer(who), 'content-type': 'application/json', ...headers })
const logIn = async (email: string, secret = password) => await call('POST', '/auth/login', { email, password: secret })
const feedSince = async (position: number) => (await internal.inject({ url: `/internal/revocations?since=${position}`, headers: { 'x-service-token': await serviceToken() } }))
  .json<{ position: number, items: Array<{ kind: string, subject: string }> }>()
const feedPosition = async () => (await feedSince(0)).position
const eventsAbout = (id: string) => database.asSuperuser<{ action: string, outcome: string, actor_id: string, session_id: string, details: Record<string, unknown> }>(
  'SELECT action, outcome, actor_id, session_id, details FROM auth.audit_events WHERE user_id = $1 ORDER BY id', [id])

const operations: Array<{ name: string, ask: (id: string, who?: SignedIn) => ReturnType<typeof call> }> = [
  { name: 'list accounts', ask: (_id, who) => call('GET', '/admin/users', undefined, who && bearer(who)) },
  { name: 'read an account', ask: (id, who) => call('GET', `/admin/users/${id}`, undefined, who && bearer(who)) },
  { name: 'list its sessions', ask: (id, who) => call('GET', `/admin/users/${id}/sessions`, undefined, who && bearer(who)) },
  { name: 'disable it', ask: (id, who) => call('PATCH', `/admin/users/${id}`, { status: 'disabled' }, who && bearer(who)) },
  { name: 'make it an admin', ask: (id, who) => call('PATCH', `/admin/users/${id}`, { role: 'admin' }, who && bearer(who)) },
  { name: 'end its sessions', ask: (id, who) => call('DELETE', `/admin/users/${id}/sessions`, undefined, who && bearer(who)) },
  { name: 'start a reset', ask: (id, who) => call('POST', `/admin/users/${id}/password-reset`, undefined, who && bearer(who)) },
]

for (const { name, ask } of operations) {
  t.test(`FR-140, SEC-82, SEC-83: ${name}: for admins alone, and no longer for who was one`, async (t) => {
    const [target, user, fallen] = [await signUp(), await signUp(), await makeAdmin()]
    const before = (await get(`/admin/users/${target.user.id}`)).json()
    t.equal((await ask(target.user.id)).statusCode, 401, 'no token')
    t.match((await ask(target.user.id, user)).json(), { status: 403, type: '/problems/admins-only' })
    t.equal((await ask(user.user.id, user)).statusCode, 403, 'their own account neither')
    const stolen = { ...fallen }
    t.equal((await patch(fallen.user.id, { role: 'user' })).statusCode, 200)
    t.equal((await ask(target.user.id, stolen)).statusCode, 401, 'the session of before is over')
    const again = (await logIn(fallen.user.email)).json<SignedIn>()
    t.equal((await ask(target.user.id, again)).statusCode, 403)
    t.same((await get(`/admin/users/${target.user.id}`)).json(), before, 'nothing has changed')
    t.match((await ask(target.user.id, admin)).statusCode, /^20[024]$/)
    await patch(target.user.id, { role: 'user' })
    if (name === 'list accounts') return
    for (const id of [randomUUID(), admin.session_id]) t.match((await ask(id, admin)).json(), { status: 404, type: '/problems/user-not-found' })
    for (const id of ['nonsense', `urn:uuid:${target.user.id}`, `${target.user.id}'--`]) t.match((await ask(encodeURIComponent(id), admin)).statusCode, /^4(00|04)$/, id)
  })
}

t.test('FR-142, FR-143: changing anything needs a recent log-in; looking does not', async (t) => {
  const [target, stale] = [await signUp(), await makeAdmin()]
  await database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE id = $1", [stale.session_id])
  for (const { name, ask } of operations) {
    const answer = await ask(target.user.id, stale)
    if (/list|read/.test(name)) t.equal(answer.statusCode, 200, name)
    else t.match(answer.json(), { status: 403, type: '/problems/step-up-needed' }, name)
  }
  t.match((await get(`/admin/users/${target.user.id}`)).json(), { version: 1, live_sessions: 1 })
  const stepped = (await call('POST', '/auth/step-up', { password }, bearer(stale))).json<SignedIn>()
  t.equal((await patch(target.user.id, { status: 'disabled' }, stepped)).statusCode, 200)
})

t.test('FR-141: the list is newest first, a page at a time, each account once', async (t) => {
  const users = []
  for (let n = 0; n < 5; n++) users.push((await signUp(`paged-${n}@paging.example`)).user.id)
  const seen: string[] = []
  let query = '?q=paging&limit=2'
  for (let pages = 1; ; pages++) {
    const { items, next_cursor: next } = await list(query)
    seen.push(...items.map(({ id }) => id))
    if (next === null) {
      t.equal(pages, 3)
      break
    }
    query = `?q=paging&limit=2&cursor=${next}`
    for (const other of ['?limit=2', '?q=other&limit=2', '?q=paging&status=active', '?q=paging&role=user']) {
      t.match((await get(`/admin/users${other}&cursor=${next}`)).json(), { status: 400, type: '/problems/invalid-cursor' }, 'bound to its query')
    }
    t.equal((await get(`/admin/users?q=paging&cursor=${next.startsWith('A') ? 'B' : 'A'}${next.slice(1)}`)).statusCode, 400, 'signed')
  }
  t.same(seen, users.reverse())
  t.equal((await list('?limit=200')).next_cursor, null)
})

t.test('FR-141: a search finds by the beginnings of words of address and name, in whatever case', async (t) => {
  const found = async (q: string) => (await list(`?q=${encodeURIComponent(q)}`)).items.map(({ email }) => email).sort()
  const make = async (email: string, name: string) => {
    const { user } = await signUp(email)
    await database.asSuperuser('UPDATE auth.users SET display_name = $1 WHERE id = $2', [name, user.id])
  }
  await make('Ada.Lovelace@sums.example', 'Augusta Ada King')
  await make('charles@sums.example', "O'Babbage-Smith")
  await make('zoe+news@sums.example', 'Zoë Ångström 密码')
  const [ada, charles, zoe] = ['Ada.Lovelace@sums.example', 'charles@sums.example', 'zoe+news@sums.example']
  for (const [q, ...expected] of [
    ['ada.lovelace@sums.example', ada], ['LOVE', ada], ['king augusta', ada], ['ada king', ada], ['@sums.example', ada, charles, zoe], ['sums charles', charles],
    ['babbag', charles], ['smith', charles], ["o'babbage", charles], ['zoë', zoe], ['ångs', zoe], ['密码', zoe], ['news', zoe], ['velace'], ['ada charles'], ['nobody-has-this'],
  ] as Array<[string, ...string[]]>) t.same(await found(q), expected, q)
})

t.test('FR-141, SEC-85: whatever is searched for is only ever a text', async (t) => {
  for (const q of ["'; DROP TABLE auth.users; --", "' OR '1'='1", '$1', '%', '_', '\\', '&', '|', '!', '(', ':*', '<->', "a' & 'b", 'a:*', '\u0301', '🌿', '...', ' ', 'a\u0000', '\u{10ffff}', 'x'.repeat(254)]) {
    const { statusCode } = await get(`/admin/users?q=${encodeURIComponent(q)}`)
    t.ok(statusCode === 200 || (statusCode === 400 && q.includes('\u0000')), `${JSON.stringify(q)}: ${statusCode}`)
  }
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), async (q) => {
    const { statusCode } = await get(`/admin/users?q=${encodeURIComponent(q)}`)
    return statusCode === 200 || (statusCode === 400 && q.includes('\u0000'))
  }), { numRuns: 150 })
  for (const wrong of ['?q=', `?q=${'x'.repeat(255)}`, '?status=gone', '?role=root', '?limit=0', '?limit=201', '?limit=x', '?sort=id', '?cursor=x', '?q=a&q=b']) {
    t.equal((await get(`/admin/users${wrong}`)).statusCode, 400, wrong)
  }
})

t.test('FR-141: the filters, each and together', async (t) => {
  const [one, other] = [await signUp('one@filters.example'), await signUp('other@filters.example')]
  await patch(one.user.id, { status: 'disabled' })
  await patch(other.user.id, { role: 'admin' })
  const ids = async (query: string) => (await list(`?q=filters&${query}`)).items.map(({ id }) => id)
  t.same(await ids('status=disabled'), [one.user.id])
  t.same(await ids('status=active'), [other.user.id])
  t.same(await ids('role=admin'), [other.user.id])
  t.same(await ids('role=user'), [one.user.id])
  t.same(await ids('role=admin&status=disabled'), [])
  t.ok((await list('?status=disabled')).items.every(({ status }) => status === 'disabled'))
  await patch(other.user.id, { role: 'user' })
})

t.test('FR-142, SEC-24: an account shows how it is used, and never a secret', async (t) => {
  const ada = await signUp('shown@example.com')
  await logIn('shown@example.com')
  const response = await get(`/admin/users/${ada.user.id}`)
  t.match(response.json(), {
    id: ada.user.id, email: 'shown@example.com', role: 'user', status: 'active', email_verified: false, version: 1, live_sessions: 2, last_login_at: /Z$/, created_at: /Z$/,
  })
  t.equal(response.headers.etag, '"1-1"')
  t.notMatch(response.body + (await get('/admin/users?q=shown')).body, /argon2|password|hash|token|sealed/)
  const { items } = (await get(`/admin/users/${ada.user.id}/sessions`)).json<SessionPage>()
  t.equal(items.length, 2)
  t.match(items[0], { device: String, is_current: false })
  t.notMatch(JSON.stringify(items), /sealed|token|v1\./)
})

t.test('FR-142: a stale If-Match is 412 with the account as it is', async (t) => {
  const { user: { id } } = await signUp()
  const etag = String((await get(`/admin/users/${id}`)).headers.etag)
  t.equal((await patch(id, { status: 'disabled' }, admin, { 'if-match': etag })).statusCode, 200)
  const stale = await patch(id, { role: 'admin' }, admin, { 'if-match': etag })
  t.equal(stale.statusCode, 412)
  t.match(stale.json(), { type: '/problems/stale-version', current: { id, status: 'disabled', role: 'user', version: 2 } })
  t.equal(stale.headers.etag, '"2-1"')
  t.equal((await patch(id, { status: 'active' }, admin, { 'if-match': '"2-1"' })).json<UserDetails>().version, 3)
  t.equal((await patch(id, { status: 'active' }, admin, { 'if-match': 'nonsense' })).statusCode, 400)
})

for (const [why, payload, pointer, code] of [
  ['a password (SEC-24)', { password }, '/password', 'unknown_field'],
  ['a hash (SEC-24)', { status: 'active', password_hash: 'x' }, '/password_hash', 'unknown_field'],
  ['an address (SEC-84)', { email: 'mine@example.com' }, '/email', 'unknown_field'],
  ['a proven address (SEC-84)', { role: 'user', email_verified: true }, '/email_verified', 'unknown_field'],
  ['an id (SEC-84)', { role: 'user', id: randomUUID() }, '/id', 'unknown_field'],
  ['a version (SEC-84)', { role: 'user', version: 9 }, '/version', 'unknown_field'],
  ['an unknown role', { role: 'root' }, '/role', 'unknown_value'],
  ['a role that is a list (SEC-84)', { role: ['admin'] }, '/role', 'wrong_type'],
  ['a status that is null', { status: null }, '/status', 'wrong_type'],
  ['nothing', {}, '', 'empty'],
  ['a list', '[]', '', 'wrong_type'],
  ['__proto__ (SEC-84)', '{"__proto__":{"role":"admin"}}', undefined, undefined],
] as const) {
  t.test(`FR-142 is refused: ${why}`, async (t) => {
    const { user: { id } } = await signUp()
    const before = (await get(`/admin/users/${id}`)).json()
    const response = await patch(id, payload)
    t.equal(response.statusCode, 400)
    if (code) t.match(response.json(), { errors: [{ pointer, code }] })
    t.same((await get(`/admin/users/${id}`)).json(), before)
  })
}

t.test('FR-143, SEC-48, SEC-49: disabling ends every session at once; enabling lets its owner in again, and no token of before', async (t) => {
  const position = await feedPosition()
  const ada = await signUp('disabled@example.com')
  const other = (await logIn('disabled@example.com')).json<SignedIn>()
  const changed = await patch(ada.user.id, { status: 'disabled' })
  t.match(changed.json(), { status: 'disabled', version: 2, live_sessions: 0 })
  for (const session of [ada, other]) {
    t.equal((await call('GET', '/auth/me', undefined, bearer(session))).statusCode, 401)
    t.equal((await refresh(session.refresh_token)).statusCode, 401)
  }
  const refused = await logIn('disabled@example.com')
  const wrong = await logIn('disabled@example.com', 'not the password')
  t.equal(refused.statusCode, 401)
  t.same({ ...refused.json(), instance: '' }, { ...wrong.json(), instance: '' }, 'SEC-10: as for a wrong password')

  t.match((await patch(ada.user.id, { status: 'active' })).json(), { status: 'active' })
  t.equal((await logIn('disabled@example.com')).statusCode, 200, 'at once, with the password they had')
  for (const session of [ada, other]) t.equal((await refresh(session.refresh_token)).statusCode, 401)
  const { items } = await feedSince(position)
  t.same(items.map(({ kind, subject }) => [kind, subject]).sort(), [
    ['session', ada.session_id], ['session', other.session_id], ['user', ada.user.id], ['user_enabled', ada.user.id],
  ].sort())
  t.equal(items.at(-1)?.kind, 'user_enabled')

  const events = await eventsAbout(ada.user.id)
  for (const action of ['account.disabled', 'account.enabled']) t.match(events.filter((event) => event.action === action), [{ outcome: 'success', actor_id: admin.user.id, session_id: admin.session_id }])
  const ended = events.filter(({ action }) => action === 'session.ended')
  t.same(ended.map(({ session_id: id }) => id).sort(), [ada.session_id, other.session_id].sort())
  for (const event of ended) t.match(event, { actor_id: admin.user.id, details: { reason: 'account_disabled' } })
})

t.test('FR-140, SEC-39, SEC-83: a new role ends the sessions that had the old one, and is announced', async (t) => {
  const position = await feedPosition()
  const ada = await signUp('promoted@example.com')
  t.match((await patch(ada.user.id, { role: 'admin' })).json(), { role: 'admin', live_sessions: 0 })
  t.equal((await refresh(ada.refresh_token)).statusCode, 401)
  t.same((await feedSince(position)).items.map(({ kind, subject }) => [kind, subject]), [['session', ada.session_id]])
  const again = (await logIn('promoted@example.com')).json<SignedIn>()
  t.equal(JSON.parse(Buffer.from(again.access_token.split('.')[1]!, 'base64url').toString()).role, 'admin')
  t.equal((await get('/admin/users', again)).statusCode, 200)
  t.match((await eventsAbout(ada.user.id)).find(({ action }) => action === 'account.role_changed'), { actor_id: admin.user.id, details: { from: 'user', to: 'admin' } })
  await patch(ada.user.id, { role: 'user' })
})

t.test('FR-142: a change that changes nothing keeps the version, ends nothing and is no event', async (t) => {
  const ada = await signUp()
  t.match((await patch(ada.user.id, { status: 'active', role: 'user' })).json(), { version: 1, live_sessions: 1 })
  t.same((await eventsAbout(ada.user.id)).map(({ action }) => action), ['account.created'])
})

t.test('FR-143, SEC-48: ending all sessions of an account, and nobody else\'s', async (t) => {
  const [ada, bystander] = [await signUp('ended@example.com'), await signUp()]
  const other = (await logIn('ended@example.com')).json<SignedIn>()
  const position = await feedPosition()
  for (let n = 0; n < 2; n++) t.equal((await call('DELETE', `/admin/users/${ada.user.id}/sessions`, undefined, bearer(admin))).statusCode, 204, 'again is fine')
  for (const session of [ada, other]) t.equal((await refresh(session.refresh_token)).statusCode, 401)
  t.equal((await refresh(bystander.refresh_token)).statusCode, 200)
  t.same((await feedSince(position)).items.map(({ subject }) => subject).sort(), [ada.session_id, other.session_id].sort())
  const ended = (await eventsAbout(ada.user.id)).filter(({ action }) => action === 'session.ended')
  t.equal(ended.length, 2)
  for (const event of ended) t.match(event, { actor_id: admin.user.id, details: { reason: 'ended_by_admin' } })
  t.equal((await logIn('ended@example.com')).statusCode, 200)
})

t.test('FR-143, SEC-24: an admin starts a reset by mail; the link goes to the owner alone', async (t) => {
  const ada = await signUp('reset-me@example.com')
  const response = await call('POST', `/admin/users/${ada.user.id}/password-reset`, undefined, bearer(admin))
  t.equal(response.statusCode, 202)
  t.notMatch(response.body, 'token')
  const { token } = await mailTo('reset-me@example.com', /new password/)
  t.match((await eventsAbout(ada.user.id)).at(-1), { action: 'password.reset_requested', actor_id: admin.user.id })
  t.equal((await refresh(ada.refresh_token)).statusCode, 200, 'nobody is logged out by that')
  t.equal((await call('POST', '/auth/password/reset', { token, password: 'another correct horse' })).statusCode, 204)
  t.equal((await logIn('reset-me@example.com', 'another correct horse')).statusCode, 200)

  await patch(ada.user.id, { status: 'disabled' })
  const refused = await call('POST', `/admin/users/${ada.user.id}/password-reset`, undefined, bearer(admin))
  t.match(refused.json(), { status: 409, type: '/problems/account-disabled', detail: /Enable it first/ })
  t.notOk(mails.some(({ to, subject }) => to === 'reset-me@example.com' && /Choose a new/.test(subject)))
})

t.test('FR-144: an admin does not disable themself, but may step down while there is another', async (t) => {
  const other = await makeAdmin()
  t.match((await patch(other.user.id, { status: 'disabled' }, other)).json(), { status: 409, type: '/problems/own-account' })
  t.equal((await patch(other.user.id, { role: 'user' }, other)).statusCode, 200)
  t.equal((await refresh(other.refresh_token)).statusCode, 401)
})

t.test('FR-144: the last admin stays one, with the remedy told', async (t) => {
  await database.asSuperuser("UPDATE auth.users SET role = 'user' WHERE id <> $1", [admin.user.id])
  t.same((await list('?role=admin')).items.map(({ id }) => id), [admin.user.id])
  t.match((await patch(admin.user.id, { role: 'user' })).json(), { status: 409, type: '/problems/last-admin', detail: 'Make somebody else an administrator first.' })
  const disabled = await makeAdmin()
  await patch(disabled.user.id, { status: 'disabled' })
  t.equal((await patch(admin.user.id, { role: 'user' })).statusCode, 409, 'one who cannot log in does not count')
  t.equal((await get('/admin/users')).statusCode, 200)
})

t.test('FR-144: admins who demote or disable each other at once leave one', async (t) => {
  for (let round = 0; round < 12; round++) {
    const admins = [admin, ...await Promise.all(Array.from({ length: round % 3 + 1 }, makeAdmin))]
    const change = round % 2 === 0 ? { role: 'user' } : { status: 'disabled' }
    const answers = await Promise.all(admins.map((who, index) => patch(admins[(index + 1) % admins.length]!.user.id, change, who)))
    const left = (await database.asSuperuser<{ id: string }>("SELECT id FROM auth.users WHERE role = 'admin' AND status = 'active'")).map(({ id }) => id)
    t.ok(left.length >= 1, `round ${round}: ${left.length} of ${admins.length} left`)
    for (const { statusCode } of answers) t.match(statusCode, /^(200|401|403|409)$/)
    t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, admins.length - left.length, 'each that succeeded counts')
    await database.asSuperuser("UPDATE auth.users SET role = CASE WHEN id = $1 THEN 'admin' ELSE 'user' END, status = 'active'", [admin.user.id])
    Object.assign(admin, (await logIn(admin.user.email)).json<SignedIn>())
  }
})

t.test('FR-145: who looks at accounts is on record: once an hour in a session, not once a page', async (t) => {
  const other = await makeAdmin()
  for (let n = 0; n < 3; n++) await list('', other)
  await get(`/admin/users/${other.user.id}`, other)
  const read = await database.asSuperuser("SELECT e.user_id, e.session_id, o.user_id AS whose FROM auth.audit_events e JOIN auth.audit_origins o ON o.event_id = e.id WHERE action = 'users.read' AND actor_id = $1", [other.user.id])
  t.same(read, [{ user_id: null, session_id: other.session_id, whose: other.user.id }])
})
