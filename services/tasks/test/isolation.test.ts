import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Label, TaskPage } from '../contracts.ts'
import { startTasks, type User, wholeOf } from './start-tasks.ts'

const { app, signUp, call, createTask, database } = await startTasks(t, { DATABASE_POOL_SIZE: '3' })
const ada = await signUp()
const mallory = await signUp()
const task = await createTask(ada, { title: 'Ada\'s secret' })
const trashed = await createTask(ada, { title: 'Thrown away' })
await call('DELETE', `/api/${ada.id}/tasks/${trashed.id}`, ada)
const inbox = (await call('GET', `/api/${ada.id}/lists`, ada)).json().items[0]
const whole = { ...wholeOf(task), title: 'Taken', completed: true, list_id: null }
const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'Secret' })).json<Label>()

/** A change of Ada's with a number that Mallory's log does not reach. */
for (let n = 0; n < 300; n++) await call('PATCH', `/api/${ada.id}/tasks/${task.id}/complete`, ada, { completed: n % 2 === 0 })
const farChange = '303'

/** Everything of one user's, as it is stored. */
const stored = async (user: User) => JSON.stringify(await Promise.all(['accounts', 'lists', 'labels', 'task_labels', 'task_terms', 'tasks', 'changes', 'idempotency_keys'].map((table) =>
  database.asSuperuser(`SELECT * FROM tasks.${table} WHERE user_id = $1 ORDER BY 1, 2`, [user.id]))))

const operations: Array<[method: string, path: string, payload?: object]> = [
  ['GET', '/tasks'],
  ['POST', '/tasks', { title: 'Planted' }],
  ['POST', '/tasks/bulk', { action: 'delete', ids: [task.id] }],
  ['GET', `/tasks/${task.id}`],
  ['PUT', `/tasks/${task.id}`, whole],
  ['PATCH', `/tasks/${task.id}`, { title: 'Taken' }],
  ['DELETE', `/tasks/${task.id}`],
  ['PATCH', `/tasks/${task.id}/complete`, {}],
  ['POST', `/tasks/${task.id}/restore`],
  ['POST', `/tasks/${task.id}/move`, { after: null }],
  ['GET', '/summary'],
  ['GET', '/trash'],
  ['DELETE', '/trash'],
  ['GET', `/trash/${trashed.id}`],
  ['DELETE', `/trash/${trashed.id}`],
  ['GET', '/lists'],
  ['POST', '/lists', { name: 'Planted' }],
  ['GET', `/lists/${inbox.id}`],
  ['PATCH', `/lists/${inbox.id}`, { name: 'Taken' }],
  ['DELETE', `/lists/${inbox.id}`],
  ['POST', `/lists/${inbox.id}/move`, { after: null }],
  ['GET', '/labels'],
  ['POST', '/labels', { name: 'Planted' }],
  ['GET', `/labels/${label.id}`],
  ['PATCH', `/labels/${label.id}`, { name: 'Taken' }],
  ['DELETE', `/labels/${label.id}`],
  ['GET', '/changes'],
  ['GET', '/events'],
  ['GET', `/tasks/${task.id}/history`],
  ['POST', `/changes/${farChange}/undo`],
]
const foreignIds = [task.id, trashed.id, inbox.id, label.id, farChange]
const patternOf = (path: string) => foreignIds.reduce((pattern, id) => pattern.replace(id, id === farChange ? '{seq}' : '{id}'), path)

