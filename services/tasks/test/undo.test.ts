import t from 'tap'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import type { Change, ChangePage, ChangesSince, Label, List, NewTask, Task, Undone } from '../contracts.ts'
import { empty, exportedTask } from './exported.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const undo = (user: User, seq: number | string | undefined) => call('POST', `/api/${user.id}/changes/${seq}/undo`, user)
const changeOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers['daymark-change'])
/** All that is there of a user, but for what every change moves on. */
const contents = async (user: User) => {
  const { task, list, label } = await stateOf(database, user)
  return [task, list, label].map((objects) => objects!.map(({ version: _v, updated_at: _u, ...rest }) => rest))
}
const lastSeq = async (user: User) => Number((await changesOf(database, user)).at(-1)?.seq)

t.test('FR-206: each kind of change is taken back, and done again by taking that back', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}`
  const task = await createTask(ada)
  const label = (await call('POST', `${path}/labels`, ada, { name: 'home' })).json<Label>()
  const list = (await call('POST', `${path}/lists`, ada, { name: 'House' })).json<List>()
  const one = `${path}/tasks/${task.id}`
  for (const [method, url, body] of [
    ['PATCH', one, { title: 'Other', priority: 'high', due_date: '2026-02-03', label_ids: [label.id], list_id: list.id }],
    ['PATCH', `${one}/complete`, undefined],
    ['PATCH', `${path}/lists/${list.id}`, { name: 'Home', archived: true }],
    ['PATCH', `${path}/labels/${label.id}`, { name: 'Haus' }],
    ['DELETE', `${path}/labels/${label.id}`, undefined],
    ['DELETE', `${path}/lists/${list.id}`, undefined],
    ['POST', `${one}/restore`, undefined],
    ['DELETE', one, undefined],
  ] as const) {
    const before = await contents(ada)
    const done = await call(method, url, ada, body)
    t.ok(done.statusCode < 300, done.body)
    const after = await contents(ada)
    const undone = await undo(ada, changeOf(done))
    t.equal(changeOf(undone), String(undone.json<Undone>().change_seq), 'an undo tells its number as other writes do')
    t.match(undone.json(), { change_seq: Number, items: [{ undone: true, code: null, conflict_seq: null }] }, `${method} ${url.slice(path.length)}`)
    t.same(await contents(ada), before, 'taken back')
    const redone = await undo(ada, undone.json<Undone>().change_seq ?? 0)
    t.equal(redone.statusCode, 200)
    t.same(await contents(ada), after, 'done again')
  }
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-206: what was made goes to the trash, unless something needs it by then', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}`
  await createTask(ada)
  const made = await call('POST', `${path}/tasks`, ada, { title: 'Oops' })
  t.equal((await undo(ada, changeOf(made))).statusCode, 200)
  t.equal((await call('GET', `${path}/tasks/${made.json<Task>().id}`, ada)).statusCode, 404)
  for (const [url, body, use] of [
    ['/tasks', { title: 'Parent' }, (id: string) => ({ title: 'Child', parent_id: id })],
    ['/lists', { name: 'List' }, (id: string) => ({ title: 'In it', list_id: id })],
    ['/labels', { name: 'Label' }, (id: string) => ({ title: 'With it', label_ids: [id] })],
  ] as const) {
    const needed = await call('POST', `${path}${url}`, ada, body)
    await createTask(ada, use(needed.json<{ id: string }>().id))
    t.match((await undo(ada, changeOf(needed))).json(), { status: 409, type: '/problems/undo-conflict', detail: /in use by now/ }, url)
  }
})

