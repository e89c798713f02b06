import type { Static, TSchema } from '@sinclair/typebox'
import type * as contracts from './contracts.ts'
import type { Change, Label, List, Task, TrashedTask } from './contracts.ts'
import type { operations } from './operations.ts'

/** What the bodies look like, in the OpenAPI document: the first days of Ada's account, of which every id and instant is the same everywhere. */

const ada = '019f1cac-e2b6-7c49-8943-4ad6c3fcb889'

const inbox = {
  id: '019f1caf-7f04-7312-bbaf-8e98ea86587f',
  user_id: ada,
  name: 'Inbox',
  is_inbox: true,
  colour: 'grey',
  position: 'm8217107308796',
  archived: false,
  version: 1,
  created_at: '2026-07-01T07:58:11.204Z',
  updated_at: '2026-07-01T07:58:11.204Z',
} satisfies List

const gardenAtFirst = {
  id: '019f1cb3-9b06-7944-bfcd-4b6252d46740',
  user_id: ada,
  name: 'Garden',
  is_inbox: false,
  colour: 'grey',
  position: 'm8217107039482',
  archived: false,
  version: 1,
  created_at: '2026-07-01T08:02:40.518Z',
  updated_at: '2026-07-01T08:02:40.518Z',
} satisfies List
const garden = { ...gardenAtFirst, colour: 'green', version: 2, updated_at: '2026-07-01T08:02:58.007Z' } satisfies List

const outdoorsAtFirst = {
  id: '019f1cb3-fe4a-7db0-8c1f-a344ed8d6cc7',
  user_id: ada,
  name: 'outdoors',
  colour: 'grey',
  version: 1,
  created_at: '2026-07-01T08:03:05.930Z',
  updated_at: '2026-07-01T08:03:05.930Z',
} satisfies Label
const outdoors = { ...outdoorsAtFirst, colour: 'teal', version: 2, updated_at: '2026-07-01T08:03:21.414Z' } satisfies Label

const lawn = {
  id: '019f1cb5-13ee-76b9-af1f-046da086312c',
  user_id: ada,
  list_id: garden.id,
  parent_id: null,
  title: 'Mow the lawn',
  description: '',
  completed: false,
  completed_at: null,
  priority: 'none',
  due_date: null,
  due_at: null,
  time_zone: null,
  start_date: null,
  label_ids: [outdoors.id],
  position: 'm8217106942994',
  version: 1,
  created_at: '2026-07-01T08:04:17.006Z',
  updated_at: '2026-07-01T08:04:17.006Z',
} satisfies Task
const trashedLawn = { ...lawn, version: 2, updated_at: '2026-07-04T06:20:01.115Z', deleted_at: '2026-07-04T06:20:01.115Z' } satisfies TrashedTask

const tomatoesAtFirst = {
  id: '019f1cb7-72b5-71f7-827c-dbfb934cac01',
  user_id: ada,
  list_id: garden.id,
  parent_id: null,
  title: 'Water the tomatoes',
  description: 'Two cans each, **before** the sun is on them.',
  completed: false,
  completed_at: null,
  priority: 'none',
  due_date: '2026-07-03',
  due_at: null,
  time_zone: null,
  start_date: null,
  label_ids: [outdoors.id],
  position: 'm8217106787659',
  version: 1,
  created_at: '2026-07-01T08:06:52.341Z',
  updated_at: '2026-07-01T08:06:52.341Z',
} satisfies Task
const tomatoes = { ...tomatoesAtFirst, priority: 'high', due_date: '2026-07-04', version: 2, updated_at: '2026-07-01T18:30:09.777Z' } satisfies Task
const wateredTomatoes = { ...tomatoes, completed: true, completed_at: '2026-07-04T06:12:33.480Z', version: 3, updated_at: '2026-07-04T06:12:33.480Z' } satisfies Task

const creation = {
  seq: 7,
  group_seq: null,
  undoes: null,
  undone_by: null,
  object_type: 'task',
  object_id: tomatoes.id,
  action: 'created',
  before: {},
  after: {
    title: tomatoesAtFirst.title,
    description: tomatoesAtFirst.description,
    list_id: garden.id,
    priority: 'none',
    due_date: '2026-07-03',
    label_ids: [outdoors.id],
    position: tomatoesAtFirst.position,
  },
  actor_id: ada,
  request_id: '019f1cb7-72aa-789b-be1b-e9737958b9af',
  changed_at: tomatoesAtFirst.created_at,
} satisfies Change
const change = {
  seq: 8,
  group_seq: null,
  undoes: null,
  undone_by: null,
  object_type: 'task',
  object_id: tomatoes.id,
  action: 'updated',
  before: { priority: 'none', due_date: '2026-07-03' },
  after: { priority: 'high', due_date: '2026-07-04' },
  actor_id: ada,
  request_id: '019f1ef2-166a-72f3-8e70-fd87a08a2f7c',
  changed_at: tomatoes.updated_at,
} satisfies Change

const exported = ({ id, list_id, parent_id, title, description, completed_at, priority, due_date, due_at, time_zone, start_date, label_ids, position, version, created_at, updated_at }: Task) =>
  ({ id, list_id, parent_id, title, description, completed_at, priority, due_date, due_at, time_zone, start_date, label_ids, position, version, created_at, updated_at, deleted_at: null })

type OfSchemas = { [Name in keyof typeof contracts]?: (typeof contracts)[Name] extends infer Schema extends TSchema ? Static<Schema> : never }

