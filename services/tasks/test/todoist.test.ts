import t from 'tap'
import fc from 'fast-check'
import type { ImportReport, Label, List, TaskExport } from '../contracts.ts'
import { readTodoistDate } from '../src/transfer/todoist-date.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const send = (user: User, csv: string | Buffer, query = '?dry_run=false') => call('POST', `/api/${user.id}/import${query}`, user, csv, { 'content-type': 'text/csv; charset=utf-8' })
async function bringIn (user: User, csv: string | Buffer, query?: string): Promise<ImportReport> {
  const response = await send(user, csv, query)
  if (response.statusCode !== 200) throw new Error(response.body)
  return response.json()
}
const contents = async (user: User) => (await call('GET', `/api/${user.id}/export`, user)).json<TaskExport>()
/** The tasks in their manual order. */
const inOrder = async (user: User) => (await contents(user)).tasks.sort((a, b) => a.position < b.position ? -1 : 1)

const head = 'TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT,meta,DEADLINE,DEADLINE_LANG'
/** As Todoist writes it: a byte order mark, CRLF, a line of commas after each section. */
const project = `\uFEFF${head}\r
meta,view_style=list,,,,,,,,,,,,,\r
task,Buy milk @shop @Home,"Two litres,
not ""skimmed""",1,1,Ada (1),,2026-03-01,en,Europe/Berlin,,,,,\r
task,Check the fridge first,,4,2,Ada (1),,1 Mar 2026 10:30,en,Europe/Berlin,,,,,\r
note,On the left,,,,Ada (1),,2026-01-01T10:00:00Z,,,,,,,\r
task,Water the plants,,3,1,Ada (1),Bob (2),every day,en,Europe/Berlin,30,minute,,2026-04-01,en\r
,,,,,,,,,,,,,,\r
section,Later @x,,,,,,,,,,,,,\r
task,Buy milk @home,,2,1,Ada (1),,2026-03-01T10:00:00+02:00,en,,,,,,\r
task,Buy milk @home,,,1,Ada (1),,,,,,,,,\r
`

t.test('FR-265: a project of Todoist comes with its sections, subtasks, labels, notes, priorities and dates, in its order', async (t) => {
  const ada = await signUp()
  await createTask(ada, { title: 'Older' })
  const told = await bringIn(ada, project, '?list_name=Errands')
  t.match(told, { dry_run: true, lists: { created: 2 }, labels: { created: 2 }, tasks: { created: 5, refused: 0 } })
  t.match((await changesOf(database, ada)).length, 2, 'nothing was done')
  const done = await bringIn(ada, project, '?dry_run=false&list_name=Errands')
  t.match(done, { ...told, dry_run: false, change_seq: 3 })
  const { lists, labels } = await contents(ada)
  const list = (name: string) => lists.find((one) => one.name === name)!.id
  const label = (name: string) => labels.find((one) => one.name === name)!.id
  const tasks = await inOrder(ada)
  t.match(tasks, [
    { title: 'Buy milk', description: 'Two litres,\nnot "skimmed"', priority: 'urgent', due_date: '2026-03-01', list_id: list('Errands'), label_ids: [label('shop'), label('Home')].sort(), parent_id: null },
    { title: 'Check the fridge first', description: 'On the left', priority: 'none', due_at: '2026-03-01T09:30:00.000Z', time_zone: 'Europe/Berlin', parent_id: tasks[0]!.id },
    { title: 'Water the plants', description: 'Due: every day (Europe/Berlin)\n\nAssigned to: Bob (2)\n\nDeadline: 2026-04-01\n\nDuration: 30 minute', priority: 'medium', due_date: null, due_at: null, parent_id: null },
    { title: 'Buy milk', priority: 'high', list_id: list('Errands / Later @x'), due_at: '2026-03-01T08:00:00.000Z', time_zone: 'UTC', label_ids: [label('Home')] },
    { title: 'Buy milk', priority: 'none', list_id: list('Errands / Later @x') },
    { title: 'Older' },
  ])
  t.same(done.notes.map(({ pointer, code }) => [pointer, code]), [
    ['/rows/1/AUTHOR', 'left_out'], ['/rows/1/META', 'left_out'], ['/rows/2/CONTENT', 'left_out'], ['/rows/6/DATE', 'kept_as_text'], ['/rows/6/RESPONSIBLE', 'kept_as_text'], ['/rows/6/DEADLINE', 'kept_as_text'], ['/rows/6/DURATION', 'kept_as_text'],
  ])
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
  const newer = await createTask(ada, { title: 'Newer' })
  t.equal((await inOrder(ada))[0]!.id, newer.id, 'what is new comes first')

  const before = await contents(ada)
  t.match(await bringIn(ada, project, '?dry_run=false&list_name=Errands'), { change_seq: null, lists: { created: 0, present: 2 }, labels: { created: 0 }, tasks: { created: 0, present: 5, differing: 0 } })
  t.same(await contents(ada), before, 'the same file again has no effect')

  await call('POST', `/api/${ada.id}/changes/${done.change_seq}/undo`, ada)
  t.same((await inOrder(ada)).filter(({ deleted_at: at }) => at === null).map(({ title }) => title), ['Newer', 'Older'])
})

