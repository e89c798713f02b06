import t from 'tap'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startTasks } from './start-tasks.ts'

const { signUp, call, createTask, database, issuer } = await startTasks(t)

/** What auth does last, when a user deletes their account. */
const erase = (id: string) => database.asSuperuser('DELETE FROM auth.users WHERE id = $1', [id])

/** Rows of this schema that have a text in them, by table. */
async function rowsWith (text: string) {
  const tables = await database.asSuperuser<{ name: string }>("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'tasks'")
  const found = []
  for (const { name } of tables) {
    if ((await database.asSuperuser(`SELECT FROM ${name} t WHERE to_jsonb(t)::text ILIKE $1 LIMIT 1`, [`%${text}%`])).length > 0) found.push(name)
  }
  return found
}

t.test('SEC-90, FR-137: a token that outlives its user makes nothing anew, whatever it is used for', async (t) => {
  const [ada, grace] = [await signUp(), await signUp()]
  const task = await createTask(ada, { title: 'CANARY' })
  await createTask(grace, { title: 'Hers' })
  await erase(ada.id)
  const url = `/api/${ada.id}/tasks`
  t.equal((await call('POST', url, ada, { title: 'CANARY' })).statusCode, 401)
  t.equal((await call('POST', url, ada, { title: 'CANARY', list_id: task.list_id })).statusCode, 401)
  for (const method of ['GET', 'DELETE'] as const) t.equal((await call(method, `${url}/${task.id}`, ada)).statusCode, 404)
  t.equal((await call('PATCH', `${url}/${task.id}`, ada, { title: 'CANARY' })).statusCode, 404)
  t.equal((await call('POST', `${url}/${task.id}/restore`, ada)).statusCode, 404)
  t.same((await call('GET', url, ada)).json(), { items: [], next_cursor: null })
  t.equal((await call('GET', `/api/${ada.id}/lists`, ada)).statusCode, 401)
  t.same(await rowsWith('CANARY'), [])
  t.same(await rowsWith(ada.id), [])
  t.equal((await call('GET', `/api/${grace.id}/tasks`, grace)).json<{ items: unknown[] }>().items.length, 1)

  issuer.revoke('user', ada.id)
  for (const deadline = Date.now() + 10_000; Date.now() < deadline && (await call('GET', url, ada)).statusCode !== 401;) await delay(20)
  t.equal((await call('GET', url, ada)).statusCode, 401, 'SEC-49: and soon the token is nobody\'s')
})

/** Waits until a deletion, or a write, stands at a lock. */
async function stands (what: 'a deletion' | 'a write') {
  const isDeletion = what === 'a deletion'
  while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND (query LIKE 'DELETE FROM auth.users%') = $1", [isDeletion])).length === 0) await delay(2)
}

for (const isNew of [true, false]) {
  for (const order of ['before', 'behind'] as const) {
    t.test(`SEC-90, FR-137: writes ${order} the deletion, ${isNew ? 'the very first ones' : 'of an account with tasks'}: nothing fails, nothing is left`, async (t) => {
      for (let round = 0; round < (isNew ? 30 : 1); round++) { // the account may come and go between two looks at it
        const ada = await signUp()
        const task = isNew ? undefined : await createTask(ada)
        const letGo = await database.hold(isNew ? 'SELECT FROM auth.users WHERE id = $1 FOR UPDATE' : 'SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE', [ada.id])
        const url = `/api/${ada.id}/tasks`
        let deletion: Promise<unknown> | undefined
        const go = async () => {
          deletion = erase(ada.id)
          await stands('a deletion')
        }
        if (order === 'behind') await go()
        const writes = [
          call('POST', url, ada, { title: 'CANARY' }),
          call('POST', url, ada, { title: 'CANARY' }, { 'idempotency-key': randomUUID() }),
          ...task ? [call('PATCH', `${url}/${task.id}`, ada, { title: 'CANARY' })] : [],
        ]
        await stands('a write')
        if (order === 'before') await go()
        await letGo()
        await deletion
        for (const { statusCode } of await Promise.all(writes)) t.match(statusCode, order === 'before' ? /200|201|401|404/ : /401|404/)
        t.same(await rowsWith(ada.id), [])
        t.same(await rowsWith('CANARY'), [])
      }
    })
  }
}
