import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { type Direction, directions, type Label, priorities, type Priority, type Sort, sorts, type Task, type TaskPage, type TaskQuery } from '../contracts.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)
const ada = await signUp()

const searchOf = (query: Record<string, unknown>) => new URLSearchParams(Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)] as [string, string]]))
const list = (user: User, query: Partial<TaskQuery> = {}, headers = {}) => call('GET', `/api/${user.id}/tasks?${searchOf(query)}`, user, undefined, headers)

/** All that a query lists, page by page. */
async function listAll (user: User, query: Partial<TaskQuery>, betweenPages = async () => {}): Promise<Task[]> {
  const items: Task[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const response = await list(user, { ...query, ...cursor !== undefined && { cursor } })
    if (response.statusCode !== 200) throw new Error(response.body)
    const page = response.json<TaskPage>()
    items.push(...page.items)
    cursor = page.next_cursor
    await betweenPages()
  }
  return items
}

const dayIn = (instant: string, timeZone: string) => new Intl.DateTimeFormat('sv', { timeZone }).format(new Date(instant))
const dueOf = ({ due_at: at, due_date: date }: Task) => at ?? (date === null ? null : `${date}T00:00:00.000Z`)
const folded = (text: string) => text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '').toLowerCase()
const keyOf: Record<Sort, (task: Task) => string | number | null> = {
  position: ({ position }) => position,
  due: dueOf,
  priority: ({ priority }) => priorities.indexOf(priority),
  created: ({ created_at: at }) => at,
  updated: ({ updated_at: at }) => at,
  title: ({ title }) => folded(title),
}

/** What a list must be, the simple way. */
function naiveList (tasks: Task[], query: Partial<TaskQuery>): string[] {
  const { status = 'all', sort = 'position', direction = 'asc', time_zone: zone = 'UTC', list_id, label, priority, parent_id, due_before: before, due_after: after } = query
  const dayOf = ({ due_at: at, due_date: date }: Task) => at === null ? date : dayIn(at, zone)
  const kept = tasks.filter((task) => {
    const day = dayOf(task)
    return (status === 'all' || task.completed === (status === 'completed')) &&
      (list_id === undefined || task.list_id === list_id) &&
      (label === undefined || task.label_ids.includes(label)) &&
      (priority === undefined || task.priority === priority) &&
      (parent_id === undefined || task.parent_id === (parent_id === 'none' ? null : parent_id)) &&
      (before === undefined || (day !== null && day < before)) && (after === undefined || (day !== null && day > after))
  })
  const sign = direction === 'asc' ? 1 : -1
  return kept.toSorted((a, b) => {
    const [x, y] = [keyOf[sort](a), keyOf[sort](b)]
    if (x === y) return a.id < b.id ? -sign : sign
    if (x === null || y === null) return x === null ? 1 : -1
    return x < y ? -sign : sign
  }).map(({ id }) => id)
}

