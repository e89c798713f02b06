import t from 'tap'
import pg from 'pg'
import { connectionOptions } from '@daymark/kit/database'
import { randomUUID } from 'node:crypto'
import type { ChangePage, ChangesSince, Purged, Task, TrashPage, Undone } from '../contracts.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t, { TRASH_DAYS: '7' })

const trashPath = ({ id }: User) => `/api/${id}/trash`
const remove = async (user: User, ...tasks: Task[]) => {
  for (const { id } of tasks) await call('DELETE', `/api/${user.id}/tasks/${id}`, user)
}
const inTrash = async (user: User) => (await call('GET', trashPath(user), user)).json<TrashPage>().items
const purge = (user: User, { id }: Pick<Task, 'id'>, headers = {}) => call('DELETE', `${trashPath(user)}/${id}`, user, undefined, headers)
const empty = (user: User, query = '', headers = {}) => call('DELETE', `${trashPath(user)}${query}`, user, undefined, headers)
const holds = async (user: User) => t.same(replay(await changesOf(database, user)), await stateOf(database, user), 'the log and the state agree')
const age = (user: User, { id }: Task, days: number) =>
  database.asSuperuser('UPDATE tasks.tasks SET deleted_at = deleted_at - make_interval(days => $3) WHERE user_id = $1 AND id = $2', [user.id, id, days])

/** Everything kept of a user, as text. */
const kept = async (user: User) => JSON.stringify(await Promise.all((await database.asSuperuser<{ name: string }>("SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'tasks' AND tablename <> 'accounts'"))
  .map(({ name }) => database.asSuperuser(`SELECT * FROM tasks.${name} WHERE user_id = $1`, [user.id]))))

/** Asks until it is so; a process purges behind its answers. */
async function until (isSo: () => Promise<boolean>) {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('FR-214: a task in the trash is deleted for good with those below it there, and nothing of its contents is kept', async (t) => {
  const ada = await signUp()
  const key = { 'idempotency-key': randomUUID() }
  const secret = (await call('POST', `/api/${ada.id}/tasks`, ada, { title: 'canary title', description: 'canary text' }, key)).json<Task>()
  const below = await createTask(ada, { title: 'canary below', parent_id: secret.id })
  const other = await createTask(ada, { title: 'Stays in the trash' })
  await call('PATCH', `/api/${ada.id}/tasks/${secret.id}`, ada, { title: 'canary renamed' })
  await remove(ada, secret, other)
  t.match(await kept(ada), 'canary')
  const { seq: before } = (await changesOf(database, ada)).at(-1)!
  const gone = await purge(ada, secret)
  t.equal(gone.statusCode, 204, gone.body)
  t.equal(gone.headers['daymark-change'], String(Number(before) + 1))
  t.notMatch(await kept(ada), 'canary')
  t.same((await inTrash(ada)).map(({ id }) => id), [other.id])
  t.equal((await call('POST', `/api/${ada.id}/tasks/${secret.id}/restore`, ada)).statusCode, 404)
  t.equal((await purge(ada, secret)).statusCode, 404)
  t.match((await call('GET', `/api/${ada.id}/changes?since=${before}`, ada)).json<ChangesSince>().items.map(({ object_id: id, action, group_seq: group }) => ({ id, action, group })).sort((a, b) => a.id < b.id ? -1 : 1),
    [secret, below].map(({ id }) => ({ id, action: 'purged', group: Number(before) + 1 })), 'whoever follows the changes learns of it')
  t.match((await call('GET', `/api/${ada.id}/tasks/${secret.id}/history`, ada)).json<ChangePage>().items.map(({ action, before, after }) => ({ action, fields: [before, after] })),
    ['purged', 'deleted', 'updated', 'created'].map((action) => ({ action, fields: [{}, {}] })))
  t.match((await call('POST', `/api/${ada.id}/tasks`, ada, { title: 'canary title', description: 'canary text' }, key)).json(), { id: secret.id, title: '', description: '' }, 'a retry has the answer it had, but for the contents')
  await holds(ada)
})

t.test('FR-214: only what is in the trash can be purged, and only the version that If-Match names', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  t.equal((await purge(ada, task)).statusCode, 404)
  t.equal((await call('GET', `/api/${ada.id}/tasks/${task.id}`, ada)).statusCode, 200)
  t.equal((await call('GET', `${trashPath(ada)}/${task.id}`, ada)).statusCode, 404)
  await remove(ada, task)
  t.match((await call('GET', `${trashPath(ada)}/${task.id}`, ada)).json(), { id: task.id, version: 2 })
  const stale = await purge(ada, task, { 'if-match': '"1-1"' })
  t.equal(stale.statusCode, 412)
  t.match(stale.json(), { current: { id: task.id, version: 2, deleted_at: String } })
  t.match(stale.headers['etag'], /^"2-/)
  t.equal((await purge(ada, task, { 'if-match': stale.headers['etag'] })).statusCode, 204)
  await holds(ada)
})

t.test('FR-214: the trash is emptied at once, whatever is in it, and of a retry the answer is the same', async (t) => {
  const ada = await signUp()
  t.same((await empty(ada)).json<Purged>(), { purged: 0 }, 'also where there is no account yet')
  const [above, other, stays] = [await createTask(ada, { title: 'Above' }), await createTask(ada), await createTask(ada, { title: 'Not in the trash' })]
  await createTask(ada, { title: 'Below', parent_id: above.id })
  await remove(ada, above, other)
  const key = { 'idempotency-key': randomUUID() }
  const first = await empty(ada, '', key)
  t.same(first.json<Purged>(), { purged: 3 })
  await remove(ada, await createTask(ada))
  const retried = await empty(ada, '', key)
  t.same(retried.json<Purged>(), { purged: 3 })
  t.equal(retried.headers['idempotency-replayed'], 'true')
  t.equal((await inTrash(ada)).length, 1, 'a retry spares what came there since')
  t.equal((await call('GET', `/api/${ada.id}/tasks/${stays.id}`, ada)).statusCode, 200)
  await holds(ada)
  const group = (await changesOf(database, ada)).filter(({ action }) => action === 'purged')
  t.same(new Set(group.map(({ group_seq: of }) => of)), new Set([String(first.headers['daymark-change'])]), 'one group')
})

t.test('FR-214: what came to the trash after the instant that was shown is spared, and what it is part of', async (t) => {
  const ada = await signUp()
  const [above, plain] = [await createTask(ada, { title: 'Above' }), await createTask(ada, { title: 'Plain' })]
  const below = await createTask(ada, { title: 'Below', parent_id: above.id })
  await remove(ada, plain, above)
  const [{ deleted_at: shown } = { deleted_at: '' }] = await inTrash(ada)
  await age(ada, below, -1)
  t.same((await empty(ada, `?until=${shown}`)).json<Purged>(), { purged: 1 })
  t.same((await inTrash(ada)).map(({ id }) => id), [below.id, above.id])
  t.match((await empty(ada, '?until=yesterday')).json(), { status: 400, errors: [{ pointer: '/querystring/until' }] })
})

t.test('FR-214: a trash of thousands is emptied, in one group without a gap', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  await database.asSuperuser(`
    INSERT INTO tasks.tasks (user_id, id, title, deleted_at, parent_id)
    SELECT $1, md5(n::text)::uuid, 'Old', now() - n * interval '1 second', CASE WHEN n > 1 THEN md5((n / 2)::text)::uuid END FROM generate_series(1, 3500) n`, [ada.id])
  t.same((await empty(ada)).json<Purged>(), { purged: 3500 })
  t.same(await inTrash(ada), [])
  t.equal((await call('GET', `/api/${ada.id}/tasks/${task.id}`, ada)).statusCode, 200)
  const log = await changesOf(database, ada)
  t.same(log.map(({ seq }) => Number(seq)), log.map((_, index) => index + 1))
  t.same(new Set(log.filter(({ action }) => action === 'purged').map(({ group_seq: of }) => of)), new Set(['3']))
})