t.test('FR-206: what came back and is in use by now does not go again: nothing stays behind in what is gone', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}`
  /** Deletes it and takes that back; gives the number by which it would go again. */
  const deletedAndBack = async (url: string) => (await undo(ada, changeOf(await call('DELETE', `${path}${url}`, ada)))).json<Undone>().change_seq!
  for (const [url, name, use] of [
    ['/tasks', { title: 'Parent' }, (id: string) => ({ title: 'Child', parent_id: id })],
    ['/lists', { name: 'Used' }, (id: string) => ({ title: 'In it', list_id: id })],
    ['/labels', { name: 'used' }, (id: string) => ({ title: 'With it', label_ids: [id] })],
  ] as const) {
    const { id } = (await call('POST', `${path}${url}`, ada, name)).json<Task>()
    const [old, back] = [await createTask(ada, use(id)), await deletedAndBack(`${url}/${id}`)]
    const user = await createTask(ada, use(id))
    const { items } = (await undo(ada, back)).json<Undone>()
    t.same(items.map(({ object_id, undone, code }) => [object_id, undone, code]), [[id, false, 'still_needed'], [old.id, true, null]], 'the rest goes')
    t.equal((await call('GET', `${path}${url}/${id}`, ada)).statusCode, 200, 'it stays')
    await call('DELETE', `${path}/tasks/${user.id}`, ada)
    t.equal((await undo(ada, back)).statusCode, 200)
    t.equal((await call('GET', `${path}${url}/${id}`, ada)).statusCode, 404, 'what nothing needs goes again')
  }
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-206: all that was made, taken back from the last to the first, leaves an account as it was, and comes again', async (t) => {
  const ada = await signUp()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>()
  const before = await lastSeq(ada)
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'House' })).json<List>()
  const parent = await createTask(ada, { title: 'Parent', list_id: list.id, label_ids: [label.id] })
  await createTask(ada, { title: 'Child', parent_id: parent.id, label_ids: [label.id] })
  const all = await contents(ada)
  const undone: number[] = []
  for (let seq = await lastSeq(ada); seq >= before; seq--) undone.push((await undo(ada, seq)).json<Undone>().change_seq!)
  t.equal((await call('GET', `/api/${ada.id}/labels/${label.id}`, ada)).statusCode, 404, 'what is in the trash needs no label')
  for (const seq of undone.reverse()) t.equal((await undo(ada, seq)).statusCode, 200)
  t.same(await contents(ada), all)
})

t.test('FR-206: of what went and came back together, what something of it needs stays with that', async (t) => {
  const ada = await signUp()
  const parent = await createTask(ada, { title: 'Parent' })
  const child = await createTask(ada, { title: 'Child', parent_id: parent.id })
  const { change_seq: back } = (await undo(ada, changeOf(await call('DELETE', `/api/${ada.id}/tasks/${parent.id}`, ada)))).json<Undone>()
  await call('DELETE', `/api/${ada.id}/tasks/${child.id}`, ada)
  await call('POST', `/api/${ada.id}/tasks/${child.id}/restore`, ada)
  const answer = (await undo(ada, back!)).json<{ status: number, current: Undone }>()
  t.equal(answer.status, 409)
  t.same(answer.current.items.map(({ code }) => code), ['still_needed', 'changed_later'])
  t.match((await call('GET', `/api/${ada.id}/tasks/${child.id}`, ada)).json(), { parent_id: parent.id })
})

t.test('FR-201: nothing becomes part of itself, not in the trash either, so that it can be taken out', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}/tasks`
  const [one, two] = [await createTask(ada, { title: 'One' }), await createTask(ada, { title: 'Two' })]
  await call('PATCH', `${path}/${one.id}`, ada, { parent_id: two.id })
  const apart = changeOf(await call('PATCH', `${path}/${one.id}`, ada, { parent_id: null }))
  await call('PATCH', `${path}/${two.id}`, ada, { parent_id: one.id })
  const deleted = changeOf(await call('DELETE', `${path}/${one.id}`, ada))
  t.match((await undo(ada, apart)).json(), { status: 422, errors: [{ pointer: '/parent_id', code: 'cycle' }] })
  t.equal((await undo(ada, deleted)).statusCode, 200)
  t.equal((await call('DELETE', `${path}/${one.id}`, ada)).statusCode, 204)
  t.equal((await call('POST', `${path}/${one.id}/restore`, ada)).statusCode, 200)
})

