import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type ExportedTask, type ImportReport, type Label, type List, type Task, type TaskExport, type TaskPage, colours, priorities } from '../contracts.ts'
import { empty, exportedTask as task, moment, past } from './exported.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User, wholeOf } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const fileOf = async (user: User) => (await call('GET', `/api/${user.id}/export`, user)).body
const send = (user: User, file: string | object, query = '?dry_run=false', headers: Record<string, string> = {}) =>
  call('POST', `/api/${user.id}/import${query}`, user, typeof file === 'string' ? file : JSON.stringify(file), { 'content-type': 'application/json', ...headers })
async function bringIn (user: User, file: string | object, query?: string): Promise<ImportReport> {
  const response = await send(user, file, query)
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}
const isReplayed = async (user: User) => isDeepStrictEqual(replay(await changesOf(database, user)), await stateOf(database, user))
const nothing = { created: 0, present: 0, differing: 0, refused: 0 }

/** An account with something of everything. */
async function furnished () {
  const ada = await signUp()
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'House', colour: 'teal' })).json<List>()
  const gone = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'Gone' })).json<List>()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>()
  const root = await createTask(ada, { title: 'Root', list_id: list.id, label_ids: [label.id], due_at: '2026-02-03T09:00:00+01:00', time_zone: 'Europe/Berlin' })
  const child = await createTask(ada, { title: 'Child', parent_id: root.id })
  await createTask(ada, { title: 'Lost', list_id: gone.id })
  await call('PATCH', `/api/${ada.id}/tasks/${child.id}/complete`, ada)
  await call('DELETE', `/api/${ada.id}/lists/${gone.id}`, ada)
  const { items } = (await call('GET', `/api/${ada.id}/lists`, ada)).json<{ items: List[] }>()
  await call('PATCH', `/api/${ada.id}/lists/${items[0]!.id}`, ada, { name: 'In', colour: 'blue' })
  return { ada, list, label, root, child }
}

t.test('FR-263: what is brought into an empty account is byte for byte what was given out, and can be taken back as one', async (t) => {
  const { ada } = await furnished()
  const file = await fileOf(ada)
  const bob = await signUp()
  const told = await bringIn(bob, file, '')
  t.same(told, { dry_run: true, change_seq: null, inbox: 'changed', lists: { ...nothing, created: 2 }, labels: { ...nothing, created: 1 }, tasks: { ...nothing, created: 3 }, notes: [], notes_left_out: 0 })
  t.same(await changesOf(database, bob), [], 'nothing was done')

  const response = await send(bob, file)
  const done = response.json<ImportReport>()
  t.same(done, { ...told, dry_run: false, change_seq: 2 })
  t.equal(response.headers['daymark-change'], '2')
  t.equal(await fileOf(bob), file)
  t.ok(await isReplayed(bob))
  const changes = await changesOf(database, bob)
  t.same(changes.map(({ seq }) => Number(seq)), changes.map((_, index) => index + 1), 'without gaps')
  t.same(new Set(changes.slice(1).map(({ group_seq: group }) => Number(group))), new Set([2]))

  const again = await bringIn(bob, file)
  t.match(again, { change_seq: null, inbox: 'unchanged', lists: { created: 0, present: 2 }, labels: { present: 1 }, tasks: { created: 0, present: 3, differing: 0 }, notes: [] })
  t.equal((await changesOf(database, bob)).length, changes.length, 'nothing twice')

  const undone = await call('POST', `/api/${bob.id}/changes/2/undo`, bob)
  t.match(undone.json(), { items: Array.from({ length: 7 }, () => ({ undone: true, code: null })) })
  const left = JSON.parse(await fileOf(bob)) as TaskExport
  t.match(left.inbox, { name: 'Inbox', colour: 'grey' })
  for (const { deleted_at: at } of [...left.lists, ...left.labels, ...left.tasks]) t.type(at, 'string')
  t.ok(await isReplayed(bob))
  t.match(await bringIn(bob, file), { tasks: { created: 0, present: 1, differing: 2 }, notes: [{ code: 'in_trash' }] }, 'what was taken back is not brought in again unasked')
})

