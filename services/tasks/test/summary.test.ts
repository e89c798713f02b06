import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import type { Label, List, NewTask, Summary, Task } from '../contracts.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const asked = (user: User, query = '', headers: Record<string, string> = {}) => call('GET', `/api/${user.id}/summary${query}`, user, undefined, headers)
const summaryOf = async (user: User, zone = 'UTC') => (await asked(user, `?time_zone=${encodeURIComponent(zone)}`)).json<Summary>()

t.test('FR-252: a new account has nothing to count', async (t) => {
  t.match(await summaryOf(await signUp()), { state: { open: 0, completed: 0, trashed: 0 }, due: { overdue: 0, today: 0, soon: 0, later: 0, none: 0 }, lists: [], labels: [] })
})

t.test('FR-253: what is due today is so by the clock of who asks', async (t) => {
  const ada = await signUp()
  await createTask(ada, { title: 'A day', due_date: '2026-03-10' })
  await createTask(ada, { title: 'An instant', due_at: '2026-03-10T23:30:00Z', time_zone: 'UTC' })
  t.same((await dueAt(ada, 'UTC', 0)).due, { overdue: 0, today: 2, soon: 0, later: 0, none: 0 })
  t.same((await dueAt(ada, 'Asia/Tokyo', 0)).due, { overdue: 0, today: 1, soon: 1, later: 0, none: 0 }, 'the instant is tomorrow there')
  t.same((await dueAt(ada, 'UTC', 1)).due, { overdue: 2, today: 0, soon: 0, later: 0, none: 0 })
  t.same((await dueAt(ada, 'UTC', -6)).due, { overdue: 0, today: 0, soon: 2, later: 0, none: 0 })
  t.same((await dueAt(ada, 'UTC', -7)).due, { overdue: 0, today: 0, soon: 0, later: 2, none: 0 })
  t.match((await asked(ada, '?time_zone=Nowhere/Land')).json(), { status: 422, errors: [{ pointer: '/querystring/time_zone' }] })
})

/** The summary as it is where the day in the zone lies so many days behind 10 March 2026: the tasks are moved, not the clock. */
async function dueAt (user: User, zone: string, days: number) {
  const { today } = await summaryOf(user, zone)
  const shift = Math.round((Date.parse(today) - Date.parse('2026-03-10')) / 86_400_000) - days
  await database.asSuperuser("UPDATE tasks.tasks SET due_date = '2026-03-10'::date + $2::int WHERE user_id = $1 AND due_date IS NOT NULL", [user.id, shift])
  await database.asSuperuser("UPDATE tasks.tasks SET due_at = '2026-03-10T23:30:00Z'::timestamptz + make_interval(days => $2) WHERE user_id = $1 AND due_at IS NOT NULL", [user.id, shift])
  return await summaryOf(user, zone)
}

t.test('FR-253: its ETag changes with every change, with the day and with the zone, and with nothing else', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const etag = String((await asked(ada)).headers['etag'])
  t.equal((await asked(ada, '', { 'if-none-match': etag })).statusCode, 304)
  t.equal((await asked(ada, '?time_zone=Asia/Tokyo', { 'if-none-match': etag })).statusCode, 200)
  await call('PATCH', `/api/${ada.id}/tasks/${task.id}/complete`, ada)
  const after = await asked(ada, '', { 'if-none-match': etag })
  t.equal(after.statusCode, 200)
  t.match(after.json(), { state: { open: 0, completed: 1 } })
  const zones = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'] // 25 hours apart: never the same day
  const days = await Promise.all(zones.map(async (zone) => (await summaryOf(ada, zone)).today))
  t.not(days[0], days[1])
})

t.test('FR-252: it counts what is there, whatever was done', async (t) => {
  const lists = ['House', 'Work']
  const action = fc.record({
    list: fc.integer({ min: 0, max: 2 }),
    labels: fc.subarray([0, 1]),
    day: fc.integer({ min: -3, max: 9 }),
    due: fc.constantFrom('date', 'none'),
    state: fc.constantFrom('open', 'completed', 'trashed'),
  })
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
    const [ada, mallory] = [await signUp(), await signUp()]
    await createTask(mallory)
    const listIds = await Promise.all(lists.map(async (name) => (await call('POST', `/api/${ada.id}/lists`, ada, { name })).json<List>().id))
    const labelIds = await Promise.all(['a', 'b'].map(async (name) => (await call('POST', `/api/${ada.id}/labels`, ada, { name })).json<Label>().id))
    const { today } = await summaryOf(ada)
    const expected = { state: { open: 0, completed: 0, trashed: 0 }, due: { overdue: 0, today: 0, soon: 0, later: 0, none: 0 }, lists: new Map<string, { open: number, completed: number }>(), labels: new Map<string, { open: number, completed: number }>() }
    for (const { list, labels, day, due, state } of actions) {
      const dueDate = new Date(Date.parse(today) + day * 86_400_000).toISOString().slice(0, 10)
      const fields: NewTask = { title: randomUUID(), label_ids: labels.map((n) => labelIds[n]!), ...list < 2 && { list_id: listIds[list]! }, ...due === 'date' && { due_date: dueDate } }
      const task: Task = await createTask(ada, fields)
      if (state === 'completed') await call('PATCH', `/api/${ada.id}/tasks/${task.id}/complete`, ada)
      if (state === 'trashed') await call('DELETE', `/api/${ada.id}/tasks/${task.id}`, ada)
      expected.state[state]++
      if (state === 'trashed') continue
      if (state === 'open') expected.due[due === 'none' ? 'none' : day < 0 ? 'overdue' : day === 0 ? 'today' : day < 7 ? 'soon' : 'later']++
      for (const [counts, ids] of [[expected.lists, [task.list_id!]], [expected.labels, task.label_ids]] as const) {
        for (const id of ids) {
          const count = counts.get(id) ?? { open: 0, completed: 0 }
          counts.set(id, { ...count, [state]: count[state] + 1 })
        }
      }
    }
    const told = (counts: typeof expected.lists) => [...counts].map(([id, count]) => ({ id, ...count })).sort((a, b) => a.id < b.id ? -1 : 1)
    t.same(await summaryOf(ada), { today, time_zone: 'UTC', ...expected, lists: told(expected.lists), labels: told(expected.labels) })
  }), { numRuns: 25 })
})
