import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type BulkChange, type BulkResult, bulkActions, type Label, type List, type Task, type TaskPage } from '../contracts.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const bulk = (user: User, change: BulkChange | Record<string, unknown>, headers: Record<string, string> = {}) => call('POST', `/api/${user.id}/tasks/bulk`, user, change, headers)
const changed = async (user: User, change: BulkChange) => {
  const response = await bulk(user, change)
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json<BulkResult>()
}
const listed = async (user: User, query = '') => (await call('GET', `/api/${user.id}/tasks?limit=200${query}`, user)).json<TaskPage>().items
const titles = (tasks: readonly Task[]) => tasks.map(({ title }) => title).sort()
const contents = async (user: User) => {
  const { task } = await stateOf(database, user)
  return task!.map(({ version: _v, updated_at: _u, ...rest }) => rest)
}

t.test('FR-250: each action changes what was asked for, in one group that is taken back and done again as one', async (t) => {
  const ada = await signUp()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>()
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'House' })).json<List>()
  const [one, two, three] = [await createTask(ada, { title: 'One' }), await createTask(ada, { title: 'Two', due_date: '2026-02-03' }), await createTask(ada, { title: 'Three' })]
  const ids = [two.id, one.id]
  for (const [change, seen] of [
    [{ action: 'label', label_id: label.id }, { label_ids: [label.id] }],
    [{ action: 'unlabel', label_id: label.id }, { label_ids: [] }],
    [{ action: 'move', list_id: list.id }, { list_id: list.id }],
    [{ action: 'prioritise', priority: 'high' }, { priority: 'high' }],
    [{ action: 'reschedule', due_at: '2026-03-01T09:00:00+01:00', time_zone: 'europe/berlin' }, { due_date: null, due_at: '2026-03-01T08:00:00.000Z', time_zone: 'Europe/Berlin' }],
    [{ action: 'reschedule', due_date: '2026-03-02' }, { due_date: '2026-03-02', due_at: null, time_zone: null }],
    [{ action: 'reschedule' }, { due_date: null, due_at: null, time_zone: null }],
    [{ action: 'complete' }, { completed: true }],
    [{ action: 'reopen' }, { completed: false, completed_at: null }],
  ] as const) {
    const before = await contents(ada)
    const response = await bulk(ada, { ...change, ids })
    const { change_seq, items } = response.json<BulkResult>()
    t.same(items.map(({ id, changed, code }) => ({ id, changed, code })), ids.map((id) => ({ id, changed: true, code: null })), JSON.stringify(change))
    t.equal(response.headers['daymark-change'], String(change_seq))
    const now = new Map((await listed(ada)).map((task) => [task.id, task]))
    for (const { id, version } of items) t.match(now.get(id), { ...seen, version }, JSON.stringify(change))
    t.equal(now.get(three.id)?.version, 1, 'and no other')
    const group = (await changesOf(database, ada)).slice(-2)
    t.same(group.map(({ group_seq }) => Number(group_seq)), [change_seq, change_seq])

    const after = await contents(ada)
    const undone = (await call('POST', `/api/${ada.id}/changes/${change_seq}/undo`, ada)).json<{ change_seq: number }>()
    t.same(await contents(ada), before, `${change.action} is taken back`)
    await call('POST', `/api/${ada.id}/changes/${undone.change_seq}/undo`, ada)
    t.same(await contents(ada), after, `${change.action} is done again`)
  }
  t.same(await changed(ada, { action: 'reopen', ids }), { change_seq: null, items: (await listed(ada)).filter(({ id }) => ids.includes(id)).sort((a) => a.id === two.id ? -1 : 1).map(({ id, version }) => ({ id, changed: false, code: null, version })) }, 'what is so already is no change')
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-250: trees go to the trash and come back whole, also where a task and its subtask are both named', async (t) => {
  const ada = await signUp()
  const root = await createTask(ada, { title: 'Root' })
  const child = await createTask(ada, { title: 'Child', parent_id: root.id })
  const leaf = await createTask(ada, { title: 'Leaf', parent_id: child.id })
  const other = await createTask(ada, { title: 'Other' })
  const { items } = await changed(ada, { action: 'delete', ids: [child.id, root.id, other.id] })
  t.same(items.map(({ id, changed }) => [id, changed]), [[child.id, true], [root.id, true], [other.id, true], [leaf.id, true]])
  t.same(await listed(ada), [])
  t.same((await changed(ada, { action: 'delete', ids: [root.id] })).items, [{ id: root.id, changed: false, code: 'not_found', version: null }])
  await changed(ada, { action: 'restore', ids: [leaf.id] })
  t.match(await listed(ada), [{ id: leaf.id, parent_id: null }], 'without its parent it is a task of its own')
  await changed(ada, { action: 'restore', filter: {} })
  t.same(titles(await listed(ada)), ['Child', 'Leaf', 'Other', 'Root'])
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-250: a task with open subtasks is completed where they are among the tasks, or who asks says what becomes of them', async (t) => {
  const ada = await signUp()
  const root = await createTask(ada, { title: 'Root' })
  const child = await createTask(ada, { title: 'Child', parent_id: root.id })
  t.match(await changed(ada, { action: 'complete', ids: [root.id] }), { change_seq: null, items: [{ changed: false, code: 'open_subtasks' }] })
  t.match(await changed(ada, { action: 'complete', ids: [root.id, child.id] }), { items: [{ changed: true }, { changed: true }] })
  await changed(ada, { action: 'reopen', filter: { status: 'completed' } })
  t.match(await changed(ada, { action: 'complete', ids: [root.id], subtasks: 'keep' }), { items: [{ id: root.id, changed: true }] })
  t.same(titles(await listed(ada, '&status=open')), ['Child'])
  await changed(ada, { action: 'reopen', ids: [root.id] })
  t.same((await changed(ada, { action: 'complete', ids: [root.id], subtasks: 'complete' })).items.map(({ id }) => id), [root.id, child.id])
})

