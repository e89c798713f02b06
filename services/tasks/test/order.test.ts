import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import type { List, ListPage, Move, Task, TaskPage } from '../contracts.ts'
import { between, spread } from '../src/order/keys.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const move = (user: User, id: string, to: Move | object, headers: Record<string, string> = {}) => call('POST', `/api/${user.id}/tasks/${id}/move`, user, to, headers)
const order = async (user: User) => (await call('GET', `/api/${user.id}/tasks?limit=200`, user)).json<TaskPage>().items.map(({ id }) => id)

/** What an order becomes when one of it is moved. */
function moved (ids: readonly string[], id: string, { after, before }: Move): string[] {
  const rest = ids.filter((other) => other !== id)
  const place = after === null ? 0 : before === null ? rest.length : typeof after === 'string' ? rest.indexOf(after) + 1 : rest.indexOf(before!)
  return [...rest.slice(0, place), id, ...rest.slice(place)]
}

t.test('FR-254: a key always lies between the two others', async (t) => {
  const newest = fc.integer({ min: 0, max: 9_999_999_999_999 }).map((n) => `m${String(n).padStart(13, '0')}`)
  fc.assert(fc.property(fc.uniqueArray(newest, { minLength: 2, maxLength: 5 }), fc.array(fc.nat(), { maxLength: 60 }), (start, places) => {
    const keys = [...start].sort()
    for (const place of places) {
      const at = place % (keys.length + 1)
      const key = between(keys[at - 1] ?? null, keys[at] ?? null)
      t.ok((at === 0 || keys[at - 1]! < key) && (at === keys.length || key < keys[at]!), `${keys[at - 1]} < ${key} < ${keys[at]}`)
      keys.splice(at, 0, key)
    }
    const many = spread(keys[0]!, keys[1]!, 30)
    t.same([keys[0], ...many, keys[1]], [...new Set([keys[0], ...many, keys[1]])].sort())
  }))
})

t.test('FR-254: whatever is moved wherever, it stands there, the others stay in their order, and all of it can be taken back', async (t) => {
  const step = fc.record({ which: fc.nat(), to: fc.oneof(fc.constant('first'), fc.constant('last'), fc.record({ side: fc.constantFrom('after', 'before'), of: fc.nat() })), isNew: fc.boolean() })
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
    const ada = await signUp()
    let expected: string[] = []
    const add = async () => { expected = [(await createTask(ada, { title: randomUUID() })).id, ...expected] }
    for (let n = 0; n < 4; n++) await add()
    for (const { which, to, isNew } of steps) {
      if (isNew) await add()
      const id = expected[which % expected.length]!
      const others = expected.filter((other) => other !== id)
      const place: Move = to === 'first' ? { after: null } : to === 'last' ? { before: null } : { [(to as { side: string }).side]: others[(to as { of: number }).of % others.length]! }
      const before = await order(ada)
      const response = await move(ada, id, place)
      t.equal(response.statusCode, 200, response.body)
      expected = moved(expected, id, place)
      t.same(await order(ada), expected)
      const change = response.headers['daymark-change']
      if (change === undefined) continue
      const undone = (await call('POST', `/api/${ada.id}/changes/${String(change)}/undo`, ada)).json<{ change_seq: number }>()
      t.same(await order(ada), before)
      await call('POST', `/api/${ada.id}/changes/${undone.change_seq}/undo`, ada)
      t.same(await order(ada), expected)
    }
    t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
  }), { numRuns: 20 })
})