t.test('FR-265: without a name its tasks go to the Inbox, and its labels are those that are there', async (t) => {
  const ada = await signUp()
  const home = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'HOME' })).json<Label>()
  await bringIn(ada, `${head}\ntask,Clean @home,,4,1\n`)
  t.match((await contents(ada)).tasks, [{ title: 'Clean', list_id: 'inbox', label_ids: [home.id] }])
  t.equal((await contents(ada)).labels.length, 1)
  t.match((await call('GET', `/api/${ada.id}/lists`, ada)).json<{ items: List[] }>().items.length, 1)
})

t.test('FR-265: a date that means one thing alone is taken, and no other', (t) => {
  const [berlin, none] = [{ due_date: null, time_zone: 'Europe/Berlin' }, null]
  for (const [text, zone, due] of [
    ['2026-03-01', null, { due_date: '2026-03-01', due_at: null, time_zone: null }],
    ['1 Jan 2026', null, { due_date: '2026-01-01', due_at: null, time_zone: null }],
    ['Sept 30, 2026', null, { due_date: '2026-09-30', due_at: null, time_zone: null }],
    ['29 february 2028', null, { due_date: '2028-02-29', due_at: null, time_zone: null }],
    ['1 Jan 2026 10:00', 'Europe/Berlin', { ...berlin, due_at: '2026-01-01T09:00:00.000Z' }],
    ['2026-07-01 10:00', 'Europe/Berlin', { ...berlin, due_at: '2026-07-01T08:00:00.000Z' }],
    ['2026-07-01T10:00:30.5Z', null, { due_date: null, due_at: '2026-07-01T10:00:30.000Z', time_zone: 'UTC' }],
    ['2026-10-25 02:30', 'Europe/Berlin', { ...berlin, due_at: '2026-10-25T00:30:00.000Z' }],
    ['2026-03-29 02:30', 'Europe/Berlin', none],
    ['2026-07-01 10:00', null, none], ['2026-02-30', null, none], ['31 Apr 2026', null, none], ['2026-13-01', null, none], ['0000-01-01', null, none], ['2026-01-01 25:00', 'UTC', none],
    ['every day', null, none], ['tomorrow', null, none], ['1 Jan', null, none], ['01/02/2026', null, none], ['1. Januar 2026', null, none], ['in 3 days', null, none], ['every 1 Jan 2026', null, none], ['1 Jan 2026 at 5pm', 'UTC', none],
  ] as const) t.same(readTodoistDate(text, zone), due, `${text} ${zone ?? ''}`)
  t.end()
})

t.test('FR-265: a row that cannot be taken is refused alone, and what is too long is kept whole', async (t) => {
  const ada = await signUp()
  const long = 'ä'.repeat(300)
  const report = await bringIn(ada, [head, 'task,', 'note,Alone', 'project,What', `task,${long}`, 'task,Deep,,9,5', 'task,@only', 'task,Odd,,4,zero', `task,Long,${'x'.repeat(20_001)},4,1`, 'section,', 'task,Mail bob@example.com @ noon', 'task,NUL \0'].join('\n'))
  t.match(report, { tasks: { created: 5, refused: 6 } })
  t.same(report.notes.filter(({ pointer }) => !pointer.startsWith('/rows/1/')).map(({ pointer, code }) => [pointer, code]), [
    ['/rows/2/CONTENT', 'required'], ['/rows/3/TYPE', 'note_alone'], ['/rows/4/TYPE', 'unknown_value'], ['/rows/5/CONTENT', 'cut'], ['/rows/6/PRIORITY', 'kept_as_text'], ['/rows/8/INDENT', 'unknown_value'], ['/rows/9/DESCRIPTION', 'too_long'],
    ['/rows/10/CONTENT', 'required'], ['/rows/12', 'not_allowed'],
  ])
  t.match(await inOrder(ada), [{ title: `${'ä'.repeat(199)}…`, description: long }, { title: 'Deep', description: 'Priority: 9' }, { title: '@only' }, { title: 'Odd' }, { title: 'Mail bob@example.com @ noon', label_ids: [] }])
})