const text = (most: number) => fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.constantFrom('=1+1', '@SUM(A1)', '\'quoted', '"', '\\', '🏳️‍🌈 עברית é e\u0301 \u202E', '<script>alert(1)</script>', '\'; DROP TABLE tasks.tasks; --', '\u2028', 'ﬁ ß İ', '\uFEFF', '__proto__'),
).filter((value) => /\S/.test(value) && [...value].length <= most && value.isWellFormed() && !value.includes('\0'))
const instant = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((date) => date.toISOString())
// What has been in the trash for long would go by itself meanwhile.
const trashed = fc.date({ min: new Date(), max: new Date('2030-01-01'), noInvalidDate: true }).map((date) => date.toISOString())
const day = instant.map((value) => value.slice(0, 10))
const key = fc.stringMatching(/^[0-9a-z]{1,20}$/)

/** What is not deleted refers to nothing that is. */
function settled<F extends { lists: Kept[], labels: Kept[], tasks: ExportedTask[] }> (file: F): F {
  const deleted = new Set([...file.lists, ...file.labels, ...file.tasks].filter(({ deleted_at: at }) => at !== null).map(({ id }) => id))
  return {
    ...file,
    tasks: file.tasks.map((task) => task.deleted_at !== null
      ? task
      : { ...task, list_id: deleted.has(task.list_id ?? '') ? 'inbox' : task.list_id, parent_id: deleted.has(task.parent_id ?? '') ? null : task.parent_id, label_ids: task.label_ids.filter((id) => !deleted.has(id)) }),
  }
}
interface Kept { id: string, deleted_at: string | null }

/** Any file that the export could give. */
const files = fc.record({ lists: fc.nat(3), labels: fc.nat(3), tasks: fc.nat(12) }).chain((counts) => {
  const ids = (count: number) => fc.uniqueArray(fc.uuid(), { minLength: count, maxLength: count }).map((all) => all.sort())
  return fc.record({ lists: ids(counts.lists), labels: ids(counts.labels), tasks: ids(counts.tasks), inbox: fc.record({ name: text(100), colour: fc.constantFrom(...colours) }) }).chain(({ lists, labels, tasks, inbox }) => {
    const kept = { version: fc.integer({ min: 1, max: 900_000_000 }), created_at: instant, updated_at: instant, deleted_at: fc.option(trashed, { freq: 2 }) }
    const due = fc.oneof(
      fc.constant({ due_date: null, due_at: null, time_zone: null }),
      fc.record({ due_date: day, due_at: fc.constant(null), time_zone: fc.constant(null) }),
      fc.record({ due_date: fc.constant(null), due_at: instant, time_zone: fc.constantFrom('Europe/Berlin', 'Asia/Kolkata', 'UTC') }),
    )
    return fc.record({
      format: fc.constant('daymark.tasks'),
      version: fc.constant(1),
      inbox: fc.constant(inbox),
      lists: fc.tuple(...lists.map((id) => fc.record({ id: fc.constant(id), name: text(100), colour: fc.constantFrom(...colours), position: key, archived: fc.boolean(), ...kept }))),
      labels: fc.tuple(...labels.map((id, n) => fc.record({ id: fc.constant(id), name: text(50).map((name) => `${name} ${n}`), colour: fc.constantFrom(...colours), ...kept }))),
      tasks: fc.tuple(...tasks.map((id, n) => fc.record({
        id: fc.constant(id),
        list_id: fc.constantFrom('inbox', null, ...lists),
        parent_id: fc.constantFrom(null, ...tasks.slice(n + 1)),
        title: text(200),
        description: fc.oneof(fc.constant(''), text(2000)),
        completed_at: fc.option(instant),
        priority: fc.constantFrom(...priorities),
        due,
        start_date: fc.option(day),
        label_ids: fc.subarray(labels),
        position: key,
        ...kept,
      }).map(({ due, start_date: start, label_ids: carried, position, version, created_at, updated_at, deleted_at, ...rest }) => ({ ...rest, ...due, start_date: start, label_ids: carried, position, version, created_at, updated_at, deleted_at })))),
    }).map(settled)
  })
})

