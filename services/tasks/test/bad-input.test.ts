import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { startTasks } from './start-tasks.ts'

const { signUp, call, createTask, app, internal } = await startTasks(t)
const ada = await signUp()
const path = `/api/${ada.id}/tasks`
const json = { 'content-type': 'application/json' }

const refused: Array<{ why: string, payload: unknown, status?: number, errors?: Array<{ pointer: string, code: string }> }> = [
  { why: 'an empty title', payload: { title: '' }, errors: [{ pointer: '/title', code: 'too_short' }] },
  { why: 'a blank title', payload: { title: ' \t\u00a0' }, errors: [{ pointer: '/title', code: 'not_allowed' }] },
  { why: 'a title of 201 characters', payload: { title: 'x'.repeat(201) }, errors: [{ pointer: '/title', code: 'too_long' }] },
  { why: 'a title of 201 emoji', payload: { title: '🌿'.repeat(201) }, errors: [{ pointer: '/title', code: 'too_long' }] },
  { why: 'a number for a title', payload: { title: 123 }, errors: [{ pointer: '/title', code: 'wrong_type' }] },
  { why: 'null for a title', payload: { title: null }, errors: [{ pointer: '/title', code: 'wrong_type' }] },
  { why: 'a list for a title', payload: { title: ['x'] }, errors: [{ pointer: '/title', code: 'wrong_type' }] },
  { why: 'an object for a title', payload: { title: { $gt: '' } }, errors: [{ pointer: '/title', code: 'wrong_type' }] },
  { why: 'no title', payload: { description: 'x' }, errors: [{ pointer: '/title', code: 'required' }] },
  { why: 'NUL in a title', payload: { title: 'a\u0000b' }, errors: [{ pointer: '/title', code: 'not_allowed' }] },
  { why: 'half of a surrogate pair', payload: { title: 'a\ud800b' }, errors: [{ pointer: '/title', code: 'not_allowed' }] },
  { why: 'half of a surrogate pair in a description', payload: { title: 'a', description: '\udfff' }, errors: [{ pointer: '/description', code: 'not_allowed' }] },
  { why: 'a description of 20,001 characters', payload: { title: 'a', description: 'x'.repeat(20_001) }, errors: [{ pointer: '/description', code: 'too_long' }] },
  { why: 'an unknown field', payload: { title: 'a', colour: 'red' }, errors: [{ pointer: '/colour', code: 'unknown_field' }] },
  { why: 'a field that only the service sets (SEC-84)', payload: { title: 'a', user_id: randomUUID(), version: 9 }, errors: [{ pointer: '/user_id', code: 'unknown_field' }, { pointer: '/version', code: 'unknown_field' }] },
  { why: 'several wrong fields at once', payload: { title: '', description: 7 }, errors: [{ pointer: '/title', code: 'too_short' }, { pointer: '/description', code: 'wrong_type' }] },
  { why: 'a list_id that is a URN', payload: { title: 'a', list_id: `urn:uuid:${randomUUID()}` }, errors: [{ pointer: '/list_id', code: 'too_long' }] },
  { why: 'a list_id that is no id', payload: { title: 'a', list_id: 'inbox' }, errors: [{ pointer: '/list_id', code: 'not_uuid' }] },
  { why: 'a day of the year 0', payload: { title: 'a', due_date: '0000-01-01', start_date: '0000-12-31' }, errors: [{ pointer: '/due_date', code: 'not_date' }, { pointer: '/start_date', code: 'not_date' }] },
  { why: 'an instant in the year 0', payload: { title: 'a', due_at: '0000-06-01T00:00:00Z', time_zone: 'UTC' }, errors: [{ pointer: '/due_at', code: 'not_date_time' }] },
  { why: 'an instant that is before the year 1 in UTC', payload: { title: 'a', due_at: '0001-01-01T00:00:00+14:00', time_zone: 'UTC' }, errors: [{ pointer: '/due_at', code: 'not_date_time' }] },
  { why: 'an instant that is beyond the year 9999 in UTC', payload: { title: 'a', due_at: '9999-12-31T23:59:59-14:00', time_zone: 'UTC' }, errors: [{ pointer: '/due_at', code: 'not_date_time' }] },
  { why: 'a list', payload: [], errors: [{ pointer: '', code: 'wrong_type' }] },
  { why: 'null', payload: 'null', errors: [{ pointer: '', code: 'wrong_type' }] },
  { why: 'text', payload: '"title"', errors: [{ pointer: '', code: 'wrong_type' }] },
  { why: 'invalid JSON', payload: '{"title":' },
  { why: 'no body', payload: '' },
  { why: '__proto__ (SEC-84)', payload: '{"title":"a","__proto__":{"admin":true}}' },
  { why: 'constructor.prototype (SEC-84)', payload: '{"title":"a","constructor":{"prototype":{"admin":true}}}' },
  { why: 'a title of a megabyte', payload: { title: 'x'.repeat(1_000_000) }, status: 413 },
]