t.test('FR-265: what is no such file is refused whole', async (t) => {
  const ada = await signUp()
  for (const [why, csv, pointer] of [
    ['other columns', 'a,b\n1,2', '/rows/1'], ['nothing', '', '/rows/1'], ['an open quote', `${head}\ntask,ok\ntask,"x\ntask,y`, '/rows/3'], ['a quote within', `${head}\ntask,ok\ntask,5" nails\n`, '/rows/3'],
    ['a column twice', 'TYPE,CONTENT,Content\ntask,a,b', '/rows/1'], ['no end of columns', `TYPE,CONTENT${',x'.repeat(100_000)}\n${'task,a\n'.repeat(3000)}`, '/rows/1'], ['not UTF-8', Buffer.concat([Buffer.from(`${head}\ntask,`), Buffer.from([0xff, 0xfe])]), ''],
  ] as const) {
    const response = await send(ada, csv)
    t.equal(response.statusCode, 422, why)
    t.match(response.json(), { errors: [{ pointer, detail: /send|take one/ }] }, why)
  }
  t.match((await send(ada, Buffer.concat([Buffer.from(`${head}\ntask,ok\ntask,`), Buffer.from([0xe4])]))).json(), { errors: [{ detail: /^Line 3 .*UTF-8/ }] })
  t.match((await call('POST', `/api/${ada.id}/import?list_name=x`, ada, {})).json(), { status: 422, errors: [{ pointer: '/querystring/list_name' }] })
  t.equal((await send(ada, `${head}\n`, '?list_name=%20')).statusCode, 400)
})

t.test('FR-265: whatever is in the rows, nothing breaks, and the same file again has no effect', async (t) => {
  const cell = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('', '@a', 'x @b', '=1+1', '"', 'task', '🏳️‍🌈', '__proto__', '2026-01-01', '\n', '\''))
  const row = fc.tuple(fc.constantFrom('task', 'task', 'task', 'note', 'section', ''), cell, cell, fc.constantFrom('', '1', '2', '3', '4', '5'), fc.constantFrom('', '1', '2', '3', '7'), cell, cell, cell, cell, fc.constantFrom('', 'UTC', 'Mars'))
  await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 15 }), async (rows) => {
    const ada = await signUp()
    const csv = [head, ...rows.map((cells) => cells.map((one) => `"${one.replaceAll('"', '""')}"`).join())].join('\r\n')
    const told = await bringIn(ada, csv, '')
    const done = await bringIn(ada, csv)
    if (JSON.stringify({ ...told, dry_run: false, change_seq: null }) !== JSON.stringify({ ...done, change_seq: null })) throw new Error('Something else was done than was told')
    const again = await bringIn(ada, csv)
    if (again.change_seq !== null || again.tasks.differing + again.lists.differing > 0) throw new Error(`It was brought in twice: ${JSON.stringify(again)}`)
  }), { numRuns: 30 })
})

t.test('FR-265: it is read whatever ends its lines and separates its cells', async (t) => {
  const rows = 'TYPE,CONTENT,DESCRIPTION,PRIORITY\n' + 'task,One,"a\nb",1\ntask,Two,,2\ntask,Three,,"3"\n'
  for (const [why, csv] of [
    ['LF', rows], ['CRLF', rows.replaceAll('\n', '\r\n')], ['CR', rows.replaceAll('\n', '\r')], ['CRLF, and LF behind the first line', rows.replace('\n', '\r\n')], ['LF, and CRLF behind the first line', rows.replaceAll('\n', '\r\n').replace('\r\n', '\n')],
    ['semicolons', `\uFEFF${rows.replaceAll(',', ';')}`], ['tabs', rows.replaceAll(',', '\t')], ['the columns in another order', 'PRIORITY,DESCRIPTION,"Type", content\n1,"a\nb",task,One\n2,,task,Two\n3,,task,Three'],
  ] as const) {
    const ada = await signUp()
    await bringIn(ada, csv)
    t.match(await inOrder(ada), [{ title: 'One', description: 'a\nb', priority: 'urgent' }, { title: 'Two', description: '', priority: 'high' }, { title: 'Three', priority: 'medium' }], why)
  }
  const ada = await signUp()
  await bringIn(ada, 'TYPE;CONTENT\ntask;Bread, butter')
  t.match(await inOrder(ada), [{ title: 'Bread, butter' }])
})

