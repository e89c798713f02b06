import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import type { ListPage, TaskPage } from '../contracts.ts'
import { askForWhatIsNotYours, startWorld } from './isolation-matrix.ts'
import { startTasks, type User } from './start-tasks.ts'

t.setTimeout(30 * 60 * 1000) // some thousand questions, on a machine of any speed

t.test('SEC-82: every operation of the OpenAPI, asked for another tenant\'s in every place that can name it, refuses and changes nothing', async (t) => {
  const world = await startWorld(t)
  for (const role of ['user', 'admin'] as const) {
    const { findings, probes } = await askForWhatIsNotYours(world, role)
    t.same(findings, [], `by a ${role}`)
    t.comment(`${probes.size} places of ${Object.values(world.document.paths).flatMap(Object.keys).length} operations, as ${role}`)
  }
})

const { signUp, call, createTask, database } = await startTasks(t, { DATABASE_POOL_SIZE: '3' })
const mallory = await signUp()
const ada = await signUp()
await createTask(mallory)
await createTask(ada)
const inbox = (await call('GET', `/api/${ada.id}/lists`, ada)).json<ListPage>().items[0]!

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