for (const { why, payload, status = 400, errors } of refused) {
  t.test(`FR-042 is refused: ${why}`, async (t) => {
    const response = await call('POST', path, ada, typeof payload === 'string' ? payload : JSON.stringify(payload), json)
    t.equal(response.statusCode, status)
    const problem = response.json()
    t.match(problem, { type: /^\/problems\/[a-z-]+$/, title: String, status, instance: /^urn:request:/ })
    if (errors) t.same(problem.errors.map(({ pointer, code }: { pointer: string, code: string }) => ({ pointer, code })), errors)
    t.notMatch(response.body, /\bat .*\.(ts|js):\d/, 'and no stack is shown')
  })
}

t.test('FR-044: a day that no calendar has, and a number without end, are refused wherever they are asked for', async (t) => {
  for (const [method, url, body, pointer, code] of [
    ['GET', 'tasks?due_before=0000-01-01', undefined, '/querystring/due_before', 'not_date'],
    ['GET', 'tasks?due_after=0000-12-31', undefined, '/querystring/due_after', 'not_date'],
    ['POST', 'tasks/bulk', { action: 'reschedule', filter: {}, due_date: '0000-01-01' }, '/due_date', 'not_date'],
    ['POST', 'tasks/bulk', { action: 'reopen', filter: { due_before: '0000-01-01' } }, '/filter/due_before', 'not_date'],
    ['DELETE', 'trash?until=0000-01-01T00:00:00Z', undefined, '/querystring/until', 'not_date_time'],
    ['GET', 'tasks?limit=1e400', undefined, '/querystring/limit', 'wrong_type'],
    ['GET', 'changes?since=1e400', undefined, '/querystring/since', 'wrong_type'],
    ['GET', 'changes?since=-1e400', undefined, '/querystring/since', 'wrong_type'],
    ['GET', 'changes?wait=1e400', undefined, '/querystring/wait', 'wrong_type'],
    ['POST', 'changes/1e400/undo', undefined, '/params/seq', 'wrong_type'],
  ] as const) {
    const response = await call(method, `/api/${ada.id}/${url}`, ada, body)
    t.match(response.json(), { status: 400, errors: [{ pointer, code, detail: String }] }, `${method} ${url}`)
  }
  for (const due of [{ due_date: '0001-01-01' }, { due_date: '9999-12-31' }, { due_at: '0001-01-01T14:00:00+14:00', time_zone: 'UTC' }, { due_at: '9999-12-31T09:59:59-14:00', time_zone: 'UTC' }]) {
    t.match(await createTask(ada, { title: 'At the edge', ...due }), { title: 'At the edge' })
  }
})

t.test('FR-042: each error is a sentence that names its field and the remedy', async (t) => {
  const { errors } = (await call('POST', path, ada, { title: 'x'.repeat(201), colour: 'red' })).json()
  t.same(errors.map(({ detail }: { detail: string }) => detail).sort(), [
    'colour is not a field of this resource: leave it out',
    'title must have at most 200 characters',
  ])
})

t.test('FR-044: a body of thousands of wrong fields is refused without telling them all', async (t) => {
  const response = await call('POST', path, ada, Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [n, n])))
  t.equal(response.statusCode, 400)
  t.equal(response.json().errors.length, 50)
})

t.test('FR-042: what is wrong with an optional body is told field by field', async (t) => {
  const task = await createTask(ada)
  t.match((await call('PATCH', `${path}/${task.id}/complete`, ada, { completed: 'yes' })).json(), { status: 400, errors: [{ pointer: '/completed', code: 'wrong_type' }] })
})

t.test('FR-042: other media types are 415, and the merge patch has its own', async (t) => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml']) {
    t.equal((await call('POST', path, ada, 'title=x', { 'content-type': type })).statusCode, 415, type)
  }
})