t.test('FR-206: a task comes back without the labels that are gone by then', async (t) => {
  const ada = await signUp()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>().id
  const { id } = await createTask(ada, { title: 'Labelled', label_ids: [label] })
  const url = `/api/${ada.id}/tasks/${id}`
  const unlabelled = changeOf(await call('PATCH', url, ada, { label_ids: [] }))
  const deleted = changeOf(await call('DELETE', url, ada))
  await call('DELETE', `/api/${ada.id}/labels/${label}`, ada)
  t.equal((await undo(ada, unlabelled)).statusCode, 200, 'in the trash it may have any')
  const { change_seq: back } = (await undo(ada, deleted)).json<Undone>()
  t.same((await call('GET', url, ada)).json<Task>().label_ids, [])
  t.equal((await undo(ada, back!)).statusCode, 200)
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-206: a later change of the same field stands in the way and is named; of another field it does not', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks/${task.id}`
  const first = changeOf(await call('PATCH', url, ada, { title: 'First' }))
  const second = changeOf(await call('PATCH', url, ada, { title: 'Second' }))
  await call('PATCH', url, ada, { description: 'Other' })
  t.match((await undo(ada, first)).json(), { status: 409, detail: `Change ${second} came later and changed the same: take that back first.`, errors: [{ pointer: '/title', code: 'changed_later' }], current: { change_seq: null, items: [{ seq: Number(first), code: 'changed_later', conflict_seq: Number(second) }] } })
  t.equal((await call('GET', url, ada)).json<Task>().title, 'Second')
  const back = (await undo(ada, second)).json<Undone>()
  t.match((await undo(ada, second)).json(), { status: 409, detail: `Change ${back.change_seq} has taken it back already.` })
  t.equal((await undo(ada, first)).statusCode, 200, 'what was changed later and back does not count')
  t.match((await call('GET', url, ada)).json(), { title: task.title, description: 'Other' })
  t.equal((await undo(ada, back.change_seq ?? 0)).statusCode, 409, 'and the redo of the second now has the first in its way')
  t.equal((await undo(ada, 999_999)).statusCode, 404)
  t.equal((await undo(ada, 0)).statusCode, 400)
})