t.test('FR-214: what was deleted at one instant goes by several statements where it is much, as one group', async (t) => {
  for (const what of ['the trash', 'a task'] as const) {
    const ada = await signUp()
    const root = await createTask(ada)
    await remove(ada, root)
    await database.asSuperuser(`
      INSERT INTO tasks.tasks (user_id, id, title, deleted_at, parent_id)
      SELECT $1, md5($2 || n)::uuid, 'Old', (SELECT deleted_at FROM tasks.tasks WHERE id = $2::uuid), CASE WHEN n <= 1200 THEN $2::uuid ELSE md5($2 || (n - 1200))::uuid END FROM generate_series(1, 2500) n`, [ada.id, root.id])
    const answer = what === 'a task' ? await purge(ada, root) : await empty(ada)
    t.match(answer, { statusCode: what === 'a task' ? 204 : 200 })
    t.same(await inTrash(ada), [])
    const group = (await changesOf(database, ada)).filter(({ action }) => action === 'purged')
    t.equal(group.length, 2501)
    t.same(new Set(group.slice(1).map(({ group_seq: of }) => of)), new Set([answer.headers['daymark-change']]))
    for (const [, { length }] of Map.groupBy(group, ({ changed_at: at }) => at.getTime())) t.ok(length <= 1000)
  }
})