const days = ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-25', '2026-11-01', '2026-12-31']
const zones = ['UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'Pacific/Niue', 'America/Havana', 'Asia/Kathmandu']
const instants = days.flatMap((day) => ['00:00', '03:59', '04:30', '05:30', '11:00', '13:59', '23:30'].map((time) => `${day}T${time}:00.000Z`))

const everything = (await Promise.all([signUp()]))[0]!
const path = `/api/${everything.id}`
const label = (await call('POST', `${path}/labels`, everything, { name: 'home' })).json<Label>()
const trip = (await call('POST', `${path}/lists`, everything, { name: 'Trip' })).json().id as string
const root = await createTask(everything, { title: 'Root' })

t.test('FR-210: any filter with any sort gives what filtering and sorting by hand gives, in pages of any size', async (t) => {
  const pick = <T>(values: readonly T[], n: number) => values[n % values.length]!
  for (let n = 0; n < 90; n++) {
    const isAt = n % 3 === 0
    const task = await createTask(everything, {
      title: pick(['apple', 'Äpfel', 'äpfel', 'Zebra', 'zebra', 'Éclair', 'eclair', '日本'], n * 7),
      priority: pick(priorities, n * 3),
      ...isAt ? { due_at: pick(instants, n / 3), time_zone: pick(zones, n) } : n % 3 === 1 && { due_date: pick(days, n) },
      ...n % 4 === 0 && { label_ids: [label.id] },
      ...n % 5 === 0 && { parent_id: root.id },
      ...n % 2 === 0 && { list_id: trip },
    })
    if (n % 3 === 2) await call('PATCH', `${path}/tasks/${task.id}/complete`, everything)
    if (n % 11 === 0) await call('DELETE', `${path}/tasks/${task.id}`, everything)
  }
  const tasks = await listAll(everything, { limit: 200 })
  const optional = <T>(...values: T[]) => fc.constantFrom(undefined, undefined, ...values)
  await fc.assert(fc.asyncProperty(fc.record({
    status: fc.constantFrom('open' as const, 'completed' as const, 'all' as const),
    sort: fc.constantFrom(...sorts),
    direction: fc.constantFrom(...directions),
    limit: fc.integer({ min: 1, max: 60 }),
    list_id: optional(trip, root.list_id!, randomUUID()),
    label: optional(label.id),
    priority: optional(...priorities),
    parent_id: optional('none', root.id),
    due_before: optional(...days),
    due_after: optional(...days),
    time_zone: optional(...zones),
  }), async (query) => {
    const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as Partial<TaskQuery>
    const [found, expected] = [(await listAll(everything, given)).map(({ id }) => id), naiveList(tasks, given)]
    if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`${found.length} listed, ${expected.length} expected`)
  }), { numRuns: 150 })
})

t.test('FR-210: what a filter cannot be is told at its field', async (t) => {
  for (const [query, status, pointer, code] of [
    ['sort=size', 400, '/querystring/sort', 'unknown_value'],
    ['direction=up', 400, '/querystring/direction', 'unknown_value'],
    ['due_before=2026-02-30', 400, '/querystring/due_before', 'not_date'],
    ['parent_id=all', 400, '/querystring/parent_id', 'not_allowed'],
    ['label=home', 400, '/querystring/label', 'not_uuid'],
    ['time_zone=%2B05:30', 400, '/querystring/time_zone', 'not_allowed'],
    ['time_zone=Middle/Earth', 422, '/querystring/time_zone', 'unknown_time_zone'],
    ['offset=20', 400, '/querystring/offset', 'unknown_field'],
  ] as const) {
    t.match((await call('GET', `/api/${ada.id}/tasks?${query}`, ada)).json(), { status, errors: [{ pointer, code, detail: String }] }, query)
  }
})

t.test('FR-210: a cursor serves the query it came from, and no other', async (t) => {
  const cursor = (await list(everything, { limit: 1, sort: 'due' })).json<TaskPage>().next_cursor!
  t.equal((await list(everything, { limit: 5, sort: 'due', direction: 'asc', cursor })).statusCode, 200, 'a page may be of another size')
  for (const other of [{ sort: 'title' }, { sort: 'due', direction: 'desc' }, { sort: 'due', priority: 'low' }, { sort: 'due', time_zone: 'Europe/Berlin' }] as const) {
    t.match((await list(everything, { limit: 1, ...other, cursor })).json(), { status: 400, type: '/problems/invalid-cursor' })
  }
})

t.test('FR-210: the longest title and the strangest has its place', async (t) => {
  const eve = await signUp()
  for (const title of ['ﷺ'.repeat(200), '👩‍👩‍👧‍👦'.repeat(28), 'ÅÅ'.repeat(100), "'; DROP TABLE tasks.tasks --"]) await createTask(eve, { title })
  for (const direction of directions) t.equal((await listAll(eve, { sort: 'title', direction, limit: 1 })).length, 4)
})

