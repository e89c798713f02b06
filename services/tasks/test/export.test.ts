import t from 'tap'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { once } from 'node:events'
import type { Label, List, TaskExport } from '../contracts.ts'
import { Exporter } from '../src/transfer/export-tasks.ts'
import { startTasks, type User } from './start-tasks.ts'

const { app, pool, signUp, call, createTask, database } = await startTasks(t)

const exported = async (user: User) => (await call('GET', `/api/${user.id}/export`, user)).json<TaskExport>()
/** Many tasks at once, as the service would have made them. */
const fill = (user: User, count: number, columns = '') => database.asSuperuser(`
  INSERT INTO tasks.tasks (user_id, id, list_id, title, description)
  SELECT $1, gen_random_uuid(), l.id, 'Task ' || n, repeat('Details ', 25) ${columns} FROM generate_series(1, $2::int) n, tasks.lists l WHERE l.user_id = $1 AND l.is_inbox`, [user.id, count])
const open = async (user: User) => { await call('GET', `/api/${user.id}/lists`, user) }

t.test('FR-260: the export is all there is, deleted or not, in the order of the ids, and nothing of the account itself', async (t) => {
  const ada = await signUp()
  await createTask(await signUp(), { title: 'Somebody else\'s' })
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'House', colour: 'teal' })).json<List>()
  const gone = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'Gone' })).json<List>()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>()
  const root = await createTask(ada, { title: 'Root', list_id: list.id, label_ids: [label.id], due_at: '2026-02-03T09:00:00+01:00', time_zone: 'Europe/Berlin', start_date: '2026-02-01', priority: 'high', description: 'So' })
  const child = await createTask(ada, { title: 'Child', parent_id: root.id })
  const lost = await createTask(ada, { title: 'Lost', list_id: gone.id })
  await call('PATCH', `/api/${ada.id}/tasks/${child.id}/complete`, ada)
  await call('DELETE', `/api/${ada.id}/lists/${gone.id}`, ada)

  const response = await call('GET', `/api/${ada.id}/export`, ada)
  t.equal(response.statusCode, 200)
  t.match(response.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'content-disposition': /^attachment; filename="daymark-tasks-\d{4}-\d\d-\d\d\.json"$/ })
  t.notMatch(response.body, ada.id)
  const file = response.json<TaskExport>()
  t.match(file, { format: 'daymark.tasks', version: 1, inbox: { name: 'Inbox', colour: 'grey' } })
  t.match(file.lists, [{ id: list.id, name: 'House', colour: 'teal', deleted_at: null }, { id: gone.id, deleted_at: String }])
  t.match(file.labels, [{ id: label.id, name: 'home' }])
  const { user_id: _u, completed: _c, ...kept } = root
  t.same(file.tasks, [
    { ...kept, deleted_at: null },
    { ...file.tasks[1], id: child.id, parent_id: root.id, list_id: 'inbox', version: 2, deleted_at: null },
    { ...file.tasks[2], id: lost.id, list_id: gone.id },
  ])
  t.match([file.tasks[1]?.completed_at, file.tasks[2]?.deleted_at], [/Z$/, /Z$/])
  t.equal((await call('GET', `/api/${ada.id}/export`, ada)).body, response.body)
  t.same(await exported(await signUp()), { format: 'daymark.tasks', version: 1, inbox: { name: 'Inbox', colour: 'grey' }, lists: [], labels: [], tasks: [] }, 'of one who has nothing yet')
})

