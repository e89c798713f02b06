import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { Label, List, NewTask, Task, TaskPage } from '../contracts.ts'
import { changesOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)
const ada = await signUp()
const path = `/api/${ada.id}`
const patch = (task: Pick<Task, 'id'>, body: object, headers = {}) => call('PATCH', `${path}/tasks/${task.id}`, ada, body, headers)
const labelNamed = async (name: string, user: User = ada) => (await call('POST', `/api/${user.id}/labels`, user, { name })).json<Label>()
const listNamed = async (name: string) => (await call('POST', `${path}/lists`, ada, { name })).json<List>()

t.test('FR-200: a task keeps all its fields, and says those it was not given', async (t) => {
  const plain = await createTask(ada)
  t.match(plain, { priority: 'none', due_date: null, due_at: null, time_zone: null, start_date: null, parent_id: null, label_ids: [], position: /^m\d{13}$/ })
  const [label, list] = [await labelNamed('home'), await listNamed('House')]
  const full = { title: 'Paint', description: 'White', priority: 'high', due_at: '2026-03-29T02:30:00+01:00', time_zone: 'europe/berlin', start_date: '2026-03-01', parent_id: plain.id, label_ids: [label.id], list_id: list.id } as const
  const task = await createTask(ada, full as unknown as NewTask)
  t.match(task, { ...full, due_at: '2026-03-29T01:30:00.000Z', time_zone: 'Europe/Berlin' })
  t.same((await call('GET', `${path}/tasks/${task.id}`, ada)).json(), task)
  t.match((await patch(task, { due_at: null, time_zone: null, due_date: '2026-12-31', label_ids: [], parent_id: null, priority: 'urgent' })).json(),
    { due_at: null, time_zone: null, due_date: '2026-12-31', label_ids: [], parent_id: null, priority: 'urgent', title: 'Paint', start_date: '2026-03-01', version: 2 })
})

t.test('FR-200: a date is a day: no time zone moves it', async (t) => {
  for (const date of ['2026-03-29', '2026-10-25', '2024-02-29', '0001-01-01', '9999-12-31']) {
    t.equal((await createTask(ada, { title: date, due_date: date })).due_date, date)
  }
})

t.test('FR-200: an instant is told with its three digits, whichever they are', async (t) => {
  const { id } = await createTask(ada)
  for (const second of ['2026-03-29T01:30:00', '0001-01-01T00:00:00', '9999-12-31T23:59:59']) {
    for (const millis of ['000', '001', '010', '100', '120', '123', '999']) {
      const instant = `${second}.${millis}Z`
      await database.asSuperuser('UPDATE tasks.tasks SET created_at = $2 WHERE id = $1', [id, instant])
      t.equal((await call('GET', `${path}/tasks/${id}`, ada)).json<Task>().created_at, instant)
      t.equal((await call('GET', `${path}/tasks?sort=created&limit=200`, ada)).json<TaskPage>().items.find((task) => task.id === id)?.created_at, instant)
    }
  }
})

