import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { Task, TaskPage } from '../contracts.ts'
import { startTasks, wholeOf } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)
const ada = await signUp()
const bob = await signUp()
const path = `/api/${ada.id}/tasks`
const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

t.test('FR-020: a created task is answered whole, with its place and its ETag', async (t) => {
  const response = await call('POST', path, ada, { title: 'Buy bread', description: 'Rye' })
  t.equal(response.statusCode, 201)
  const task = response.json<Task>()
  t.match(task, { id: uuidv7, user_id: ada.id, list_id: uuidv7, title: 'Buy bread', description: 'Rye', completed: false, completed_at: null, version: 1, created_at: instant, updated_at: instant })
  t.equal(response.headers.location, `${path}/${task.id}`)
  t.equal(response.headers.etag, '"1-1"')
  const read = await call('GET', `${path}/${task.id}`, ada)
  t.same(read.json(), task)
  t.equal(read.headers['cache-control'], 'no-store')
})

t.test('FR-020: a first request of any kind finds an Inbox', async (t) => {
  const eve = await signUp()
  const lists = await Promise.all(Array.from({ length: 5 }, () => call('GET', `/api/${eve.id}/lists`, eve)))
  for (const response of lists) t.match(response.json(), { items: [{ name: 'Inbox', is_inbox: true }], next_cursor: null })
  const task = await createTask(eve)
  t.equal(task.list_id, lists[0]?.json().items[0].id)
})

t.test('FR-020: ten first requests at once make one account and lose nothing', async (t) => {
  const eve = await signUp()
  const created = await Promise.all(Array.from({ length: 10 }, (_, n) => createTask(eve, { title: `Task ${n}` })))
  t.equal(new Set(created.map(({ id }) => id)).size, 10)
  const changes = await database.asSuperuser('SELECT seq FROM tasks.changes WHERE user_id = $1 ORDER BY seq', [eve.id])
  t.same(changes.map(({ seq }) => Number(seq)), Array.from({ length: 11 }, (_, n) => n + 1))
})

t.test('FR-020, FR-035: a task that races the opening of its account is in the Inbox and in the log', async (t) => {
  const eve = await signUp()
  await database.asSuperuser('CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$')
  await database.asSuperuser('CREATE TRIGGER pause BEFORE INSERT ON tasks.tasks FOR EACH ROW EXECUTE FUNCTION public.pause()')
  const creating = createTask(eve)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const lists = await call('GET', `/api/${eve.id}/lists`, eve)
  const task = await creating
  await database.asSuperuser('DROP TRIGGER pause ON tasks.tasks')
  t.equal(task.list_id, lists.json().items[0].id)
  t.equal((await database.asSuperuser('SELECT 1 FROM tasks.changes WHERE object_id = $1', [task.id])).length, 1)
})

t.test('FR-021: tasks are listed newest first, by state, in pages that repeat and skip nothing', async (t) => {
  const eve = await signUp()
  const titles = Array.from({ length: 7 }, (_, n) => `Task ${n}`)
  for (const title of titles) {
    const task = await createTask(eve, { title })
    if (['Task 1', 'Task 4'].includes(title)) await call('PATCH', `/api/${eve.id}/tasks/${task.id}/complete`, eve)
  }
  const list = async (query = '') => (await call('GET', `/api/${eve.id}/tasks${query}`, eve)).json<TaskPage>()
  const titlesOf = ({ items }: TaskPage) => items.map(({ title }) => title)
  t.same(titlesOf(await list()), titles.toReversed())
  t.same(titlesOf(await list('?status=completed')), ['Task 4', 'Task 1'])
  t.same(titlesOf(await list('?status=open')), ['Task 6', 'Task 5', 'Task 3', 'Task 2', 'Task 0'])

  const seen: string[] = []
  let query = '?limit=3'
  for (let pages = 0; pages < 3; pages++) {
    const page = await list(query)
    seen.push(...titlesOf(page))
    query = `?limit=3&cursor=${page.next_cursor}`
    if (pages === 2) t.equal(page.next_cursor, null)
  }
  t.same(seen, titles.toReversed())

  const first = await list('?limit=3')
  const foreign = await call('GET', `${path}?limit=3&cursor=${first.next_cursor}`, ada)
  t.equal(foreign.statusCode, 400, 'a cursor of another user is refused')
  const other = await call('GET', `/api/${eve.id}/tasks?status=open&cursor=${first.next_cursor}`, eve)
  t.match(other.json(), { type: '/problems/invalid-cursor', errors: [{ pointer: '/querystring/cursor' }] }, 'and so is one of another filter')
})