t.test('FR-211: paging through 10,000 tasks while five writers insert, delete and move gives each untouched one once, for every sort', async (t) => {
  const eve = await signUp()
  await createTask(eve)
  await database.asSuperuser(`
    INSERT INTO tasks.tasks (user_id, id, title, priority, due_date, position, created_at, updated_at)
    SELECT $1, gen_random_uuid(), 'Untouched ' || g % 500, (ARRAY['none', 'low', 'medium', 'high', 'urgent'])[1 + g % 5], CASE WHEN g % 3 > 0 THEN date '2026-01-01' + g % 400 END,
      tasks.newest_position(now() - g % 4000 * interval '1 ms'), now() - g % 3000 * interval '1 ms', now() - g % 2000 * interval '1 ms'
    FROM generate_series(1, 10000) g`, [eve.id])
  const untouched = (await database.asSuperuser<{ id: string }>("SELECT id FROM tasks.tasks WHERE user_id = $1 AND title LIKE 'Untouched %'", [eve.id])).map(({ id }) => id).sort()
  for (const sort of sorts) {
    for (const direction of directions) {
      const over = new AbortController()
      let written = 0
      const write = async (writer: number) => {
        for (let n = writer; !over.signal.aborted; n++) {
          const task = await createTask(eve, { title: `Untouched ${n % 500} as well`, priority: priorities[n % 5] as Priority, ...n % 2 === 0 && { due_date: '2026-06-01' } })
          await call('POST', `/api/${eve.id}/tasks/${task.id}/move`, eve, { after: untouched[n * 7919 % untouched.length] })
          await call('DELETE', `/api/${eve.id}/tasks/${task.id}`, eve)
          written++
        }
      }
      const writers = Promise.all(Array.from({ length: 5 }, (_, writer) => write(writer)))
      const seen = (await listAll(eve, { sort, direction: direction as Direction, limit: 200 })).map(({ id }) => id)
      over.abort()
      await writers
      const mine = new Set(untouched)
      t.same(seen.filter((id) => mine.has(id)).sort(), untouched, `${sort} ${direction}`)
      t.ok(written > 0, 'and others wrote meanwhile')
    }
  }
})

t.test('FR-212: a list that has not changed is not sent again, and one that has always is', async (t) => {
  const eve = await signUp()
  const tagOf = async (query: Partial<TaskQuery> = {}) => (await list(eve, query)).headers.etag as string
  const known = async (etag: string, query: Partial<TaskQuery> = {}) => (await list(eve, query, { 'if-none-match': etag })).statusCode === 304
  t.ok(await known(await tagOf()), 'nothing stays nothing')
  const [empty, task] = [await tagOf(), await createTask(eve)]
  t.notOk(await known(empty))
  const etag = await tagOf()
  t.ok(await known(etag))
  t.notOk(await known(etag, { status: 'open' }), 'it belongs to its query')
  t.notOk((await list(ada, {}, { 'if-none-match': etag })).statusCode === 304, 'and to its user')
  for (const [method, url, body] of [['PATCH', '', { title: 'Another' }], ['PATCH', '/complete', {}], ['DELETE', '', undefined], ['POST', '/restore', undefined]] as const) {
    const before = await tagOf()
    await call(method, `/api/${eve.id}/tasks/${task.id}${url}`, eve, body)
    t.notOk(await known(before), `${method} ${url}`)
  }
  t.equal((await list(eve, {}, { 'if-none-match': await tagOf() })).body, '')
  for (const query of [{ priority: 'urgent' }, { q: 'nothing of it' }, { due_before: '2000-01-01', sort: 'due' }] as const) {
    const none = await tagOf(query)
    t.ok(await known(none, query), `nothing found is not sent again either: ${JSON.stringify(query)}`)
    await createTask(eve)
    t.notOk(await known(none, query))
  }
})