t.test('FR-263: whatever is in an account, out, in and out again is the same bytes, and its log gives its state', async (t) => {
  await fc.assert(fc.asyncProperty(files, async (file) => {
    const [ada, bob] = [await signUp(), await signUp()]
    await bringIn(ada, file)
    const first = await fileOf(ada)
    if (!isDeepStrictEqual(JSON.parse(first), JSON.parse(JSON.stringify(file)))) throw new Error('What came in is not what was sent')
    await bringIn(bob, first)
    if (await fileOf(bob) !== first) throw new Error('Another file came out')
    if (!await isReplayed(bob)) throw new Error('The log gives another state')
    const { tasks, lists, labels } = await bringIn(bob, first)
    if (tasks.created + lists.created + labels.created + tasks.differing + lists.differing + labels.differing > 0) throw new Error('It was brought in twice')
  }), { numRuns: 25 })
})

t.test('FR-264: what is there already is left as it is, and told', async (t) => {
  const { ada, root, child } = await furnished()
  const file = await fileOf(ada)
  await call('PATCH', `/api/${ada.id}/tasks/${root.id}`, ada, { title: 'Changed since' })
  await call('DELETE', `/api/${ada.id}/tasks/${child.id}`, ada)
  const before = await fileOf(ada)
  const report = await bringIn(ada, file)
  t.match(report, { change_seq: null, tasks: { created: 0, present: 1, differing: 2 }, lists: { present: 2 } })
  t.match(report.notes, [{ pointer: '/tasks/0', code: 'differs', detail: /title/ }, { pointer: '/tasks/1', code: 'in_trash' }])
  t.equal(await fileOf(ada), before)
})

t.test('FR-264: a label with the name of another is that one; an Inbox that was touched stays', async (t) => {
  const { ada, label: theirs } = await furnished()
  const bob = await signUp()
  const mine = (await call('POST', `/api/${bob.id}/labels`, bob, { name: 'HOME' })).json<Label>()
  const [inbox] = (await call('GET', `/api/${bob.id}/lists`, bob)).json<{ items: List[] }>().items
  await call('PATCH', `/api/${bob.id}/lists/${inbox!.id}`, bob, { name: 'Mine' })
  const report = await bringIn(bob, await fileOf(ada))
  t.match(report, { inbox: 'differs', labels: { created: 0, present: 1 }, tasks: { created: 3 }, notes: [{ pointer: '/inbox', code: 'differs' }] })
  const { tasks, inbox: kept } = JSON.parse(await fileOf(bob)) as TaskExport
  t.equal(kept.name, 'Mine')
  t.ok(tasks.some(({ label_ids: labels }) => labels.includes(mine.id)))
  t.notOk(tasks.some(({ label_ids: labels }) => labels.includes(theirs.id)))
  t.match(await bringIn(bob, await fileOf(ada)), { change_seq: null, tasks: { present: 3 } })
})

