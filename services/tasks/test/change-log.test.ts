import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { changesOf as logOf, replay, stateOf } from './replay.ts'
import { startTasks, type User, wholeOf } from './start-tasks.ts'
import { priorities, type Task } from '../contracts.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const changesOf = (user: User) => logOf(database, user)
const state = (user: User) => stateOf(database, user)

t.test('FR-035: each change is one row: what, which, before, after, who, when, which request', async (t) => {
  const ada = await signUp()
  const url = `/api/${ada.id}/tasks`
  const request = { 'x-request-id': 'a-request-of-mine' }
  const task = (await call('POST', url, ada, { title: 'One', description: 'd' }, request)).json<Task>()
  await call('PATCH', `${url}/${task.id}`, ada, { title: 'Two' }, request)
  await call('PATCH', `${url}/${task.id}/complete`, ada)
  await call('PATCH', `${url}/${task.id}/complete`, ada, { completed: false })
  await call('PUT', `${url}/${task.id}`, ada, { ...wholeOf(task), title: 'Three', description: '', completed: true, list_id: null })
  await call('DELETE', `${url}/${task.id}`, ada)
  await call('POST', `${url}/${task.id}/restore`, ada)
  const [inbox, ...changes] = await changesOf(ada)
  t.match(inbox, { seq: '1', object_type: 'list', action: 'created', after: { name: 'Inbox' } })
  t.same(changes.map(({ seq, action, before, after }) => ({ seq, action, fields: Object.keys(after).sort(), same: Object.keys(before).sort().join() === Object.keys(after).sort().join() })), [
    { seq: '2', action: 'created', fields: ['description', 'label_ids', 'list_id', 'position', 'priority', 'title'], same: false },
    { seq: '3', action: 'updated', fields: ['title'], same: true },
    { seq: '4', action: 'completed', fields: ['completed_at'], same: true },
    { seq: '5', action: 'reopened', fields: ['completed_at'], same: true },
    { seq: '6', action: 'updated', fields: ['completed_at', 'description', 'list_id', 'title'], same: true },
    { seq: '7', action: 'deleted', fields: ['deleted_at'], same: true },
    { seq: '8', action: 'restored', fields: ['deleted_at'], same: true },
  ])
  t.match(changes[1], { object_id: task.id, before: { title: 'One' }, after: { title: 'Two' }, actor_id: ada.id, request_id: 'a-request-of-mine', changed_at: Date })
})

t.test('FR-038: a change that changes nothing gives the same version and logs nothing', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada, { title: 'Same', description: 'Same' })
  const url = `/api/${ada.id}/tasks/${task.id}`
  t.same((await call('PATCH', url, ada, { title: 'Same' })).json(), task)
  t.same((await call('PATCH', `${url}/complete`, ada, { completed: false })).json(), task)
  t.same((await call('PUT', url, ada, wholeOf(task))).json(), task)
  t.equal((await call('PATCH', url, ada, { title: 'x' }, { 'if-match': '"9-1"' })).statusCode, 412)
  t.equal((await changesOf(ada)).length, 2)
})