t.test('FR-206: of a group what can be taken back is, and the rest is reported', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}`
  const parent = await createTask(ada)
  const [left, changed] = [await createTask(ada, { title: 'Left', parent_id: parent.id }), await createTask(ada, { title: 'Changed', parent_id: parent.id })]
  const done = changeOf(await call('PATCH', `${path}/tasks/${parent.id}/complete`, ada, { subtasks: 'complete' }))
  await call('PATCH', `${path}/tasks/${changed.id}/complete`, ada, { completed: false })
  const again = changeOf(await call('PATCH', `${path}/tasks/${changed.id}/complete`, ada, { completed: true }))
  const { items, change_seq: seq } = (await undo(ada, done)).json<Undone>()
  t.same(items.map(({ object_id: id, undone, code }) => ({ id, undone, code })), [
    { id: parent.id, undone: true, code: null }, { id: left.id, undone: true, code: null }, { id: changed.id, undone: false, code: 'changed_later' },
  ])
  t.ok(items[2]!.conflict_seq! < Number(again))
  const group = (await changesOf(database, ada)).filter(({ group_seq: of }) => of === String(seq))
  t.equal(group.length, 2, 'what was taken back is one group again')
  t.equal((await undo(ada, seq ?? 0)).json<Undone>().items.every(({ undone }) => undone), true)
})

t.test('FR-206: an undo that races an edit loses nothing: it takes back what was, or is told of what came between', async (t) => {
  const ada = await signUp()
  for (let round = 0; round < 25; round++) {
    const task = await createTask(ada, { title: 'Before' })
    const url = `/api/${ada.id}/tasks/${task.id}`
    const change = changeOf(await call('PATCH', url, ada, { title: 'After' }))
    const [undone, edited] = await Promise.all([undo(ada, change), call('PATCH', url, ada, { title: 'Edit' })])
    t.equal(edited.statusCode, 200)
    const { title } = (await call('GET', url, ada)).json<Task>()
    const log = (await changesOf(database, ada)).filter(({ object_id: id }) => id === task.id).map(({ after }) => after['title'])
    if (undone.statusCode === 200) t.same([title, log.slice(-2)], ['Edit', ['Before', 'Edit']], 'undone first')
    else t.same([undone.statusCode, title], [409, 'Edit'], 'edited first')
  }
})

t.test('FR-206: of ten who take the same change back at once one does', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const change = changeOf(await call('PATCH', `/api/${ada.id}/tasks/${task.id}`, ada, { title: 'After' }))
  const answers = await Promise.all(Array.from({ length: 10 }, () => undo(ada, change)))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array<number>(9).fill(409)])
})

t.test('FR-206: undo after do is identity, redo after undo likewise, whatever was done', async (t) => {
  const act = fc.record({
    kind: fc.constantFrom('create', 'patch', 'complete', 'complete-tree', 'delete', 'restore', 'nest', 'label', 'rename-list', 'delete-list', 'rename-label', 'delete-label'),
    which: fc.nat(3),
    other: fc.nat(3),
    title: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 }).filter((text) => /\S/.test(text)),
    flag: fc.boolean(),
  })
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 15 }), async (acts) => {
    const user = await signUp()
    const url = `/api/${user.id}`
    const made = async (path: string, body: object) => (await call('POST', `${url}${path}`, user, body)).json<{ id: string }>().id
    const first = (await createTask(user)).id
    const lists = [await made('/lists', { name: 'One' }), await made('/lists', { name: 'Two' })]
    const labels = [await made('/labels', { name: 'one' }), await made('/labels', { name: 'two' })]
    const ids = [first, await made('/tasks', { title: '1', list_id: lists[0], label_ids: labels }), await made('/tasks', { title: '2', parent_id: first, list_id: lists[1] }), await made('/tasks', { title: '3' })]
    const shown = async () => (await contents(user)).map((objects) => objects.filter(({ deleted_at: at }) => at === null)) // what was made goes to the trash
    const states = [await shown()]
    const marks: number[] = []
    for (const { kind, which, other, title, flag } of acts) {
      const [task, list, label] = [`${url}/tasks/${ids[which]}`, `${url}/lists/${lists[which % 2]}`, `${url}/labels/${labels[which % 2]}`]
      const [method, path, body] = ({
        create: ['POST', `${url}/tasks`, { title }],
        patch: ['PATCH', task, { title, completed: flag, priority: flag ? 'high' : 'none' }],
        complete: ['PATCH', `${task}/complete`, { completed: flag, subtasks: 'keep' }],
        'complete-tree': ['PATCH', `${task}/complete`, { completed: true, subtasks: 'complete' }],
        delete: ['DELETE', task, undefined],
        restore: ['POST', `${task}/restore`, undefined],
        nest: ['PATCH', task, { parent_id: flag ? ids[other] : null }],
        label: ['PATCH', task, { label_ids: flag ? labels : [] }],
        'rename-list': ['PATCH', list, { name: title, archived: flag }],
        'delete-list': ['DELETE', list, undefined],
        'rename-label': ['PATCH', label, { name: title }],
        'delete-label': ['DELETE', label, undefined],
      } as const)[kind]
      const answer = await call(method, path, user, body)
      if (answer.statusCode >= 500) throw new Error(answer.body)
      if (answer.headers['daymark-change'] === undefined) continue
      marks.push(Number(changeOf(answer)))
      states.push(await shown())
    }
    const undone: number[] = []
    for (const mark of [...marks].reverse()) {
      const answer = await undo(user, mark)
      if (answer.statusCode !== 200 || !answer.json<Undone>().items.every(({ undone: is }) => is)) throw new Error(`Not undone: ${answer.body}`)
      undone.push(answer.json<Undone>().change_seq ?? 0)
      if (!t.strictSame(await shown(), states[marks.indexOf(mark)], 'undo after do is identity')) throw new Error('Undo is not identity')
    }
    for (const [index, seq] of [...undone].reverse().entries()) {
      const answer = await undo(user, seq)
      if (answer.statusCode !== 200) throw new Error(`Not redone: ${answer.body}`)
      if (!t.strictSame(await shown(), states[index + 1]!, 'redo after undo likewise')) throw new Error('Redo is not identity')
    }
    const log = await changesOf(database, user)
    if (!t.strictSame(replay(log), await stateOf(database, user))) throw new Error('The log and the state differ')
  }), {
    numRuns: 30,
    endOnFailure: true,
    // The child comes back in another statement than the parent that is moved.
    examples: [[([['nest', 0, 3, true], ['delete', 3, 3, true], ['restore', 0, 1, true]] as const).map(([kind, which, other, flag]) => ({ kind, which, other, title: 'x', flag }))]],
  })
})

t.test('FR-207: changes are told from any number on, each once, and say what has taken them back', async (t) => {
  const ada = await signUp()
  const url = `/api/${ada.id}`
  const task = await createTask(ada)
  for (let n = 0; n < 6; n++) await call('PATCH', `${url}/tasks/${task.id}`, ada, { title: `Title ${n}` })
  const undone = (await undo(ada, 8)).json<Undone>()
  const seen: Change[] = []
  for (let since = 0; ;) {
    const page = (await call('GET', `${url}/changes?since=${since}&limit=3`, ada)).json<ChangesSince>()
    seen.push(...page.items)
    since = page.since
    if (!page.has_more) break
  }
  t.same(seen.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.match(seen[7], { object_type: 'task', object_id: task.id, action: 'updated', before: { title: 'Title 4' }, after: { title: 'Title 5' }, undone_by: undone.change_seq, actor_id: ada.id })
  t.match(seen[8], { undoes: 8, undone_by: null, after: { title: 'Title 4' } })
  t.same((await call('GET', `${url}/changes?since=9`, ada)).json(), { items: [], since: 9, has_more: false })
})

t.test('FR-208: the history of a task, in pages, also of one in the trash; of one that never was there is none', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada, { title: 'Title' } satisfies NewTask)
  const url = `/api/${ada.id}/tasks/${task.id}`
  for (let n = 0; n < 4; n++) await call('PATCH', url, ada, { title: `Title ${n}` })
  await call('DELETE', url, ada)
  const first = (await call('GET', `${url}/history?limit=4`, ada)).json<ChangePage>()
  const second = (await call('GET', `${url}/history?limit=4&cursor=${first.next_cursor}`, ada)).json<ChangePage>()
  t.same([...first.items, ...second.items].map(({ action }) => action), ['deleted', 'updated', 'updated', 'updated', 'updated', 'created'])
  t.equal(second.next_cursor, null)
  t.equal((await call('GET', `/api/${ada.id}/tasks/${randomUUID()}/history`, ada)).statusCode, 404)
  t.equal((await call('GET', `/api/${ada.id}/tasks?cursor=${first.next_cursor}`, ada)).statusCode, 400, 'its cursor is for it alone')
  t.ok(await lastSeq(ada) > 5)
})

t.test('FR-203, FR-204, FR-206: a list or a label of more tasks than go into one statement goes as one change, and comes back', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}`
  const list = (await call('POST', `${path}/lists`, ada, { name: 'House' })).json<List>()
  const label = (await call('POST', `${path}/labels`, ada, { name: 'home' })).json<Label>()
  const parent = await createTask(ada, { title: 'Move house', list_id: list.id })
  const child = await createTask(ada, { title: 'Pack', parent_id: parent.id }) // in the Inbox
  for (let half = 0; half < 2; half++) {
    await database.asSuperuser('INSERT INTO tasks.tasks (user_id, id, list_id, title, label_ids) SELECT $1, gen_random_uuid(), $2, g::text, ARRAY[$3::uuid] FROM generate_series(1, 600) g', [ada.id, list.id, label.id])
  }
  const before = await contents(ada)
  for (const [url, count] of [[`${path}/labels/${label.id}`, 1201], [`${path}/lists/${list.id}`, 1203]] as const) {
    const seq = changeOf(await call('DELETE', url, ada))
    const group = (await database.asSuperuser<{ count: number }>('SELECT count(*)::integer AS count FROM tasks.changes WHERE user_id = $1 AND (group_seq = $2 OR seq = $2)', [ada.id, seq]))[0]
    t.equal(group?.count, count)
    t.equal((await undo(ada, seq)).json<Undone>().items.filter(({ undone }) => undone).length, count)
    t.same(await contents(ada), before)
  }
  await call('DELETE', `${path}/lists/${list.id}`, ada)
  await call('POST', `${path}/tasks/${parent.id}/restore`, ada)
  t.equal((await call('GET', `${path}/tasks/${child.id}`, ada)).statusCode, 200, 'what went together comes back together')
})