t.test('FR-297: what is part of a task that is refused is refused with it, and goes to no other', async (t) => {
  const ada = await signUp()
  const rows = ['task,A,,4,1', 'task,B\0,,4,1', 'note,About B', 'task,Part of B,,4,2', 'note,About the part', 'task,Part of the part,,4,3', 'task,,,4,1', 'task,Part of nothing,,4,2', `task,Long,${'x'.repeat(20_001)},4,2`, 'task,C,,4,1', 'task,Part of C,,4,2']
  const report = await bringIn(ada, [head, ...rows].join('\n'))
  t.match(report, { tasks: { created: 3, refused: 8 } })
  t.same(report.notes.slice(2).map(({ pointer, code }) => [pointer, code]), [
    ['/rows/3', 'not_allowed'], ['/rows/4/TYPE', 'note_alone'], ['/rows/5', 'unknown_parent'], ['/rows/6/TYPE', 'note_alone'], ['/rows/7', 'unknown_parent'],
    ['/rows/8/CONTENT', 'required'], ['/rows/9', 'unknown_parent'], ['/rows/10/DESCRIPTION', 'too_long'],
  ])
  const [a, c, part] = await inOrder(ada)
  t.match([a, c, part], [{ title: 'A', description: '', parent_id: null }, { title: 'C' }, { title: 'Part of C', parent_id: c!.id }])

  t.match(await bringIn(ada, [head, ...rows].join('\n').replace('\0', '')), { tasks: { created: 3, present: 3, differing: 0 } }, 'once it is mended the file brings them')
  const mended = await inOrder(ada)
  t.match(mended.find(({ title }) => title === 'Part of B'), { description: 'About the part', parent_id: mended.find(({ title }) => title === 'B')!.id })
})

t.test('FR-297: nothing is left out without a word', async (t) => {
  const ada = await signUp()
  const many = Array.from({ length: 60 }, (_, n) => `@l${n}`)
  const report = await bringIn(ada, ['TYPE,CONTENT,DESCRIPTION,a/b,DATE_LANG', 'section,First,About it', 'task,One,,red,en,lost', 'section,', 'task,Bread, butter,,,,', `task,x ${many.join(' ')}`].join('\n'), '?dry_run=false&list_name=Own')
  t.same(report.notes.map(({ pointer, code }) => [pointer, code]), [['/rows/1/A~1B', 'left_out'], ['/rows/2/DESCRIPTION', 'left_out'], ['/rows/3', 'left_out'], ['/rows/4/CONTENT', 'required']])
  const { lists } = await contents(ada)
  const own = lists.find(({ name }) => name === 'Own')!.id
  t.match(await inOrder(ada), [{ title: 'One', list_id: lists.find(({ name }) => name === 'Own / First')!.id }, { title: 'Bread', description: 'butter', list_id: own }, { title: `x ${many.slice(50).join(' ')}`, list_id: own }])
})

t.test('FR-297: no row takes the time of others, nor breaks the service', async (t) => {
  const ada = await signUp()
  const blanks = (count: number) => `x${' '.repeat(count)}x`
  const report = await bringIn(ada, ['TYPE,CONTENT,PRIORITY,DATE,TIMEZONE', `task,${blanks(2_000_000)}`, ...Array.from({ length: 200 }, (_, n) => `task,${n} ${blanks(15_000)}`),
    'task,a,__proto__', 'task,b,constructor', 'task,c,,9999-12-31T23:59:00-05:00', 'task,d,,9999-12-31 23:59,America/New_York', 'task,e,,2026-01-01T10:00:00+99:99'].join('\n'))
  t.match(report, { tasks: { created: 205, refused: 1 } })
  t.match((await inOrder(ada)).slice(-5), [{ title: 'a', priority: 'none', description: 'Priority: __proto__' }, { description: 'Priority: constructor' }, { due_at: null, description: /^Due: 9999/ }, { due_at: null, description: /^Due: 9999/ }, { due_at: null, description: /^Due: 2026/ }])
  for (const [why, rows] of [['lists', Array.from({ length: 10_001 }, (_, n) => `section,${n}`)], ['labels', Array.from({ length: 201 }, (_, n) => `task,x ${Array.from({ length: 50 }, (_, k) => `@${n}-${k}`).join(' ')}`)]] as const) {
    t.equal((await send(ada, ['TYPE,CONTENT', ...rows].join('\n'))).statusCode, 413, `more than ten thousand ${why}`)
  }
})