t.test('FR-022: PUT replaces the whole, and a missing field is named instead of wiped', async (t) => {
  const task = await createTask(ada, { title: 'Draft', description: 'Keep me' })
  const partial = await call('PUT', `${path}/${task.id}`, ada, { title: 'Final' })
  t.equal(partial.statusCode, 400)
  t.same(partial.json().errors.map(({ pointer, code }: { pointer: string, code: string }) => `${pointer} ${code}`).sort(),
    ['completed', 'description', 'due_at', 'due_date', 'label_ids', 'list_id', 'parent_id', 'priority', 'start_date', 'time_zone'].map((name) => `/${name} required`))
  const whole = await call('PUT', `${path}/${task.id}`, ada, { ...wholeOf(task), title: 'Final', description: '', completed: true, list_id: null })
  t.match(whole.json(), { title: 'Final', description: '', completed: true, completed_at: instant, list_id: null, version: 2 })
})

t.test('FR-023: PATCH is a merge patch: what is not named stays', async (t) => {
  const task = await createTask(ada, { title: 'Draft', description: 'Keep me' })
  const patched = await call('PATCH', `${path}/${task.id}`, ada, JSON.stringify({ title: 'Final' }), { 'content-type': 'application/merge-patch+json' })
  t.match(patched.json(), { title: 'Final', description: 'Keep me', version: 2, list_id: task.list_id })
  const empty = await call('PATCH', `${path}/${task.id}`, ada, {})
  t.match(empty.json(), { status: 400, errors: [{ pointer: '', code: 'empty' }] })
})

t.test('FR-024: /complete sets, so that a retry never flips it back', async (t) => {
  const task = await createTask(ada)
  const url = `${path}/${task.id}/complete`
  const first = await call('PATCH', url, ada)
  t.match(first.json(), { completed: true, completed_at: instant, version: 2 })
  t.same((await call('PATCH', url, ada)).json(), first.json(), 'a retry changes nothing')
  t.same((await call('PATCH', url, ada, '', { 'content-type': 'application/json' })).json(), first.json(), 'nor does one that says JSON and sends nothing')
  t.match((await call('PATCH', url, ada, { completed: false })).json(), { completed: false, completed_at: null, version: 3 })
})

t.test('FR-025: a deleted task is in the trash, from where it comes back as it was', async (t) => {
  const task = await createTask(ada, { title: 'Keep this' })
  t.equal((await call('DELETE', `${path}/${task.id}`, ada)).statusCode, 204)
  t.equal((await call('GET', `${path}/${task.id}`, ada)).statusCode, 404)
  t.equal((await call('DELETE', `${path}/${task.id}`, ada)).statusCode, 404)
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'x' })).statusCode, 404)
  const restored = await call('POST', `${path}/${task.id}/restore`, ada)
  t.match(restored.json(), { id: task.id, title: 'Keep this', version: 3, created_at: task.created_at })
  t.equal((await call('POST', `${path}/${task.id}/restore`, ada)).statusCode, 404)
})

t.test('FR-026: a stale If-Match is 412 with the task as it is now, and nothing is lost', async (t) => {
  const task = await createTask(ada, { title: 'One' })
  const etag = '"1-1"'
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'Two' }, { 'if-match': etag })).statusCode, 200)
  for (const [method, url, payload] of [
    ['PATCH', `${path}/${task.id}`, { title: 'Three' }],
    ['PUT', `${path}/${task.id}`, { ...wholeOf(task), title: 'Three', description: '', completed: false, list_id: null }],
    ['PATCH', `${path}/${task.id}/complete`, {}],
    ['DELETE', `${path}/${task.id}`, undefined],
  ] as const) {
    const stale = await call(method, url, ada, payload, { 'if-match': etag })
    t.equal(stale.statusCode, 412, `${method} ${url}`)
    t.match(stale.json(), { type: '/problems/stale-version', current: { title: 'Two', version: 2 } })
    t.equal(stale.headers.etag, '"2-1"')
  }
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'x' }, { 'if-match': 'W/"2-1"' })).statusCode, 412, 'a weak tag matches nothing')
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'Two' }, { 'if-match': '"1-1", "2-1"' })).statusCode, 200, 'one of a list will do')
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'Two' }, { 'if-match': '*' })).statusCode, 200)
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { title: 'x' }, { 'if-match': '2' })).statusCode, 400)
  t.equal((await call('GET', `${path}/${task.id}`, ada, undefined, { 'if-none-match': 'W/"2-1", "7-1"' })).statusCode, 304)
  t.equal((await call('GET', `${path}/${task.id}`, ada, undefined, { 'if-none-match': '"2-1"' })).statusCode, 304)
  t.equal((await call('GET', `${path}/${task.id}`, ada, undefined, { 'if-none-match': '"1-1"' })).statusCode, 200)
})