t.test('FR-201, FR-250: a task is not completed over a subtask among the tasks that itself cannot be', async (t) => {
  const ada = await signUp()
  const tasks = [await createTask(ada, { title: 'Parent' })]
  for (const title of ['Child', 'Grandchild', 'Not asked for']) tasks.push(await createTask(ada, { title, parent_id: tasks.at(-1)!.id }))
  const other = await createTask(ada, { title: 'Other' })
  const [parent, child, grandchild, last] = tasks.map(({ id }) => id)
  const complete = async (...ids: string[]) => (await call('POST', `/api/${ada.id}/tasks/bulk`, ada, { action: 'complete', ids })).json<BulkResult>().items.map(({ code }) => code)
  t.same(await complete(parent!, child!, grandchild!, other.id), ['open_subtasks', 'open_subtasks', 'open_subtasks', null])
  t.same(await complete(grandchild!, last!, child!, parent!), [null, null, null, null])
})

t.test('FR-251: a filter means what it finds behind the tenant\'s other writers, at most 1,000', async (t) => {
  const ada = await signUp()
  await createTask(ada, { title: 'Before', priority: 'low' })
  const letGo = await database.hold('SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE', [ada.id])
  const waiting = async (n: number) => {
    while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length < n) await delay(5)
  }
  const insert = createTask(ada, { title: 'Meanwhile', priority: 'low' })
  await waiting(1)
  const raising = changed(ada, { action: 'prioritise', priority: 'urgent', filter: { priority: 'low' } })
  await waiting(2)
  await letGo()
  await insert
  t.equal((await raising).items.length, 2, 'what was written first is found')
  t.same(titles(await listed(ada, '&priority=urgent')), ['Before', 'Meanwhile'])

  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, title) SELECT $1, gen_random_uuid(), 'Many' FROM generate_series(1, 999)", [ada.id])
  t.match((await bulk(ada, { action: 'complete', filter: {} })).json(), { status: 422, errors: [{ pointer: '/filter', code: 'too_many' }] })
  t.equal((await changed(ada, { action: 'complete', filter: { priority: 'none' } })).items.length, 999)
  t.same((await changed(ada, { action: 'complete', filter: { list_id: randomUUID() } })), { change_seq: null, items: [] })
})