const refusals: Array<[why: string, fields: object, status: number, pointer: string, code: string]> = [
  ['a day that does not exist', { due_date: '2026-02-30' }, 400, '/due_date', 'not_date'],
  ['a day with a time', { due_date: '2026-02-03T00:00:00Z' }, 400, '/due_date', 'not_date'],
  ['an instant without a zone', { due_at: '2026-02-03T00:00:00' }, 400, '/due_at', 'not_date_time'],
  ['a second that does not exist', { due_at: '2026-06-30T23:59:60Z', time_zone: 'UTC' }, 422, '/due_at', 'not_date_time'],
  ['an instant whose time zone is not told', { due_at: '2026-02-03T00:00:00Z' }, 422, '/time_zone', 'zone_without_instant'],
  ['a time zone without an instant', { time_zone: 'Europe/Berlin' }, 422, '/time_zone', 'zone_without_instant'],
  ['a time zone nobody knows', { due_at: '2026-02-03T00:00:00Z', time_zone: 'Middle/Earth' }, 422, '/time_zone', 'unknown_time_zone'],
  ['an offset for a time zone', { due_at: '2026-02-03T00:00:00Z', time_zone: '+05:30' }, 422, '/time_zone', 'unknown_time_zone'],
  ['a day and an instant', { due_date: '2026-02-03', due_at: '2026-02-03T00:00:00Z', time_zone: 'UTC' }, 422, '/due_date', 'due_twice'],
  ['a priority nobody knows', { priority: 'extreme' }, 400, '/priority', 'unknown_value'],
  ['a label nobody has', { label_ids: [randomUUID()] }, 422, '/label_ids', 'unknown_label'],
  ['a label twice', { label_ids: ['018f7c7e-0000-7000-8000-000000000000', '018f7c7e-0000-7000-8000-000000000000'] }, 400, '/label_ids', 'not_unique'],
  ['a parent nobody has', { parent_id: randomUUID() }, 422, '/parent_id', 'unknown_parent'],
  ['a list nobody has', { list_id: randomUUID() }, 422, '/list_id', 'unknown_list'],
]
for (const [why, fields, status, pointer, code] of refusals) {
  t.test(`FR-200 is refused, at its field: ${why}`, async (t) => {
    const task = await createTask(ada)
    for (const response of [await call('POST', `${path}/tasks`, ada, { title: 'x', ...fields }), await patch(task, fields)]) {
      t.equal(response.statusCode, status)
      t.match(response.json().errors, [{ pointer, code, detail: String }])
    }
    t.same((await call('GET', `${path}/tasks/${task.id}`, ada)).json(), task)
  })
}

t.test('FR-200: what one patch makes of due_date and due_at together is judged, not each alone', async (t) => {
  const task = await createTask(ada, { title: 'x', due_date: '2026-02-03' })
  t.equal((await patch(task, { due_at: '2026-02-03T00:00:00Z', time_zone: 'UTC' })).statusCode, 422)
  t.equal((await patch(task, { due_date: null, due_at: '2026-02-03T00:00:00Z', time_zone: 'UTC' })).statusCode, 200)
  t.equal((await patch(task, { time_zone: null })).statusCode, 422)
})

t.test('FR-201: no task becomes a part of itself, however many move at once', async (t) => {
  const [a, b, c] = [await createTask(ada), await createTask(ada), await createTask(ada)]
  t.equal((await patch(a, { parent_id: a.id })).json().errors[0].code, 'cycle')
  await patch(b, { parent_id: a.id })
  await patch(c, { parent_id: b.id })
  t.equal((await patch(a, { parent_id: c.id })).json().errors[0].code, 'cycle')
  for (let round = 0; round < 20; round++) {
    const [x, y] = [await createTask(ada), await createTask(ada)]
    const moves = await Promise.all([patch(x, { parent_id: y.id }), patch(y, { parent_id: x.id })])
    t.same(moves.map(({ statusCode }) => statusCode).sort(), [200, 422])
  }
})

t.test('FR-201: a task with open subtasks is completed by who says what becomes of them', async (t) => {
  const parent = await createTask(ada)
  const child = await createTask(ada, { title: 'Child', parent_id: parent.id })
  const grandchild = await createTask(ada, { title: 'Grandchild', parent_id: child.id })
  const complete = (body?: object) => call('PATCH', `${path}/tasks/${parent.id}/complete`, ada, body)
  const isCompleted = async ({ id }: Task) => (await call('GET', `${path}/tasks/${id}`, ada)).json<Task>().completed
  t.match((await complete()).json(), { status: 409, type: '/problems/open-subtasks', errors: [{ pointer: '/subtasks', code: 'required' }] })
  t.equal((await complete({ subtasks: 'keep' })).statusCode, 200)
  t.same([await isCompleted(parent), await isCompleted(child)], [true, false])
  await complete({ completed: false })
  t.equal((await complete({ subtasks: 'complete' })).statusCode, 200)
  t.same([await isCompleted(parent), await isCompleted(child), await isCompleted(grandchild)], [true, true, true])
  t.equal((await complete({ completed: false })).statusCode, 200)
  t.equal((await complete()).statusCode, 200, 'nothing below is open')
  const group = (await changesOf(database, ada)).filter(({ group_seq: seq }) => seq !== null)
  t.equal(new Set(group.slice(-3).map(({ group_seq: seq }) => seq)).size, 1, 'what was completed together is one group')
})