t.test('FR-201, FR-250: a tree of more tasks than go into one statement is completed, deleted and brought back as one change', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}/tasks`
  const root = await createTask(ada, { title: 'Root' })
  await database.asSuperuser('INSERT INTO tasks.tasks (user_id, id, parent_id, title) SELECT $1, gen_random_uuid(), $2, g::text FROM generate_series(1, 1600) g', [ada.id, root.id])
  const bulk = (body: object) => call('POST', `${path}/bulk`, ada, body)
  for (const [what, change] of Object.entries({
    completed: () => call('PATCH', `${path}/${root.id}/complete`, ada, { subtasks: 'complete' }),
    deleted: () => call('DELETE', `${path}/${root.id}`, ada),
    restored: () => call('POST', `${path}/${root.id}/restore`, ada),
    'deleted among others': () => bulk({ action: 'delete', ids: [root.id] }),
    'restored among others': () => bulk({ action: 'restore', ids: [root.id] }),
    'completed among others': () => bulk({ action: 'complete', ids: [root.id], subtasks: 'complete' }),
  })) {
    const before = await contents(ada)
    if (what === 'completed among others') await database.asSuperuser('UPDATE tasks.tasks SET completed_at = NULL WHERE user_id = $1', [ada.id])
    const answer = await change()
    const seq = changeOf(answer)
    if (answer.statusCode === 200 && !what.includes('others')) t.equal(answer.json<Task>().id, root.id)
    const statements = await database.asSuperuser<{ count: number }>('SELECT count(*)::integer AS count FROM tasks.changes WHERE user_id = $1 AND (group_seq = $2 OR seq = $2) GROUP BY changed_at', [ada.id, seq])
    t.equal(statements.reduce((sum, { count }) => sum + count, 0), 1601, what)
    t.ok(statements.every(({ count }) => count <= 1000), 'by several statements')
    if (what === 'completed among others') continue
    t.equal((await undo(ada, seq)).json<Undone>().items.filter(({ undone }) => undone).length, 1601)
    t.same(await contents(ada), before)
    await change()
  }
})

t.test('FR-263: thousands that were brought in are taken back before the database knows how many they are', async (t) => {
  const tasks = Array.from({ length: 3000 }, (_, n) => exportedTask({ title: String(n) }))
  const afresh = await startTasks(t)
  const bob = await afresh.signUp()
  await afresh.database.asSuperuser('ALTER TABLE tasks.tasks SET (autovacuum_enabled = false)')
  const answer = await afresh.call('POST', `/api/${bob.id}/import?dry_run=false`, bob, { ...empty, tasks })
  const read = async () => (await afresh.database.asSuperuser<{ read: number, trashed: number }>(`
    SELECT (SELECT sum(idx_tup_read)::integer FROM pg_stat_user_indexes WHERE relname = 'tasks') AS read,
      (SELECT n_tup_upd::integer FROM pg_stat_user_tables WHERE relname = 'tasks' AND schemaname = 'tasks') AS trashed`))[0]!
  t.equal((await afresh.call('POST', `/api/${bob.id}/changes/${changeOf(answer)}/undo`, bob)).statusCode, 200)
  while ((await read()).trashed < tasks.length) await new Promise((resolve) => setTimeout(resolve, 200)) // it is told with a delay
  t.ok((await read()).read < tasks.length ** 2, 'each was looked up, and not found among all of them')
})
