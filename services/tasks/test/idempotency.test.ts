import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { Task, TaskPage } from '../contracts.ts'
import { changesOf } from './replay.ts'
import { startTasks } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)
const keyed = (key: string = randomUUID()) => ({ 'idempotency-key': key })

t.test('FR-202: a thousand lost answers later there is one task, and each retry is told the same', async (t) => {
  const ada = await signUp()
  const url = `/api/${ada.id}/tasks`
  const key = randomUUID()
  const first = await call('POST', url, ada, { title: 'Once' }, keyed(key))
  t.equal(first.statusCode, 201)
  t.equal(first.headers['idempotency-replayed'], undefined)
  for (let round = 0; round < 50; round++) {
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => call('POST', url, ada, { title: 'Once' }, keyed(key))))) {
      if (answer.statusCode !== 201 || answer.body !== first.body || answer.headers.etag !== first.headers.etag || answer.headers.location !== first.headers.location) t.fail(answer.body)
    }
  }
  t.equal((await call('GET', url, ada)).json<TaskPage>().items.length, 1)
  t.equal((await changesOf(database, ada)).length, 2)
})

t.test('FR-202: a retry that overtakes its original waits for it, also for a first write of all', async (t) => {
  const eve = await signUp()
  const key = randomUUID()
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', `/api/${eve.id}/tasks`, eve, { title: 'Once' }, keyed(key))))
  t.same(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size, 1)
  t.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
})

t.test('FR-202: a retry after a lost answer does not meet its own change as a conflict', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks/${task.id}`
  const headers = { ...keyed(), 'if-match': '"1-1"' }
  const first = await call('PATCH', url, ada, { title: 'Changed' }, headers)
  t.equal(first.statusCode, 200)
  await call('PATCH', url, ada, { title: 'Changed again' })
  const again = await call('PATCH', url, ada, { title: 'Changed' }, headers)
  t.equal(again.statusCode, 200)
  t.equal(again.body, first.body)
  t.equal((await call('GET', url, ada)).json<Task>().title, 'Changed again')
})

t.test('FR-202: one key is for one request', async (t) => {
  const ada = await signUp()
  const [one, two] = [await createTask(ada), await createTask(ada)]
  const url = `/api/${ada.id}/tasks`
  const key = randomUUID()
  t.equal((await call('PATCH', `${url}/${one.id}`, ada, { title: 'x' }, keyed(key))).statusCode, 200)
  for (const [path, body] of [[one.id, { title: 'y' }], [two.id, { title: 'x' }]] as const) {
    const answer = await call('PATCH', `${url}/${path}`, ada, body, keyed(key))
    t.match(answer.json(), { status: 422, type: '/problems/idempotency-key-reused' })
  }
  t.equal((await call('POST', url, ada, { title: 'x' }, keyed(key))).statusCode, 201, 'another route is another operation')
  const bob = await signUp()
  t.equal((await call('POST', `/api/${bob.id}/tasks`, bob, { title: 'x' }, keyed(key))).headers['idempotency-replayed'], undefined, "and so is another user's")
})

t.test('FR-202: what was refused had no effect, and may be sent again', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks/${task.id}`
  const headers = { ...keyed(), 'if-match': '"2-1"' }
  t.equal((await call('PATCH', url, ada, { title: 'x' }, headers)).statusCode, 412)
  await call('PATCH', url, ada, { title: 'y' })
  t.equal((await call('PATCH', url, ada, { title: 'x' }, headers)).statusCode, 200)
  for (const key of ['', 'ä', 'x'.repeat(256), 'a b']) t.equal((await call('PATCH', url, ada, { title: 'x' }, keyed(key))).statusCode, 400, key)
})

t.test('FR-202: after a day a key is new again, and old answers are dropped', async (t) => {
  const ada = await signUp()
  const url = `/api/${ada.id}/tasks`
  const key = randomUUID()
  for (let n = 0; n < 4; n++) await call('POST', url, ada, { title: 'Old' }, keyed())
  await call('POST', url, ada, { title: 'Old' }, keyed(key))
  await database.asSuperuser("UPDATE tasks.idempotency_keys SET created_at = created_at - interval '25 hours' WHERE user_id = $1", [ada.id])
  t.equal((await call('POST', url, ada, { title: 'New' }, keyed(key))).statusCode, 201)
  t.equal((await database.asSuperuser('SELECT FROM tasks.idempotency_keys WHERE user_id = $1', [ada.id])).length, 1)
  t.equal((await call('GET', url, ada)).json<TaskPage>().items.length, 6)
})

t.test('FR-202, FR-035: the answer is kept in the transaction of its write, or neither is', async (t) => {
  const ada = await signUp()
  await createTask(ada)
  await database.asSuperuser("CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$")
  await database.asSuperuser('CREATE TRIGGER fail AFTER INSERT ON tasks.idempotency_keys FOR EACH ROW EXECUTE FUNCTION public.fail()')
  const key = randomUUID()
  t.equal((await call('POST', `/api/${ada.id}/tasks`, ada, { title: 'Half' }, keyed(key))).statusCode, 500)
  t.equal((await changesOf(database, ada)).length, 2)
  await database.asSuperuser('DROP TRIGGER fail ON tasks.idempotency_keys')
  t.equal((await call('POST', `/api/${ada.id}/tasks`, ada, { title: 'Whole' }, keyed(key))).statusCode, 201)
})