t.test('FR-261: what is written while the file is read is not in it, and the file has all that was there', async (t) => {
  const ada = await signUp()
  await open(ada)
  await fill(ada, 4000)
  const before = (await call('GET', `/api/${ada.id}/export`, ada)).body
  const stream = await new Exporter(pool).begin(ada.id, 'json')
  const reading = stream[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>
  const chunks = [(await reading.next()).value as Buffer]
  const victims = (JSON.parse(before) as TaskExport).tasks
  for (const { id } of [victims[0]!, victims.at(-1)!]) await call('PATCH', `/api/${ada.id}/tasks/${id}`, ada, { title: 'Changed meanwhile' })
  await createTask(ada, { title: 'Added meanwhile' })
  for await (const chunk of reading) chunks.push(chunk)
  t.ok(Buffer.concat(chunks).toString() === before)
})

t.test('FR-261: who stops reading gives the connection back, and gets no end', async (t) => {
  const ada = await signUp()
  await open(ada)
  await fill(ada, 4000)
  const exporter = new Exporter(pool, { patienceMs: 50 })
  const stalled = [await exporter.begin(ada.id, 'json'), await exporter.begin(ada.id, 'csv')]
  await t.rejects(exporter.begin(ada.id, 'json'), /Too much/, 'two at once')
  await Promise.all(stalled.map(async (stream) => { await t.rejects(once(stream, 'end')) }))
  const [{ count } = { count: -1 }] = await database.asSuperuser<{ count: number }>("SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'")
  t.equal(count, 0)
  const gone = await exporter.begin(ada.id, 'json')
  gone.destroy()
  const whole = await exporter.begin(ada.id, 'json')
  whole.resume()
  await once(whole, 'end')
})

t.test('FR-261: it is refused before it begins where the database is away', async (t) => {
  const broken = { ...pool, transaction: async () => { throw new Error('Connection terminated') } } as typeof pool
  await t.rejects(new Exporter(broken).begin('x', 'json'), /terminated/)
})

const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('=1+1', '+1', '-1', '@SUM(A1)', '\tTab', '\nLine', '\'quoted', '\'=1', '"', 'a,b', '🏳️‍🌈 עברית é e\u0301', '<script>alert(1)</script>', '\'; DROP TABLE tasks.tasks; --', '\uFEFFmark', '＝1'),
)

t.test('FR-262: the CSV has every task in a line of its own, whatever is in it, and no formula', async (t) => {
  const ada = await signUp()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: '=label, "two"' })).json<Label>()
  const made = new Map<string, [string, string]>()
  await fc.assert(fc.asyncProperty(nasty, nasty, async (title, description) => {
    const created = await call('POST', `/api/${ada.id}/tasks`, ada, { title, description, label_ids: [label.id] })
    if (created.statusCode === 201) made.set(created.json<{ id: string }>().id, [title, description])
  }), { numRuns: 200 })

  const response = await call('GET', `/api/${ada.id}/export?format=csv`, ada)
  t.match(response.headers, { 'content-type': 'text/csv; charset=utf-8; header=present', 'content-disposition': /\.csv"$/ })
  t.ok(response.body.startsWith('\uFEFFid,list,parent_id,title,'))
  const rows = parse<Record<string, string>>(response.rawPayload, { columns: true, bom: true })
  t.equal(rows.length, made.size)
  const meant = (cell: string) => cell.replace(/^'/, '')
  for (const row of rows) {
    t.same([meant(row['title']!), meant(row['description']!)], made.get(row['id']!))
    for (const cell of Object.values(row)) t.notMatch(cell, /^[=+\-@\t\r\n＝＋－＠]/)
    t.match(row, { list: 'Inbox', labels: '\'=label, "two"', priority: 'none', deleted_at: '' })
  }
})

t.test('FR-260: an unknown format is refused', async (t) => {
  const ada = await signUp()
  t.match((await call('GET', `/api/${ada.id}/export?format=xml`, ada)).json(), { status: 400, errors: [{ pointer: '/querystring/format', code: 'unknown_value' }] })
})

t.test('FR-266: an account is given so many files an hour', async (t) => {
  const { signUp, call } = await startTasks(t, { TRANSFERS_PER_HOUR: '2' })
  const [ada, bob] = [await signUp(), await signUp()]
  const ask = async (user: User) => await call('GET', `/api/${user.id}/export`, user)
  t.same([(await ask(ada)).statusCode, (await ask(ada)).statusCode], [200, 200])
  const refused = await ask(ada)
  t.equal(refused.statusCode, 429)
  t.match(refused.json(), { type: '/problems/too-many-requests', detail: /^Try again in \d+ minutes/ })
  t.match(refused.headers, { 'retry-after': /^\d+$/, 'ratelimit-policy': '"default";q=2;w=3600' })
  t.equal((await ask(bob)).statusCode, 200)
  t.equal((await call('GET', `/api/${ada.id}/tasks`, ada)).statusCode, 200)
})

t.test('FR-261: it goes over the wire as it is read', async (t) => {
  const ada = await signUp()
  await open(ada)
  await fill(ada, 3000)
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${origin}/api/${ada.id}/export`, { headers: ada.headers })
  t.equal(response.headers.get('content-length'), null)
  t.equal((await response.json() as TaskExport).tasks.length, 3000)
})