t.test('FR-264: what is wrong with an object refuses that one and what is part of it, naming place and remedy; the rest comes', async (t) => {
  const ada = await signUp()
  const good = task({ title: 'Good' })
  const bad = task({ title: '', colour: 'red' } as Partial<ExportedTask>)
  const tasks = [
    good, bad, task({ parent_id: bad.id }), task({ list_id: randomUUID() }), task({ label_ids: [randomUUID()] }), task({ due_date: '2026-02-30' }), task({ due_at: moment }), task({ due_date: '2026-02-03', due_at: moment, time_zone: 'UTC' }),
    task({ due_at: moment, time_zone: 'Mars/Olympus' }), { ...good, title: 'Twice' }, task({ title: 'NUL \0' }), task({ title: 'Half \uD83D' }), task({ position: 'Z' }), task({ created_at: '2026-01-31' }), task({ created_at: '0000-01-31T09:00:00.000Z' }),
    task({ version: 0 }), task({ start_date: '0000-01-01' }), task({ deleted_at: '2026-12-31T23:59:60.000Z' }), 5, null, [], task({ title: 'x'.repeat(201) }),
  ]
  const own = task()
  const [one, two] = [task(), task()]
  tasks.push({ ...own, parent_id: own.id }, { ...one, parent_id: two.id }, { ...two, parent_id: one.id })
  const report = await bringIn(ada, { ...empty, tasks, lists: [{ id: 'x' }] })
  t.match(report, { lists: { created: 0, refused: 1 }, tasks: { created: 1, refused: tasks.length - 1 } })
  const told = new Map(report.notes.map(({ pointer, code }) => [pointer, code]))
  t.match(Object.fromEntries(told), {
    '/tasks/1/title': 'too_short',
    '/tasks/1/colour': 'unknown_field',
    '/tasks/2/parent_id': 'unknown_parent',
    '/tasks/3/list_id': 'unknown_list',
    '/tasks/4/label_ids': 'unknown_label',
    '/tasks/5/due_date': 'not_date',
    '/tasks/6/time_zone': 'zone_without_instant',
    '/tasks/7/due_date': 'due_twice',
    '/tasks/8/time_zone': 'unknown_time_zone',
    '/tasks/9/id': 'duplicate',
    '/tasks/10/title': 'not_allowed',
    '/tasks/22/parent_id': 'cycle',
    '/tasks/23/parent_id': 'cycle',
  })
  t.same((JSON.parse(await fileOf(ada)) as TaskExport).tasks, [good])
  t.ok(await isReplayed(ada))
})

t.test('FR-264: tasks that are part of each other are refused, in the trash as well: they could never be taken out of it', async (t) => {
  const ada = await signUp()
  const now = new Date().toISOString()
  const [one, two, below] = [task({ deleted_at: now }), task({ deleted_at: now }), task({ deleted_at: now })]
  const tasks = [{ ...one, parent_id: two.id }, { ...two, parent_id: one.id }, { ...below, parent_id: one.id }, task()]
  const { tasks: counts, notes } = await bringIn(ada, { ...empty, tasks })
  t.match(counts, { created: 1, refused: 3 })
  t.same(Object.fromEntries(notes.map(({ pointer, code }) => [pointer, code])), { '/tasks/0/parent_id': 'cycle', '/tasks/1/parent_id': 'cycle', '/tasks/2/parent_id': 'unknown_parent' })
})