t.test('FR-250: what cannot be done names the field, and nothing is done', async (t) => {
  const ada = await signUp()
  const { id } = await createTask(ada)
  const before = await contents(ada)
  for (const [change, pointer] of [
    [{ action: 'complete' }, '/ids'],
    [{ action: 'complete', ids: [id], filter: {} }, '/filter'],
    [{ action: 'complete', ids: [id], priority: 'low' }, '/priority'],
    [{ action: 'move', ids: [id] }, '/list_id'],
    [{ action: 'move', ids: [id], list_id: randomUUID() }, '/list_id'],
    [{ action: 'label', ids: [id] }, '/label_id'],
    [{ action: 'label', ids: [id], label_id: randomUUID() }, '/label_id'],
    [{ action: 'unlabel', ids: [id], label_id: randomUUID() }, '/label_id'],
    [{ action: 'prioritise', ids: [id] }, '/priority'],
    [{ action: 'reschedule', ids: [id], due_date: '2026-01-01', due_at: '2026-01-01T00:00:00Z', time_zone: 'UTC' }, '/due_date'],
    [{ action: 'reschedule', ids: [id], due_at: '2026-01-01T00:00:00Z' }, '/time_zone'],
    [{ action: 'reschedule', ids: [id], due_at: '2026-01-01T00:00:00Z', time_zone: 'Nowhere' }, '/time_zone'],
    [{ action: 'complete', filter: { time_zone: 'Nowhere' } }, '/filter/time_zone'],
  ] as const) {
    const response = await bulk(ada, change)
    t.equal(response.statusCode, 422, JSON.stringify(change))
    t.match(response.json(), { errors: [{ pointer }] }, JSON.stringify(change))
  }
  for (const change of [{ action: 'explode', ids: [id] }, { action: 'complete', ids: [] }, { action: 'complete', ids: Array(1001).fill(0).map(() => randomUUID()) }, { action: 'complete', ids: [id, id] }, { action: 'complete', filter: { colour: 'red' } }]) {
    t.equal((await bulk(ada, change)).statusCode, 400, JSON.stringify(change).slice(0, 80))
  }
  t.same(await contents(ada), before)
  t.match((await changed(ada, { action: 'label', ids: [await manyLabels(ada), id], label_id: await newLabel(ada, 'One more') })).items, [{ changed: false, code: 'too_many_labels' }, { changed: true, code: null }])
})

const newLabel = async (user: User, name: string) => (await call('POST', `/api/${user.id}/labels`, user, { name })).json<Label>().id
async function manyLabels (user: User) {
  const label_ids = await Promise.all(Array.from({ length: 50 }, (_, n) => newLabel(user, `label ${n}`)))
  return (await createTask(user, { title: 'Covered', label_ids })).id
}

t.test('FR-203: sent twice with one key, it is done once', async (t) => {
  const ada = await signUp()
  const { id } = await createTask(ada)
  const headers = { 'idempotency-key': randomUUID() }
  const [first, second] = await Promise.all([bulk(ada, { action: 'complete', ids: [id] }, headers), bulk(ada, { action: 'complete', ids: [id] }, headers)])
  t.same(first.json(), second.json())
  t.equal((await changesOf(database, ada)).length, 3, 'with the Inbox and the task')
})

t.test('FR-250: whatever is done to whichever tasks, the log tells all of it, and taking it back gives the state before', async (t) => {
  const ada = await signUp()
  const label = await newLabel(ada, 'A label')
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'A list' })).json<List>().id
  const made: string[] = []
  for (let n = 0; n < 12; n++) made.push((await createTask(ada, { title: `Task ${n}`, ...n % 3 > 0 && { parent_id: made[n - 1]! } })).id)
  const change = fc.record({
    action: fc.constantFrom(...bulkActions),
    ids: fc.uniqueArray(fc.constantFrom(...made, randomUUID()), { minLength: 1, maxLength: 6 }),
    subtasks: fc.constantFrom('keep', 'complete', undefined),
    priority: fc.constantFrom('low', 'high'),
    due_date: fc.constantFrom('2026-05-01', null),
  })
  await fc.assert(fc.asyncProperty(change, async ({ action, ids, subtasks, priority, due_date }) => {
    const given = { complete: { subtasks }, move: { list_id: list }, label: { label_id: label }, unlabel: { label_id: label }, prioritise: { priority }, reschedule: { due_date }, reopen: {}, delete: {}, restore: {} }[action]
    const before = await contents(ada)
    const { change_seq, items } = await changed(ada, { action, ids, ...given } as BulkChange)
    t.same(items.slice(0, ids.length).map(({ id }) => id), ids)
    t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
    if (change_seq === null) return t.same(await contents(ada), before)
    const after = await contents(ada)
    const undone = await call('POST', `/api/${ada.id}/changes/${change_seq}/undo`, ada)
    t.equal(undone.statusCode, 200, undone.body)
    t.same(await contents(ada), before)
    await call('POST', `/api/${ada.id}/changes/${undone.json<{ change_seq: number }>().change_seq}/undo`, ada)
    t.same(await contents(ada), after)
  }), { numRuns: 60 })
})