/** Of each body that is a schema with a name. */
const schemas = {
  Task: tomatoes,
  TaskPage: { items: [tomatoes, lawn], next_cursor: null },
  NewTask: { title: tomatoes.title, description: tomatoes.description, list_id: garden.id, due_date: '2026-07-03', label_ids: [outdoors.id] },
  TaskReplacement: {
    title: tomatoes.title,
    description: tomatoes.description,
    completed: false,
    list_id: garden.id,
    parent_id: null,
    priority: 'high',
    due_date: '2026-07-04',
    due_at: null,
    time_zone: null,
    start_date: null,
    label_ids: [outdoors.id],
  },
  TaskPatch: { priority: 'high', due_date: '2026-07-04' },
  Move: { before: lawn.id },
  BulkChange: { action: 'reschedule', filter: { list_id: garden.id, status: 'open' }, due_date: '2026-07-06' },
  BulkResult: { change_seq: 9, items: [{ id: tomatoes.id, changed: true, code: null, version: 3 }, { id: lawn.id, changed: true, code: null, version: 2 }] },
  Summary: {
    today: '2026-07-03',
    time_zone: 'Europe/Berlin',
    state: { open: 2, completed: 0, trashed: 0 },
    due: { overdue: 0, today: 0, soon: 1, later: 0, none: 1 },
    lists: [{ id: garden.id, open: 2, completed: 0 }],
    labels: [{ id: outdoors.id, open: 2, completed: 0 }],
  },
  TrashedTask: trashedLawn,
  TrashPage: { items: [trashedLawn], next_cursor: null, keep_days: 30 },
  Purged: { purged: 1 },
  List: garden,
  ListPage: { items: [inbox, garden], next_cursor: null },
  NewList: { name: 'Garden' },
  ListPatch: { colour: 'green' },
  Label: outdoors,
  LabelPage: { items: [outdoors], next_cursor: null },
  NewLabel: { name: 'outdoors' },
  LabelPatch: { colour: 'teal' },
  ChangePage: { items: [change, creation], next_cursor: null },
  ChangesSince: { items: [change], since: change.seq, has_more: false },
  Undone: { change_seq: 9, items: [{ seq: change.seq, object_type: 'task', object_id: tomatoes.id, undone: true, code: null, conflict_seq: null }] },
  TaskExport: {
    format: 'daymark.tasks',
    version: 1,
    inbox: { name: inbox.name, colour: 'grey' },
    lists: [{ id: garden.id, name: garden.name, colour: 'green', position: garden.position, archived: false, version: 2, created_at: garden.created_at, updated_at: garden.updated_at, deleted_at: null }],
    labels: [{ id: outdoors.id, name: outdoors.name, colour: 'teal', version: 2, created_at: outdoors.created_at, updated_at: outdoors.updated_at, deleted_at: null }],
    tasks: [exported(lawn), exported(tomatoes)],
  },
  ImportReport: {
    dry_run: true,
    change_seq: null,
    inbox: 'unchanged',
    lists: { created: 1, present: 0, differing: 0, refused: 0 },
    labels: { created: 1, present: 0, differing: 0, refused: 0 },
    tasks: { created: 2, present: 0, differing: 0, refused: 0 },
    notes: [],
    notes_left_out: 0,
  },
} satisfies OfSchemas

type Operations = typeof operations
type BodyOf<O> = O extends { schema: { body: infer Body extends TSchema } } ? Static<Body> : never
type AnswerOf<O> = O extends { schema: { response: { 200: infer Answer } | { 201: infer Answer } } } ? Answer extends TSchema ? Static<Answer> : never : never
type OfOperations = { [Name in keyof Operations]?: { body?: BodyOf<Operations[Name]>, answer?: AnswerOf<Operations[Name]> } }

/** Of the operations that take or answer what stands at another point of the story. */
const ofOperations = {
  createTask: { answer: tomatoesAtFirst },
  completeTask: { body: { completed: true }, answer: wateredTomatoes },
  restoreTask: { answer: { ...lawn, version: 3, updated_at: '2026-07-04T06:21:40.662Z' } },
  createList: { answer: gardenAtFirst },
  moveList: { body: { after: null } },
  createLabel: { answer: outdoorsAtFirst },
} satisfies OfOperations

const text = (...lines: string[]) => lines.map((line) => `${line}\r\n`).join('')

/** Of the operations that take or answer text. */
const texts = {
  exportTasks: {
    'text/csv': text(
      '\uFEFFid,list,parent_id,title,description,completed_at,priority,due_date,due_at,time_zone,start_date,labels,created_at,updated_at,deleted_at',
      `${lawn.id},Garden,,Mow the lawn,,,none,,,,,outdoors,${lawn.created_at},${lawn.updated_at},`,
      `${tomatoes.id},Garden,,Water the tomatoes,"Two cans each, **before** the sun is on them.",,high,2026-07-04,,,,outdoors,${tomatoes.created_at},${tomatoes.updated_at},`,
    ),
  },
  importTasks: {
    'text/csv': text(
      'TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE',
      'section,Garden,,,,,,,,',
      'task,Water the tomatoes @outdoors,"Two cans each, **before** the sun is on them.",2,1,Ada (1),,2026-07-04,en,Europe/Berlin',
      'task,Fill the cans,,4,2,Ada (1),,,en,Europe/Berlin',
    ),
  },
  streamChanges: { 'text/event-stream': `: changes, oldest first\n\nid: 7\nretry: 2000\n\nid: 8\nevent: change\ndata: ${JSON.stringify(change)}\n\nevent: end\ndata: {"reason":"expired"}\n\n` },
} satisfies { [Name in keyof Operations]?: Record<string, string> }

export const examples = { schemas, operations: ofOperations, texts }