t.test('FR-264: what is not deleted refers to nothing that is, in the file or here; it is told, and can be changed', async (t) => {
  const now = new Date().toISOString()
  const [list, label, parent] = [{ id: randomUUID(), name: 'House', colour: 'teal', position: 'm3', archived: false, ...past }, { id: randomUUID(), name: 'home', colour: 'red', ...past }, task()]
  const one = task({ list_id: list.id, label_ids: [label.id], parent_id: parent.id })
  const file = { ...empty, lists: [list], labels: [label], tasks: [parent, one] }
  const deleted = { ...file, lists: [{ ...list, deleted_at: now }], labels: [{ ...label, deleted_at: now }], tasks: [{ ...parent, deleted_at: now }, one] }
  const [ada, bob] = [await signUp(), await signUp()]
  await bringIn(ada, file)
  for (const path of [`tasks/${parent.id}`, `trash/${one.id}`, `lists/${list.id}`, `labels/${label.id}`]) t.equal((await call('DELETE', `/api/${ada.id}/${path}`, ada)).statusCode, 204)
  for (const [user, sent] of [[ada, file], [bob, deleted]] as const) {
    const { tasks, notes } = await bringIn(user, sent)
    t.equal(tasks.created, user === ada ? 1 : 2)
    t.same(notes.filter(({ code }) => code !== 'in_trash').map(({ pointer, code }) => [pointer, code]), [['/tasks/1/list_id', 'list_deleted'], ['/tasks/1/parent_id', 'parent_deleted'], ['/tasks/1/label_ids', 'label_deleted']])
    const [inbox] = (await call('GET', `/api/${user.id}/lists`, user)).json<{ items: List[] }>().items
    const brought = (await call('GET', `/api/${user.id}/tasks/${one.id}`, user)).json<Task>()
    t.match(brought, { list_id: inbox?.id, parent_id: null, label_ids: [] })
    t.equal((await call('PUT', `/api/${user.id}/tasks/${one.id}`, user, { ...wholeOf(brought), title: 'Changed' })).statusCode, 200)
    t.equal((await call('DELETE', `/api/${user.id}/trash/${parent.id}`, user)).statusCode, 204)
    t.ok(await isReplayed(user), 'nothing goes along that the log does not tell')
    t.match(await bringIn(user, sent), { tasks: { differing: 1 } }, 'it is known again')
  }
})

t.test('FR-264: a label that was deleted here stands for the one that has its name now', async (t) => {
  const { ada, label } = await furnished()
  const file = await fileOf(ada)
  await call('DELETE', `/api/${ada.id}/labels/${label.id}`, ada)
  const { id } = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'Home' })).json<Label>()
  const one = task({ label_ids: [label.id] })
  await bringIn(ada, { ...JSON.parse(file) as TaskExport, tasks: [one] })
  t.same((await call('GET', `/api/${ada.id}/tasks/${one.id}`, ada)).json<Task>().label_ids, [id])
})

t.test('FR-213: taken out of the trash after an import was taken back, a task has lost the labels that went with it', async (t) => {
  const ada = await signUp()
  const label = { id: randomUUID(), name: 'home', colour: 'red', ...past }
  const [one, two] = [task({ label_ids: [label.id] }), task({ label_ids: [label.id] })]
  const { change_seq: seq } = await bringIn(ada, { ...empty, labels: [label], tasks: [one, two] })
  t.equal((await call('POST', `/api/${ada.id}/changes/${seq}/undo`, ada)).statusCode, 200)
  const restored = (await call('POST', `/api/${ada.id}/tasks/${one.id}/restore`, ada)).json<Task>()
  t.same(restored.label_ids, [])
  t.equal((await call('PUT', `/api/${ada.id}/tasks/${one.id}`, ada, { ...wholeOf(restored), title: 'Changed' })).statusCode, 200)
  t.equal((await call('POST', `/api/${ada.id}/tasks/bulk`, ada, { action: 'restore', ids: [two.id] })).statusCode, 200)
  t.same((await call('GET', `/api/${ada.id}/tasks/${two.id}`, ada)).json<Task>().label_ids, [])
  t.ok(await isReplayed(ada))
})