t.test('FR-036: twenty parallel writers leave no gap and lose nothing', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks`
  await Promise.all(Array.from({ length: 20 }, async (_, writer) => {
    for (let n = 0; n < 10; n++) {
      if (n % 3 === 0) await createTask(ada, { title: `${writer}/${n}` })
      else await call('PATCH', `${url}/${task.id}`, ada, n % 3 === 1 ? { title: `${writer}/${n}` } : { description: `${writer}/${n}` })
    }
  }))
  const changes = await changesOf(ada)
  t.same(changes.map(({ seq }) => Number(seq)), changes.map((_, index) => index + 1))
  t.equal(changes.length, 2 + 200)
  t.same(replay(changes), await state(ada))
  const [{ seq } = { seq: '' }] = await database.asSuperuser<{ seq: string }>('SELECT seq FROM tasks.accounts WHERE user_id = $1', [ada.id])
  t.equal(Number(seq), changes.length)
})

t.test('FR-037: replayed from zero, the log gives the current state exactly, whatever was done', async (t) => {
  const act = fc.record({
    kind: fc.constantFrom('create', 'patch', 'put', 'complete', 'complete-tree', 'delete', 'restore', 'purge', 'empty', 'nest', 'label', 'due', 'rename-list', 'delete-list', 'rename-label', 'delete-label'),
    which: fc.nat(3),
    other: fc.nat(3),
    title: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 }).filter((text) => /\S/.test(text)),
    completed: fc.boolean(),
    priority: fc.constantFrom(...priorities),
    due: fc.option(fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map((date) => date.toISOString())),
    isKeyed: fc.boolean(),
  })
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), fc.boolean(), async (acts, atOnce) => {
    const user = await signUp()
    const url = `/api/${user.id}`
    const made = async (path: string, body: object) => (await call('POST', `${url}${path}`, user, body)).json<{ id: string }>().id
    const first = await createTask(user, { title: 'First' })
    const lists = [await made('/lists', { name: 'One' }), await made('/lists', { name: 'Two', colour: 'teal' })]
    const labels = [await made('/labels', { name: 'one' }), await made('/labels', { name: 'two' })]
    const ids = [first.id, ...await Promise.all([1, 2, 3].map((n) => made('/tasks', { title: `Task ${n}`, list_id: lists[n % 2], label_ids: labels.slice(n - 1) })))]
    const run = async ({ kind, which, other, title, completed, priority, due, isKeyed }: typeof acts[number]) => {
      const task = `${url}/tasks/${ids[which]}`
      const [list, label] = [`${url}/lists/${lists[which % 2]}`, `${url}/labels/${labels[which % 2]}`]
      const [method, path, body] = {
        create: ['POST', `${url}/tasks`, { title, priority, label_ids: [labels[other % 2]] }],
        patch: ['PATCH', task, { title, completed, priority }],
        put: ['PUT', task, { ...wholeOf(first), title, description: title, completed, list_id: null, priority, start_date: due?.slice(0, 10) ?? null }],
        complete: ['PATCH', `${task}/complete`, { completed }],
        'complete-tree': ['PATCH', `${task}/complete`, { completed, subtasks: 'complete' }],
        delete: ['DELETE', task, undefined],
        restore: ['POST', `${task}/restore`, undefined],
        purge: ['DELETE', `${url}/trash/${ids[which]}`, undefined],
        empty: ['DELETE', `${url}/trash`, undefined],
        nest: ['PATCH', task, { parent_id: completed ? ids[other] : null }],
        label: ['PATCH', task, { label_ids: completed ? labels : [] }],
        due: ['PATCH', task, due === null ? { due_at: null, time_zone: null, due_date: null } : completed ? { due_date: null, due_at: due, time_zone: 'Europe/Berlin' } : { due_at: null, time_zone: null, due_date: due.slice(0, 10) }],
        'rename-list': ['PATCH', list, { name: title, archived: completed }],
        'delete-list': ['DELETE', list, undefined],
        'rename-label': ['PATCH', label, { name: title, colour: 'red' }],
        'delete-label': ['DELETE', label, undefined],
      }[kind] as ['PATCH', string, object | undefined]
      const response = await call(method, path, user, body, isKeyed ? { 'idempotency-key': randomUUID() } : {})
      if (response.statusCode >= 500) throw new Error(`${kind}: ${response.body}`)
    }
    if (atOnce) await Promise.all(acts.map(run))
    else for (const next of acts) await run(next)
    const [changes, now] = [await changesOf(user), await state(user)]
    if (!t.strictSame(replay(changes), now)) throw new Error('The log and the state differ')
    changes.forEach(({ seq }, index) => { if (Number(seq) !== index + 1) throw new Error('The log has a gap') })
    const carried = now.task!.flatMap(({ id, label_ids: of }) => (of as string[]).map((label) => `${label} ${String(id)}`)).sort()
    const indexed = await database.asSuperuser<{ row: string }>("SELECT label_id || ' ' || task_id AS row FROM tasks.task_labels WHERE user_id = $1 ORDER BY 1", [user.id])
    if (!t.strictSame(indexed.map(({ row }) => row), carried)) throw new Error('The labels and their index differ')
  }), { numRuns: 40, endOnFailure: true })
})

t.test('FR-035: when either half of a write fails, neither is found', async (t) => {
  const ada = await signUp()
  await createTask(ada)
  const survivors = async () => ({ tasks: (await state(ada)).task!.length, changes: (await changesOf(ada)).length })
  const before = await survivors()
  await database.asSuperuser("CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$")
  for (const [table, event] of [['changes', 'INSERT'], ['accounts', 'UPDATE'], ['tasks', 'INSERT']]) {
    await database.asSuperuser(`CREATE TRIGGER fail AFTER ${event} ON tasks.${table} FOR EACH ROW EXECUTE FUNCTION public.fail()`)
    const response = await call('POST', `/api/${ada.id}/tasks`, ada, { title: 'Half' })
    t.equal(response.statusCode, 500)
    t.notMatch(response.body, 'injected', 'and the client is told nothing of our insides (SEC-88)')
    t.same(await survivors(), before, `${event} on ${table}`)
    await database.asSuperuser(`DROP TRIGGER fail ON tasks.${table}`)
  }
})

t.test('FR-035, FR-043: connections killed a thousand times under writes leave every change with its log row', async (t) => {
  const users = await Promise.all(Array.from({ length: 4 }, signUp))
  for (const user of users) await createTask(user)
  const acknowledged = new Map(users.map((user) => [user.id, new Set<string>()]))
  let [kills, refused] = [0, 0]
  const over = new AbortController()
  const writers = users.flatMap((user) => [1, 2, 3].map(async () => {
    while (!over.signal.aborted) {
      const response = await call('POST', `/api/${user.id}/tasks`, user, { title: 'Survivor' })
      if (response.statusCode === 201) acknowledged.get(user.id)!.add(response.json<Task>().id)
      else if (response.statusCode === 503) refused++
      else throw new Error(`${response.statusCode}: ${response.body}`)
    }
  }))
  while (kills < 1000) {
    const killed = await database.asSuperuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND state = 'active'")
    kills += killed.length
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  over.abort()
  await Promise.all(writers)
  t.ok(refused > 0, 'the faults were felt')
  for (const user of users) {
    const [changes, tasks] = [await changesOf(user), await state(user)]
    t.same(replay(changes), tasks, 'log and state agree')
    t.same(changes.map(({ seq }) => Number(seq)), changes.map((_, index) => index + 1), 'and have no gap')
    const ids = new Set(tasks.task!.map(({ id }) => id))
    t.ok([...acknowledged.get(user.id)!].every((id) => ids.has(id)), 'nothing acknowledged is lost')
  }
})