t.test('FR-254: there is room between tasks that stand level, and where keys have grown long', async (t) => {
  const ada = await signUp()
  for (let n = 0; n < 70; n++) await createTask(ada, { title: `${n}` })
  await database.asSuperuser("UPDATE tasks.tasks SET position = 'm5' WHERE user_id = $1", [ada.id])
  for (const [at, to] of [[40, 3], [0, 60], [69, 1]] as const) {
    const level = await order(ada)
    const place = { after: level[to]! }
    t.equal((await move(ada, level[at]!, place)).statusCode, 200)
    t.same(await order(ada), moved(level, level[at]!, place))
  }
  const [first, second, ...rest] = await order(ada)
  rest.push(second!)
  let low = first!
  for (let n = 0; n < 45; n++) { // ever closer to one place
    await database.asSuperuser("UPDATE tasks.tasks SET position = position || repeat('0', 12) || 'i' WHERE user_id = $1 AND id = $2 AND length(position) < 190", [ada.id, low])
    const id = rest[n % rest.length]!
    const before = await order(ada)
    const response = await move(ada, id, { after: low })
    t.equal(response.statusCode, 200, response.body)
    t.same(await order(ada), moved(before, id, { after: low }))
    low = id
  }
  const [{ longest = 0 } = {}] = await database.asSuperuser<{ longest: number }>('SELECT max(length(position)) AS longest FROM tasks.tasks WHERE user_id = $1', [ada.id])
  t.ok(longest <= 210, `${longest} characters`)
})

t.test('FR-254: two that are moved to one place at once both stand there', async (t) => {
  const ada = await signUp()
  const ids: string[] = []
  for (let n = 0; n < 12; n++) ids.push((await createTask(ada, { title: `${n}` })).id)
  const [anchor, ...others] = ids
  const answers = await Promise.all(others.map((id) => move(ada, id, { after: anchor! })))
  t.ok(answers.every(({ statusCode }) => statusCode === 200))
  t.equal((await order(ada))[0], anchor)
  const positions = new Set(answers.map((answer) => answer.json<Task>().position))
  t.equal(positions.size, others.length)
})

t.test('FR-254: what cannot be moved says why', async (t) => {
  const [ada, mallory] = [await signUp(), await signUp()]
  const [task, other] = [await createTask(ada), await createTask(ada)]
  const foreign = await createTask(mallory)
  for (const [to, pointer] of [[{ after: task.id }, '/after'], [{ before: randomUUID() }, '/before'], [{ after: foreign.id }, '/after']] as const) {
    const response = await move(ada, task.id, to)
    t.equal(response.statusCode, 422)
    t.match(response.json(), { errors: [{ pointer }] })
  }
  for (const to of [{}, { after: null, before: null }, { after: 'first' }, { behind: null }]) t.equal((await move(ada, task.id, to)).statusCode, 400, JSON.stringify(to))
  t.equal((await move(ada, randomUUID(), { after: null })).statusCode, 404)
  t.equal((await move(ada, task.id, { after: null }, { 'if-match': '"7-1"' })).statusCode, 412)
  t.equal((await move(ada, other.id, { after: task.id }, { 'if-match': `"${other.version}-1"` })).statusCode, 200)
  t.same(await order(ada), [task.id, other.id])
})

t.test('FR-254: lists are moved likewise; the Inbox stays the first', async (t) => {
  const ada = await signUp()
  const make = async (name: string) => (await call('POST', `/api/${ada.id}/lists`, ada, { name })).json<List>()
  const [a, b, c] = [await make('A'), await make('B'), await make('C')]
  const names = async () => (await call('GET', `/api/${ada.id}/lists`, ada)).json<ListPage>().items.map(({ name }) => name)
  t.same(await names(), ['Inbox', 'C', 'B', 'A'])
  t.equal((await call('POST', `/api/${ada.id}/lists/${a.id}/move`, ada, { after: null })).statusCode, 200)
  await call('POST', `/api/${ada.id}/lists/${c.id}/move`, ada, { after: b.id })
  t.same(await names(), ['Inbox', 'A', 'B', 'C'])
  const [inbox] = (await call('GET', `/api/${ada.id}/lists`, ada)).json<ListPage>().items
  t.equal((await call('POST', `/api/${ada.id}/lists/${inbox!.id}/move`, ada, { before: null })).statusCode, 409)
  t.equal((await call('POST', `/api/${ada.id}/lists/${a.id}/move`, ada, { before: inbox!.id })).statusCode, 422)
})