t.test('FR-254, FR-265: what comes before all else finds a place, however strange the places in a file were', async (t) => {
  const ada = await signUp()
  await bringIn(ada, { ...empty, tasks: ['0', '5', '50', `${'0'.repeat(299)}1`].map((position) => task({ title: position.slice(-2), position })) })
  const order = async () => (await call('GET', `/api/${ada.id}/tasks`, ada)).json<TaskPage>().items
  const moved = await createTask(ada, { title: 'Moved' })
  for (const [move, at] of [[{ after: null }, 0], [{ after: '5' }, 3], [{ before: '50' }, 3]] as const) {
    const named = Object.fromEntries(await Promise.all(Object.entries(move).map(async ([side, title]) => [side, (await order()).find((one) => one.title === title)?.id ?? null])))
    t.equal((await call('POST', `/api/${ada.id}/tasks/${moved.id}/move`, ada, named)).statusCode, 200)
    t.equal((await order()).findIndex(({ id }) => id === moved.id), at)
  }
  t.same((await order()).filter(({ id }) => id !== moved.id).map(({ title }) => title), ['0', '01', '5', '50'], 'the others stay in their order')
  t.match((await call('POST', `/api/${ada.id}/import?dry_run=false`, ada, `TYPE,CONTENT\n${'task,Hello\n'.repeat(300)}`, { 'content-type': 'text/csv' })).json(), { tasks: { created: 300 } })
  const bob = await signUp()
  await bringIn(bob, { ...empty, tasks: [task({ position: `${'0'.repeat(299)}1` })] })
  t.match((await call('POST', `/api/${bob.id}/import?dry_run=false`, bob, 'TYPE,CONTENT\ntask,Hello\n', { 'content-type': 'text/csv' })).json(), { tasks: { created: 1 } })
})

t.test('FR-264: what is wrong with the file refuses all of it', async (t) => {
  const ada = await signUp()
  for (const [why, file, status, match] of [
    ['no JSON', '{', 400, { type: '/problems/malformed-json' }],
    ['nothing', '', 400, { type: '/problems/malformed-json' }],
    ['too deep', '['.repeat(100_000), 400, { type: '/problems/malformed-json' }],
    ['another format', { ...empty, format: 'other' }, 422, { errors: [{ pointer: '/format', code: 'unknown_format' }] }],
    ['another version', { ...empty, version: 2 }, 422, { errors: [{ pointer: '/format' }] }],
    ['an unknown field', { ...empty, more: 1 }, 422, { errors: [{ pointer: '/more', code: 'unknown_field' }] }],
    ['no tasks', { ...empty, tasks: undefined }, 422, { errors: [{ pointer: '/tasks', code: 'wrong_type' }] }],
    ['no Inbox', { ...empty, inbox: undefined }, 422, { errors: [{ pointer: '/inbox' }] }],
    ['too many', `{"format":"daymark.tasks","version":1,"inbox":{"name":"I","colour":"red"},"lists":[],"labels":[],"tasks":[${'0,'.repeat(100_000)}0]}`, 413, { type: '/problems/body-too-large', detail: /in parts/ }],
  ] as const) {
    const response = await send(ada, file)
    t.equal(response.statusCode, status, why)
    t.match(response.json(), match, why)
  }
  t.equal((await call('POST', `/api/${ada.id}/import`, ada, 'x', { 'content-type': 'application/xml' })).statusCode, 415)
  t.equal((await call('POST', `/api/${ada.id}/import?dry_run=perhaps`, ada, empty)).statusCode, 400)
  const large = await send(ada, ' '.repeat(64 * 1024 * 1024 + 1))
  t.equal(large.statusCode, 413)
  t.same(await changesOf(database, ada), [])
})

t.test('FR-263: the file of everything that is kept of a person can be brought in as well', async (t) => {
  const { ada } = await furnished()
  const content = JSON.parse(await fileOf(ada)) as TaskExport
  const bob = await signUp()
  const broken = { ...content, tasks: [...content.tasks, 5] }
  t.match(await bringIn(bob, { format: 'daymark.export', version: 2, account: { whatever: 1 }, content: broken }), { tasks: { created: 3 }, notes: [{ pointer: '/content/tasks/3' }] })
  t.equal(await fileOf(bob), await fileOf(ada))
})