t.test('FR-042: malformed ids and unknown routes', async (t) => {
  for (const [method, url, status] of [
    ['GET', `${path}/not-a-uuid`, 400],
    ['GET', `${path}/${randomUUID()}x`, 400],
    ['GET', `${path}/${'x'.repeat(1000)}`, 400],
    ['GET', `${path}/urn:uuid:${randomUUID()}`, 400],
    ['GET', `${path}/%00`, 400],
    ['GET', `${path}/%zz`, 400],
    ['GET', `${path}/${randomUUID()}`, 404],
    ['DELETE', `${path}/${randomUUID()}`, 404],
    ['GET', '/api', 404],
    ['GET', `${path}/`, 400],
    ['GET', `/API/${ada.id}/tasks`, 404],
    ['GET', `${path}?limit=0`, 400],
    ['GET', `${path}?limit=201`, 400],
    ['GET', `${path}?limit=ten`, 400],
    ['GET', `${path}?status=lost`, 400],
    ['GET', `${path}?color=red`, 400],
    ['GET', `${path}?cursor=AAAA`, 400],
    ['GET', `${path}?status=open&status=all`, 400],
    ['POST', `${path}/${randomUUID()}`, 405],
  ] as const) {
    const response = await call(method, url, ada)
    t.equal(response.statusCode, status, `${method} ${url.slice(path.length - 6, path.length + 60)}`)
    t.match(response.headers['content-type'], /^application\/problem\+json/)
    t.equal(response.json().status, status)
  }
  t.match((await call('POST', `${path}/${randomUUID()}`, ada)).headers.allow, 'GET, PUT, PATCH, DELETE')
})

t.test('SEC-81: metrics and internal routes are on the internal listener alone', async (t) => {
  t.equal((await call('GET', '/metrics')).statusCode, 404)
  t.match((await internal.inject('/metrics')).body, /http_request_duration_seconds/)
  t.equal((await internal.inject(path)).statusCode, 404)
  for (const listener of [app, internal]) {
    t.equal((await listener.inject('/livez')).statusCode, 200)
    t.equal((await listener.inject('/readyz')).statusCode, 200)
  }
})

t.test('SEC-81: every operation of the documented API declares its permission', async (t) => {
  const { paths } = (await call('GET', '/openapi.json')).json()
  for (const [route, operations] of Object.entries<Record<string, { security?: unknown }>>(paths)) {
    for (const [method, { security }] of Object.entries(operations)) t.same(security, [{ accessToken: [] }], `${method} ${route}`)
  }
})

const title = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => /\S/.test(text) && !text.includes('\u0000') && text.isWellFormed())

t.test('FR-044: any storable text comes back exactly; any other is refused with a reason; nothing is a 5xx', async (t) => {
  await fc.assert(fc.asyncProperty(title, fc.string({ unit: 'binary', maxLength: 60 }), async (good, any) => {
    const kept = await createTask(ada, { title: good, description: good })
    if (kept.title !== good || kept.description !== good) throw new Error('Text was altered')
    const response = await call('POST', path, ada, { title: 'x', description: any })
    if (![201, 400].includes(response.statusCode)) throw new Error(`${response.statusCode} for ${JSON.stringify(any)}`)
    if (response.statusCode === 201 && response.json().description !== any) throw new Error('Text was altered')
  }), { numRuns: 150 })
})

t.test('SEC-85: what looks like SQL or HTML is text', async (t) => {
  for (const text of ["'; DROP TABLE tasks.tasks; --", "' OR '1'='1", '$1', '$$;$$', '\\', '%_', '<script>alert(1)</script>', '{{7*7}}', '$' + '{7*7}', "\u202ertl'", 'ﷺ'.repeat(50), '👩‍👩‍👧‍👦'.repeat(20)]) {
    t.equal((await createTask(ada, { title: text })).title, text)
    t.equal((await call('GET', `${path}/${encodeURIComponent(text)}`, ada)).statusCode < 500, true)
  }
  t.equal((await call('GET', path, ada)).statusCode, 200)
})

t.test('FR-044: any JSON whatever, to any route, is never a 5xx', async (t) => {
  const task = await createTask(ada)
  const route = fc.constantFrom(['POST', path], ['PUT', `${path}/${task.id}`], ['PATCH', `${path}/${task.id}`], ['PATCH', `${path}/${task.id}/complete`], ['POST', `${path}/${task.id}/restore`])
  const body = fc.oneof(fc.jsonValue(), fc.record({ title: fc.jsonValue(), description: fc.jsonValue(), completed: fc.jsonValue(), list_id: fc.jsonValue() }, { requiredKeys: [] }))
  await fc.assert(fc.asyncProperty(route, body, async ([method, url], value) => {
    const response = await call(method as 'POST', url as string, ada, JSON.stringify(value), json)
    if (response.statusCode >= 500) throw new Error(`${response.statusCode}: ${response.body}`)
  }), { numRuns: 300 })
})