t.test('FR-201: nor does another write complete it unasked', async (t) => {
  const parent = await createTask(ada)
  const child = await createTask(ada, { title: 'Child', parent_id: parent.id })
  const url = `${path}/tasks/${parent.id}`
  const whole = async (wish: object) => {
    const { title, description, completed, priority, due_date, due_at, time_zone, start_date, list_id, parent_id, label_ids } = (await call('GET', url, ada)).json<Task>()
    return call('PUT', url, ada, { title, description, completed, priority, due_date, due_at, time_zone, start_date, list_id, parent_id, label_ids, ...wish })
  }
  for (const write of [() => call('PATCH', url, ada, { completed: true, title: 'Done' }), () => whole({ completed: true })]) {
    t.match((await write()).json(), { status: 409, type: '/problems/open-subtasks', errors: [{ pointer: '/subtasks', code: 'required' }] })
  }
  t.match((await call('GET', url, ada)).json(), { completed: false, title: parent.title, version: 1 })

  t.equal((await call('PATCH', `${url}/complete`, ada, { subtasks: 'keep' })).statusCode, 200)
  t.match((await whole({ title: 'Renamed' })).json(), { completed: true, title: 'Renamed' }, 'what is completed already stays so')
  t.match((await call('PATCH', url, ada, { completed: false })).json(), { completed: false })
  await call('PATCH', `${path}/tasks/${child.id}`, ada, { completed: true })
  t.match((await call('PATCH', url, ada, { completed: true })).json(), { completed: true }, 'nothing below is open')
})

t.test('FR-201: who completes a task with its subtasks is told of that task and the first change, also where it was completed before', async (t) => {
  const parent = await createTask(ada, { title: 'Parent' })
  await createTask(ada, { title: 'Child', parent_id: parent.id })
  const complete = (subtasks: string) => call('PATCH', `${path}/tasks/${parent.id}/complete`, ada, { subtasks })
  await complete('keep')
  const answer = await complete('complete')
  t.match(answer.json(), { id: parent.id, version: 2 })
  t.equal(answer.headers.etag, '"2-1"')
  t.equal(answer.headers['daymark-change'], (await changesOf(database, ada)).at(-1)?.seq)
})

t.test('FR-201: a task goes to the trash with its subtasks, and comes back with those that went with it', async (t) => {
  const parent = await createTask(ada)
  const [gone, child] = [await createTask(ada, { title: 'Gone before', parent_id: parent.id }), await createTask(ada, { title: 'Child', parent_id: parent.id })]
  const status = async ({ id }: Task) => (await call('GET', `${path}/tasks/${id}`, ada)).statusCode
  await call('DELETE', `${path}/tasks/${gone.id}`, ada)
  t.equal((await call('DELETE', `${path}/tasks/${parent.id}`, ada, undefined, { 'if-match': '"9-1"' })).statusCode, 412)
  t.same([await status(parent), await status(child)], [200, 200], 'of a stale one nothing goes')
  await call('DELETE', `${path}/tasks/${parent.id}`, ada)
  t.same([await status(parent), await status(child)], [404, 404])
  await call('POST', `${path}/tasks/${parent.id}/restore`, ada)
  t.same([await status(parent), await status(child), await status(gone)], [200, 200, 404])
  await call('DELETE', `${path}/tasks/${parent.id}`, ada)
  t.match((await call('POST', `${path}/tasks/${child.id}/restore`, ada)).json(), { parent_id: null }, 'what it was part of is gone')
})

