import t from 'tap'
import fc from 'fast-check'
import type { Task, TrashedTask, TrashPage } from '../contracts.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const trash = (user: User, query = '', headers = {}) => call('GET', `/api/${user.id}/trash${query}`, user, undefined, headers)
const remove = (user: User, { id }: Pick<Task, 'id'>) => call('DELETE', `/api/${user.id}/tasks/${id}`, user)
const restore = (user: User, { id }: Pick<Task, 'id'>) => call('POST', `/api/${user.id}/tasks/${id}/restore`, user)

async function trashOf (user: User, limit: number, betweenPages = async () => {}): Promise<TrashedTask[]> {
  const items: TrashedTask[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await trash(user, `?limit=${limit}${cursor && `&cursor=${cursor}`}`)
    if (response.statusCode !== 200) throw new Error(response.body)
    const page = response.json<TrashPage>()
    items.push(...page.items)
    cursor = page.next_cursor
    await betweenPages()
  }
  return items
}

t.test('FR-213: the trash lists what is in it, the last deleted first, and is empty for who has deleted nothing', async (t) => {
  const ada = await signUp()
  t.same((await trash(ada)).json(), { items: [], next_cursor: null, keep_days: 30 })
  const [first, second, kept] = [await createTask(ada, { title: 'First' }), await createTask(ada, { title: 'Second' }), await createTask(ada, { title: 'Kept' })]
  await remove(ada, first)
  await remove(ada, second)
  const { items } = (await trash(ada)).json<TrashPage>()
  t.same(items.map(({ title }) => title), ['Second', 'First'])
  t.match(items[0], { id: second.id, user_id: ada.id, version: second.version + 1, deleted_at: /^\d{4}-.*Z$/ })
  await restore(ada, second)
  t.same((await trash(ada)).json<TrashPage>().items.map(({ id }) => id), [first.id])
  t.equal((await call('GET', `/api/${ada.id}/tasks/${kept.id}`, ada)).statusCode, 200)
  const bob = await signUp()
  t.same((await trash(bob)).json(), { items: [], next_cursor: null, keep_days: 30 })
  t.equal((await call('GET', `/api/${ada.id}/trash`, bob)).statusCode, 403)
})

t.test('FR-213: a task comes with those below it, and goes back with them', async (t) => {
  const ada = await signUp()
  const above = await createTask(ada, { title: 'Above' })
  const below = await createTask(ada, { title: 'Below', parent_id: above.id })
  await remove(ada, above)
  t.same((await trash(ada)).json<TrashPage>().items.map(({ id }) => id).sort(), [above.id, below.id].sort())
  await restore(ada, above)
  t.same((await trash(ada)).json<TrashPage>().items, [])
})

t.test('FR-213: while nothing changes the answer is 304, and after a change it is not', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada, { title: 'Deleted' })
  await remove(ada, task)
  const { headers: { etag } } = await trash(ada)
  t.equal((await trash(ada, '', { 'if-none-match': etag })).statusCode, 304)
  t.equal((await trash(ada, '?limit=1', { 'if-none-match': etag })).statusCode, 200, 'of another query')
  await restore(ada, task)
  t.equal((await trash(ada, '', { 'if-none-match': etag })).statusCode, 200)
})

t.test('FR-213: a cursor is of its own list and tenant, and a wrong query names its field', async (t) => {
  const [ada, bob] = [await signUp(), await signUp()]
  for (const user of [ada, bob]) for (const title of ['One', 'Two']) await remove(user, await createTask(user, { title }))
  const cursor = (await trash(ada, '?limit=1')).json<TrashPage>().next_cursor
  t.equal((await trash(ada, `?limit=1&cursor=${cursor}`)).json<TrashPage>().items.length, 1)
  t.equal((await trash(bob, `?cursor=${cursor}`)).statusCode, 400)
  t.equal((await call('GET', `/api/${ada.id}/tasks?cursor=${cursor}`, ada)).statusCode, 400)
  t.match((await trash(ada, '?limit=201')).json(), { errors: [{ pointer: '/querystring/limit' }] })
  t.match((await trash(ada, '?status=open')).json(), { status: 400 })
})

t.test('FR-213: through pages of any size, what stays in the trash is there exactly once, whatever is deleted and restored meanwhile', async (t) => {
  const ada = await signUp()
  const tasks = await Promise.all(Array.from({ length: 30 }, (_, n) => createTask(ada, { title: `Task ${n}` })))
  const fresh = await Promise.all(Array.from({ length: 60 }, (_, n) => createTask(ada, { title: `Fresh ${n}` })))
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.shuffledSubarray(tasks, { minLength: 8 }), fc.nat(6), async (limit, deleted, restored) => {
    await database.asSuperuser('UPDATE tasks.tasks SET deleted_at = NULL WHERE user_id = $1', [ada.id])
    for (const task of deleted) await remove(ada, task)
    const [back, stay] = [deleted.slice(0, restored), deleted.slice(restored)]
    let page = 0
    const seen = await trashOf(ada, limit, async () => {
      const [task, other] = [back[page], fresh[page++]]
      if (task) await restore(ada, task)
      if (other) await remove(ada, other)
    })
    const ids = seen.map(({ id }) => id)
    const isOrdered = seen.every(({ deleted_at: at }, n) => n === 0 || at <= seen[n - 1]!.deleted_at)
    return isOrdered && new Set(ids).size === ids.length && stay.every(({ id }) => ids.includes(id))
  }), { numRuns: 25 })
})
