import t from 'tap'
import fc from 'fast-check'
import { startTasks, type User } from './start-tasks.ts'
import type { Task } from '../contracts.ts'

const { signUp, call, createTask, database } = await startTasks(t)

interface Change { seq: string, object_type: string, object_id: string, action: string, before: Record<string, unknown>, after: Record<string, unknown>, actor_id: string, request_id: string, changed_at: Date }
const changesOf = (user: User) => database.asSuperuser<Change & Record<string, unknown>>('SELECT * FROM tasks.changes WHERE user_id = $1 ORDER BY seq', [user.id])

/** Every task of a user, the trash included, as it is stored. */
const tasksOf = (user: User) => database.asSuperuser(`
  SELECT id, list_id, title, description, to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS completed_at,
    to_char(deleted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS deleted_at, version, created_at, updated_at
  FROM tasks.tasks WHERE user_id = $1 ORDER BY id`, [user.id])

/** The tasks that a log tells of, built from nothing. */
function replay (changes: Change[]) {
  const tasks = new Map<string, Record<string, unknown>>()
  for (const { object_type, object_id, action, after, changed_at } of changes) {
    if (object_type !== 'task') continue
    const task = action === 'created'
      ? { id: object_id, completed_at: null, deleted_at: null, version: 0, created_at: changed_at }
      : tasks.get(object_id)!
    tasks.set(object_id, { ...task, ...after, version: Number(task['version']) + 1, updated_at: changed_at })
  }
  return [...tasks.values()].sort((a, b) => String(a['id']) < String(b['id']) ? -1 : 1)
}

t.test('FR-035: each change is one row: what, which, before, after, who, when, which request', async (t) => {
  const ada = await signUp()
  const url = `/api/${ada.id}/tasks`
  const request = { 'x-request-id': 'a-request-of-mine' }
  const task = (await call('POST', url, ada, { title: 'One', description: 'd' }, request)).json<Task>()
  await call('PATCH', `${url}/${task.id}`, ada, { title: 'Two' }, request)
  await call('PATCH', `${url}/${task.id}/complete`, ada)
  await call('PATCH', `${url}/${task.id}/complete`, ada, { completed: false })
  await call('PUT', `${url}/${task.id}`, ada, { title: 'Three', description: '', completed: true, list_id: null })
  await call('DELETE', `${url}/${task.id}`, ada)
  await call('POST', `${url}/${task.id}/restore`, ada)
  const [inbox, ...changes] = await changesOf(ada)
  t.match(inbox, { seq: '1', object_type: 'list', action: 'created', after: { name: 'Inbox' } })
  t.same(changes.map(({ seq, action, before, after }) => ({ seq, action, fields: Object.keys(after).sort(), same: Object.keys(before).sort().join() === Object.keys(after).sort().join() })), [
    { seq: '2', action: 'created', fields: ['description', 'list_id', 'title'], same: false },
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
  t.same((await call('PUT', url, ada, { title: 'Same', description: 'Same', completed: false, list_id: task.list_id })).json(), task)
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
  t.same(replay(changes), await tasksOf(ada))
  const [{ seq } = { seq: '' }] = await database.asSuperuser<{ seq: string }>('SELECT seq FROM tasks.accounts WHERE user_id = $1', [ada.id])
  t.equal(Number(seq), changes.length)
})

t.test('FR-037: replayed from zero, the log gives the current state exactly', async (t) => {
  const act = fc.record({
    kind: fc.constantFrom('create', 'patch', 'put', 'complete', 'delete', 'restore'),
    which: fc.nat(3),
    title: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 }).filter((text) => /\S/.test(text)),
    completed: fc.boolean(),
  })
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), fc.boolean(), async (acts, atOnce) => {
    const user = await signUp()
    const url = `/api/${user.id}/tasks`
    const ids = await Promise.all([0, 1, 2, 3].map(async (n) => (await createTask(user, { title: `Task ${n}` })).id))
    const run = async ({ kind, which, title, completed }: typeof acts[number]) => {
      const one = `${url}/${ids[which]}`
      const response = await {
        create: () => call('POST', url, user, { title }),
        patch: () => call('PATCH', one, user, { title, completed }),
        put: () => call('PUT', one, user, { title, description: title, completed, list_id: null }),
        complete: () => call('PATCH', `${one}/complete`, user, { completed }),
        delete: () => call('DELETE', one, user),
        restore: () => call('POST', `${one}/restore`, user),
      }[kind as 'put']()
      if (response.statusCode >= 500) throw new Error(response.body)
    }
    if (atOnce) await Promise.all(acts.map(run))
    else for (const next of acts) await run(next)
    const [changes, tasks] = [await changesOf(user), await tasksOf(user)]
    if (!t.strictSame(replay(changes), tasks)) throw new Error('The log and the state differ')
    changes.forEach(({ seq }, index) => { if (Number(seq) !== index + 1) throw new Error('The log has a gap') })
  }), { numRuns: 40, endOnFailure: true })
})

t.test('FR-035: when either half of a write fails, neither is found', async (t) => {
  const ada = await signUp()
  await createTask(ada)
  const survivors = async () => ({ tasks: (await tasksOf(ada)).length, changes: (await changesOf(ada)).length })
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
    const [changes, tasks] = [await changesOf(user), await tasksOf(user)]
    t.same(replay(changes), tasks, 'log and state agree')
    t.same(changes.map(({ seq }) => Number(seq)), changes.map((_, index) => index + 1), 'and have no gap')
    const ids = new Set(tasks.map(({ id }) => id))
    t.ok([...acknowledged.get(user.id)!].every((id) => ids.has(id)), 'nothing acknowledged is lost')
  }
})