t.test('FR-203: lists are made, changed and deleted with their tasks, as one group; the Inbox stays', async (t) => {
  const list = await listNamed('Trip')
  t.match(list, { name: 'Trip', colour: 'grey', archived: false, is_inbox: false, version: 1 })
  t.match((await call('PATCH', `${path}/lists/${list.id}`, ada, { name: 'Journey', colour: 'blue', archived: true }, { 'if-match': '"1-1"' })).json(), { name: 'Journey', colour: 'blue', archived: true, version: 2 })
  t.match((await call('PATCH', `${path}/lists/${list.id}`, ada, { name: 'x' }, { 'if-match': '"1-1"' })).json(), { status: 412, current: { name: 'Journey' } })
  const task = await createTask(ada, { title: 'Pack', list_id: list.id })
  const below = await createTask(ada, { title: 'Socks', parent_id: task.id })
  t.equal((await call('DELETE', `${path}/lists/${list.id}`, ada)).statusCode, 204)
  for (const { id } of [task, below]) t.equal((await call('GET', `${path}/tasks/${id}`, ada)).statusCode, 404)
  t.equal((await call('GET', `${path}/lists/${list.id}`, ada)).statusCode, 404)
  t.equal((await call('POST', `${path}/tasks`, ada, { title: 'x', list_id: list.id })).statusCode, 422)
  const [first, ...rest] = (await changesOf(database, ada)).slice(-3)
  t.same(rest.map(({ group_seq: seq }) => seq), [first?.seq, first?.seq])
  const inbox = (await call('GET', `${path}/lists`, ada)).json().items[0] as List
  t.match((await call('POST', `${path}/tasks/${task.id}/restore`, ada)).json(), { list_id: inbox.id }, 'where its list is gone, a task comes back in the Inbox')
  for (const response of [await call('DELETE', `${path}/lists/${inbox.id}`, ada), await call('PATCH', `${path}/lists/${inbox.id}`, ada, { archived: true })]) {
    t.match(response.json(), { status: 409, type: '/problems/inbox-stays' })
  }
})

t.test('FR-204: a label has one name, in whatever case, and goes from its tasks when it is deleted', async (t) => {
  const label = await labelNamed('Straße')
  for (const name of ['straße', 'STRAßE', 'Straße'.normalize('NFD')]) {
    t.match((await call('POST', `${path}/labels`, ada, { name })).json(), { status: 409, type: '/problems/label-exists', errors: [{ pointer: '/name', code: 'taken' }] }, name)
  }
  const other = await labelNamed('Weg')
  t.equal((await call('PATCH', `${path}/labels/${other.id}`, ada, { name: 'STRASSE' })).statusCode, 200)
  t.equal((await call('PATCH', `${path}/labels/${other.id}`, ada, { name: 'straße' })).statusCode, 409)
  const eve = await signUp()
  await createTask(eve)
  t.match(await labelNamed('Straße', eve), { name: 'Straße' }, "another user's name is no matter")
  const task = await createTask(ada, { title: 'x', label_ids: [label.id, other.id] })
  t.same(task.label_ids, [label.id, other.id].sort())
  t.equal((await call('DELETE', `${path}/labels/${label.id}`, ada)).statusCode, 204)
  t.match((await call('GET', `${path}/tasks/${task.id}`, ada)).json(), { label_ids: [other.id], version: 2 })
  t.match(await labelNamed('straße'), { name: 'straße' }, 'and its name is free again')
})

t.test('FR-204: of twenty labels of one name made at once there is one', async (t) => {
  const made = await Promise.all(Array.from({ length: 20 }, () => call('POST', `${path}/labels`, ada, { name: 'Race' })))
  t.same(made.map(({ statusCode }) => statusCode).sort(), [201, ...Array<number>(19).fill(409)])
})

t.test('FR-200: of a hundred editors with If-Match each lost write is told, and patches of different fields all survive without', async (t) => {
  const task = await createTask(ada)
  const edits = await Promise.all(Array.from({ length: 100 }, (_, n) => patch(task, { title: `Title ${n}` }, { 'if-match': '"1-1"' })))
  t.same(edits.map(({ statusCode }) => statusCode).sort((a, b) => a - b), [200, ...Array<number>(99).fill(412)])
  const winner = edits.find(({ statusCode }) => statusCode === 200)
  t.same((await call('GET', `${path}/tasks/${task.id}`, ada)).json(), winner?.json())
  await Promise.all([patch(task, { description: 'd' }), patch(task, { priority: 'low' }), patch(task, { due_date: '2026-01-01' }), patch(task, { completed: true })])
  t.match((await call('GET', `${path}/tasks/${task.id}`, ada)).json(), { title: winner?.json<Task>().title, description: 'd', priority: 'low', due_date: '2026-01-01', completed: true, version: 6 })
})

t.test('FR-021: pages stay whole while tasks have every field', async (t) => {
  t.ok((await call('GET', `${path}/tasks?limit=200`, ada)).json<TaskPage>().items.length > 20)
})