t.test('FR-026: If-Match and If-None-Match are lists as RFC 9110 has them: commas within tags, any white space, empty elements', async (t) => {
  const task = await createTask(ada, { title: 'One' })
  const known = async (tags: string) => (await call('GET', `${path}/${task.id}`, ada, undefined, { 'if-none-match': tags })).statusCode === 304
  const changed = async (tags: string) => (await call('PATCH', `${path}/${task.id}`, ada, { title: 'One' }, { 'if-match': tags })).statusCode
  for (const tags of ['"1-1"', '"a,b", "1-1"', '"1-1","a,b"', '"1-1"\t,\t"x"', ', ,"1-1",,', '"", "1-1"', 'W/"a,b",W/",","1-1"', '"W/","1-1"', '"\u00e9","1-1"']) {
    t.ok(await known(tags), tags)
    t.equal(await changed(tags), 200, tags)
  }
  for (const tags of ['"a,b"', '"1-1,"', '",1-1"', 'W/"1-1,"', '"x,1-1"']) {
    t.notOk(await known(tags), tags)
    t.equal(await changed(tags), 412, `${tags} is a tag of something else`)
  }
  t.ok(await known('"a,b",\t W/"1-1"'), 'compared weakly')
  t.equal(await changed('"a,b", W/"1-1"'), 412, 'compared strongly')
  for (const tags of ['', ',', '"1-1" "2-1"', '"1-1', '1-1"', '"1-1"x', 'w/"1-1"', 'W/ "1-1"', '*, "1-1"', '"1-1", *', '"1 1"', '"x, 1-1"', '""1-1""', '"1-1", x']) {
    t.notOk(await known(tags), `${tags} is no list of tags`)
    t.equal(await changed(tags), 400, `${tags} is no list of tags`)
  }
  t.equal(await changed(`${',"a,b"\t'.repeat(1000)}x`), 400, 'a long one is told as soon')
})

t.test('FR-026: of fifty editors who read the same version, one wins and the others are told', async (t) => {
  const task = await createTask(ada, { title: 'Start' })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => call('PATCH', `${path}/${task.id}`, ada, { title: `Editor ${n}` }, { 'if-match': '"1-1"' })))
  const won = answers.filter(({ statusCode }) => statusCode === 200)
  t.equal(won.length, 1)
  t.equal(answers.filter(({ statusCode }) => statusCode === 412).length, 49)
  t.same((await call('GET', `${path}/${task.id}`, ada)).json(), won[0]?.json())
})

t.test('FR-027: a task can be in a list of its owner and in no other', async (t) => {
  const inbox = async (user: typeof ada) => (await call('GET', `/api/${user.id}/lists`, user)).json().items[0].id
  const task = await createTask(ada)
  for (const list of [await inbox(bob), randomUUID()]) {
    t.match((await call('POST', path, ada, { title: 'x', list_id: list })).json(), { status: 422, errors: [{ pointer: '/list_id', code: 'unknown_list' }] })
    t.match((await call('PATCH', `${path}/${task.id}`, ada, { list_id: list })).json(), { status: 422, errors: [{ pointer: '/list_id' }] })
  }
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { list_id: null })).json().list_id, null)
  t.equal((await call('PATCH', `${path}/${task.id}`, ada, { list_id: await inbox(ada) })).json().list_id, await inbox(ada))
})

t.test('SEC-49: the token of a user who is gone opens no account', async (t) => {
  const eve = await signUp()
  await createTask(eve)
  await database.asSuperuser('DELETE FROM auth.users WHERE id = $1', [eve.id])
  t.equal((await call('POST', `/api/${eve.id}/tasks`, eve, { title: 'Ghost' })).statusCode, 401)
  t.equal((await call('GET', `/api/${eve.id}/lists`, eve)).statusCode, 401)
  for (const table of ['accounts', 'lists', 'tasks', 'changes']) {
    t.same(await database.asSuperuser(`SELECT 1 FROM tasks.${table} WHERE user_id = $1`, [eve.id]), [], `nothing of theirs is left in ${table}`)
  }
})