t.test('FR-202: under a key a file is brought in once, and its answer kept', async (t) => {
  const ada = await signUp()
  const file = JSON.stringify({ ...empty, tasks: [task()] })
  const [one, two] = await Promise.all([1, 2].map(() => send(ada, file, '?dry_run=false', { 'idempotency-key': 'once' })))
  t.same([one!.statusCode, two!.statusCode], [200, 200])
  t.same(one!.json(), two!.json())
  t.match(one!.json(), { tasks: { created: 1 } })
  t.equal((await send(ada, JSON.stringify({ ...empty, tasks: [task()] }), '?dry_run=false', { 'idempotency-key': 'once' })).statusCode, 422)
})

t.test('SEC-82: the ids of another\'s file are one\'s own in one\'s own account, and the other keeps theirs', async (t) => {
  const { ada } = await furnished()
  const before = JSON.stringify([await stateOf(database, ada), await changesOf(database, ada)])
  const file = JSON.parse(await fileOf(ada)) as TaskExport
  const mallory = await signUp()
  for (const one of [...file.tasks, ...file.lists]) Object.assign(one, 'title' in one ? { title: 'Taken' } : { name: 'Taken' })
  t.equal((await send(ada, file)).statusCode, 200)
  t.equal((await call('POST', `/api/${ada.id}/import?dry_run=false`, mallory, file)).statusCode, 403)
  await bringIn(mallory, file)
  t.equal((await send(mallory, { ...empty, tasks: [task({ list_id: file.lists[0]!.id, parent_id: file.tasks[0]!.id })] })).json<ImportReport>().tasks.created, 1, 'they have their own by now')
  const carol = await signUp()
  t.match(await bringIn(carol, { ...empty, tasks: [task({ list_id: file.lists[0]!.id }), task({ parent_id: file.tasks[0]!.id }), task({ label_ids: [file.labels[0]!.id] })] }), { tasks: { created: 0, refused: 3 } })
  t.equal(JSON.stringify([await stateOf(database, ada), await changesOf(database, ada)]), before)
})

t.test('FR-206: what was brought in and is needed by something newer stays, and the rest goes', async (t) => {
  const ada = await signUp()
  const [one, two, three] = [task(), task(), task()]
  const list = { id: randomUUID(), name: 'House', colour: 'red', position: 'm', archived: false, ...past }
  const { change_seq: seq } = await bringIn(ada, { ...empty, lists: [list], tasks: [{ ...one, list_id: list.id }, { ...two, parent_id: one.id }, three] })
  await createTask(ada, { title: 'Newer', parent_id: two.id })
  const { items } = (await call('POST', `/api/${ada.id}/changes/${seq}/undo`, ada)).json<{ items: Array<{ object_id: string, undone: boolean, code: string | null }> }>()
  t.same(new Map(items.map(({ object_id: id, undone, code }) => [id, undone ? null : code])), new Map([[list.id, 'still_needed'], [one.id, 'still_needed'], [two.id, 'still_needed'], [three.id, null]]))
  t.ok(await isReplayed(ada))
})

t.test('FR-264: an import into an account that is opened while it begins waits for what else is brought in there', async (t) => {
  const ada = await signUp()
  const brought = task()
  const untilWaiting = async () => {
    while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).length === 0) await delay(5)
  }
  const letBegin = await database.hold('LOCK TABLE tasks.idempotency_keys') // where it looks for an earlier answer, having found no account to lock
  const answer = send(ada, { ...empty, tasks: [brought] }, '?dry_run=false', { 'idempotency-key': randomUUID() })
  await untilWaiting()
  await call('GET', `/api/${ada.id}/lists`, ada)
  const letFinish = await database.hold(`WITH account AS (SELECT user_id FROM tasks.accounts WHERE user_id = $1 FOR UPDATE)
    INSERT INTO tasks.tasks (user_id, id, list_id, title) SELECT l.user_id, $2, l.id, 'Brought in by another' FROM account JOIN tasks.lists l USING (user_id)`, [ada.id, brought.id])
  await letBegin()
  await untilWaiting()
  await letFinish()
  t.match((await answer).json(), { tasks: { created: 0, differing: 1 }, change_seq: null })
})