t.test('FR-214: no change of what was purged can be taken back, and of a group the rest is', async (t) => {
  const ada = await signUp()
  const above = await createTask(ada, { title: 'Above' })
  const [gone, left] = [await createTask(ada, { title: 'Gone', parent_id: above.id }), await createTask(ada, { title: 'Left', parent_id: above.id })]
  const done = await call('PATCH', `/api/${ada.id}/tasks/${above.id}/complete`, ada, { subtasks: 'complete' })
  const renamed = await call('PATCH', `/api/${ada.id}/tasks/${gone.id}`, ada, { title: 'Renamed' })
  const deleted = await call('DELETE', `/api/${ada.id}/tasks/${gone.id}`, ada)
  const purged = await purge(ada, gone)
  const number = purged.headers['daymark-change']
  const undo = (change: typeof done) => call('POST', `/api/${ada.id}/changes/${String(change.headers['daymark-change'])}/undo`, ada)
  for (const change of [renamed, deleted, purged]) {
    t.match((await undo(change)).json(), { status: 409, type: '/problems/undo-conflict', detail: `Change ${String(number)} deleted it for good: that cannot be taken back, nor anything before it.` })
  }
  const { items } = (await undo(done)).json<Undone>()
  t.same(new Map(items.map(({ object_id: id, undone, code, conflict_seq: by }) => [id, [undone, code, by]])), new Map<string, unknown[]>([
    [above.id, [true, null, null]], [gone.id, [false, 'purged', Number(number)]], [left.id, [true, null, null]],
  ]))
  await holds(ada)
})

t.test('FR-214: what was moved away from a purged task cannot be moved back below it, not even in the trash', async (t) => {
  const ada = await signUp()
  const [above, below] = [await createTask(ada, { title: 'Above' }), await createTask(ada, { title: 'Below' })]
  await call('PATCH', `/api/${ada.id}/tasks/${below.id}`, ada, { parent_id: above.id })
  const moved = await call('PATCH', `/api/${ada.id}/tasks/${below.id}`, ada, { parent_id: null })
  await remove(ada, above, below)
  t.equal((await purge(ada, above)).statusCode, 204)
  t.match((await call('POST', `/api/${ada.id}/changes/${String(moved.headers['daymark-change'])}/undo`, ada)).json(), { status: 422, errors: [{ code: 'unknown_parent' }] })
  await holds(ada)
})

t.test('FR-215: what has been in the trash for so many days goes by itself, with the tenant\'s next write or look into the trash', async (t) => {
  for (const next of ['a write', 'a look'] as const) {
    const other = await startTasks(t, { TRASH_DAYS: '7' })
    const ada = await other.signUp()
    const [old, young, above] = [await other.createTask(ada, { title: 'Old' }), await other.createTask(ada, { title: 'Young' }), await other.createTask(ada, { title: 'Above' })]
    const below = await other.createTask(ada, { title: 'Below', parent_id: above.id })
    for (const { id } of [old, young, above]) await other.call('DELETE', `/api/${ada.id}/tasks/${id}`, ada)
    const days = (id: string, count: number) => other.database.asSuperuser('UPDATE tasks.tasks SET deleted_at = deleted_at - make_interval(days => $2) WHERE id = $1', [id, count])
    await days(old.id, 7)
    await days(young.id, 6)
    await days(above.id, 8)
    await days(below.id, 1)
    const afresh = await startTasks(t, { TRASH_DAYS: '7' }, { on: other }) // a process that has not looked yet
    if (next === 'a write') await afresh.createTask(ada)
    else t.equal((await afresh.call('GET', `/api/${ada.id}/trash`, ada)).json<TrashPage>().keep_days, 7)
    const left = async () => (await other.database.asSuperuser<{ title: string }>('SELECT title FROM tasks.tasks WHERE user_id = $1 AND deleted_at IS NOT NULL ORDER BY title', [ada.id])).map(({ title }) => title)
    await until(async () => (await left()).length === 3)
    t.same(await left(), ['Above', 'Below', 'Young'], `with ${next}; a task waits for what is below it`)
    t.match((await changesOf(other.database, ada)).at(-1), { action: 'purged', object_id: old.id, actor_id: ada.id })
  }
})

t.test('SEC-82: the service deletes no row but by the function, and that none but of the tenant\'s own trash', async (t) => {
  const [ada, bob] = [await signUp(), await signUp()]
  const [live, trashed] = [await createTask(ada), await createTask(ada)]
  await createTask(bob)
  await remove(ada, trashed)
  const client = new pg.Client(connectionOptions({ DATABASE_URL: database.urlFor('tasks_service'), DATABASE_CA_FILE: database.caFile }))
  await client.connect()
  t.teardown(() => client.end())
  const purged = async ({ id }: User) => {
    await client.query("SELECT set_config('app.user_id', $1, false)", [id])
    return (await client.query('SELECT tasks.purge_trashed($1) AS ids', [[live.id, trashed.id]])).rows
  }
  await t.rejects(client.query('SELECT tasks.purge_trashed($1)', [[trashed.id]]), /app\.user_id/)
  t.same(await purged(bob), [{ ids: [] }])
  t.same(await purged(ada), [{ ids: [trashed.id] }])
  for (const forbidden of ['DELETE FROM tasks.tasks', "UPDATE tasks.changes SET before = '{}'", 'DELETE FROM tasks.changes']) await t.rejects(client.query(forbidden), /permission denied/)
})