t.test('SEC-82: the list of operations below is the whole of the documented API', async (t) => {
  const { paths } = (await call('GET', '/openapi.json')).json()
  const documented = Object.entries<object>(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/{user_id}', '')}`))
  t.same(operations.map(([method, path]) => `${method} ${patternOf(path)}`).sort(), documented.sort())
})

/** What a stream begins with, which has no end of its own. */
async function beginningOf (url: string) {
  const response = await app.inject({ url, headers: mallory.headers, payloadAsStream: true })
  const stream = response.stream()
  const [chunk] = await once(stream, 'data') as [Buffer]
  stream.destroy()
  return { statusCode: response.statusCode, body: chunk.toString() }
}

for (const [method, path, payload] of operations) {
  t.test(`SEC-82: ${method} ${patternOf(path)} of someone else`, async (t) => {
    const before = await stored(ada)
    const named = await call(method as 'GET', `/api/${ada.id}${path}`, mallory, payload)
    t.equal(named.statusCode, 403, 'the path names another user')
    t.match(named.json(), { type: '/problems/not-yours' })
    const borrowed = path === '/events' ? await beginningOf(`/api/${mallory.id}${path}`) : await call(method as 'GET', `/api/${mallory.id}${path}`, mallory, payload)
    if (foreignIds.some((id) => path.includes(id))) t.equal(borrowed.statusCode, 404, 'the id is another user\'s')
    else t.notMatch(borrowed.body, ada.id, 'nothing of the other\'s is shown')
    t.equal((await call(method as 'GET', `/api/${ada.id}${path}`, undefined, payload)).statusCode, 401, 'no token')
    t.equal((await call(method as 'GET', `/api/${ada.id.toUpperCase()}${path}`, mallory, payload)).statusCode, 403)
    t.equal(await stored(ada), before, 'nothing changed')
  })
}

t.test('SEC-82: a list, a label or a task of someone else\'s can be named nowhere', async (t) => {
  for (const [method, path, payload] of [
    ['POST', '/tasks', { title: 'x', list_id: inbox.id }],
    ['PATCH', `/tasks/${(await createTask(mallory)).id}`, { list_id: inbox.id }],
    ['PUT', `/tasks/${(await createTask(mallory)).id}`, { ...whole, list_id: inbox.id }],
    ['PATCH', `/tasks/${(await createTask(mallory)).id}`, { label_ids: [label.id] }],
    ['POST', '/tasks', { title: 'x', label_ids: [label.id] }],
    ['PATCH', `/tasks/${(await createTask(mallory)).id}`, { parent_id: task.id }],
    ['POST', '/tasks', { title: 'x', parent_id: task.id }],
  ] as const) t.equal((await call(method, `/api/${mallory.id}${path}`, mallory, payload)).statusCode, 422, `${method} ${Object.keys(payload).join()}`)
})

t.test('FR-030: the composite key alone refuses a row that points at another tenant\'s', async (t) => {
  await t.rejects(database.asSuperuser('INSERT INTO tasks.tasks (user_id, id, list_id, title) VALUES ($1, $2, $3, $4)', [mallory.id, randomUUID(), inbox.id, 'x']), /tasks_list/)
})

t.test('FR-032: whatever many users do at once over few connections, each sees their own and all of it', async (t) => {
  const users = await Promise.all(Array.from({ length: 6 }, signUp))
  const step = fc.record({ user: fc.nat(users.length - 1), act: fc.constantFrom('create', 'list', 'complete', 'foreign', 'broken') })
  const known = new Map(users.map((user) => [user.id, new Set<string>()]))

  async function act (user: User, kind: string) {
    const own = known.get(user.id)!
    const path = `/api/${user.id}/tasks`
    const any = [...own].at(-1)
    const foreign = [...known].find(([id, tasks]) => id !== user.id && tasks.size > 0)?.[1].values().next().value
    if (kind === 'create') own.add((await createTask(user, { title: user.id })).id)
    if (kind === 'broken') await call('POST', path, user, { title: 'x', list_id: inbox.id }) // fails inside the database
    if (kind === 'complete' && any !== undefined) await call('PATCH', `${path}/${any}/complete`, user)
    if (kind === 'foreign' && foreign !== undefined && (await call('GET', `${path}/${foreign}`, user)).statusCode !== 404) throw new Error('A foreign task was found')
    if (kind === 'list') {
      const { items } = (await call('GET', `${path}?limit=200`, user)).json<TaskPage>()
      if (items.some((item) => item.user_id !== user.id || item.title !== user.id)) throw new Error('A foreign task was listed')
    }
  }

  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
    await Promise.all(steps.map(({ user, act: kind }) => act(users[user]!, kind)))
  }), { numRuns: 25 })
  for (const user of users) {
    const rows = await database.asSuperuser('SELECT id FROM tasks.tasks WHERE user_id = $1', [user.id])
    t.same(new Set(rows.map(({ id }) => id)), known.get(user.id))
  }
})
