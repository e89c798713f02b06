import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

/** What the tasks service takes and gives. The web app derives its forms from these schemas. */

const closed = { additionalProperties: false }
/** A bare UUID; JSON Schema's format would let `urn:uuid:` pass as well. */
export const Id = Type.String({ format: 'uuid', maxLength: 36 })
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds' })

/** Text that can be stored and given back exactly: no NUL and no half of a surrogate pair. */
const storable = '(?:[^\\u0000\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])*$'
const unstorable = 'has a character that cannot be stored: NUL or half of a surrogate pair'

/** Lengths count code points; a name needs at least one character that is not white space. */
const text = (maxLength: number, description: string) => Type.String({
  minLength: 1, maxLength, pattern: `^(?=[^]*\\S)${storable}`, 'x-detail': `is blank or ${unstorable}`, description,
})
export const Title = text(200, 'What is to be done')
export const Description = Type.String({ maxLength: 20_000, pattern: `^${storable}`, 'x-detail': unstorable, description: 'Details, in Markdown' })
const nullable = <T extends TSchema>(schema: T, description: string) => Type.Union([schema, Type.Null()], { description })
/** One `enum`, so that a wrong value is one error; TypeBox itself sees a string. */
const oneOf = <const T extends readonly string[]>(values: T, options: { description?: string, default?: T[number] } = {}) =>
  Type.String({ enum: [...values], ...options }) as unknown as TUnsafe<T[number]>

export const priorities = ['none', 'low', 'medium', 'high', 'urgent'] as const
export type Priority = typeof priorities[number]
export const colours = ['grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink'] as const
export type Colour = typeof colours[number]
const Colour = oneOf(colours, { description: 'One of a palette, shown in light and dark' })

const CalendarDate = Type.String({ format: 'date', description: 'A day, such as 2026-01-31, whatever the time zone' })
const ListId = nullable(Id, 'The list it belongs to; null where its list is gone')
const ParentId = nullable(Id, 'The task it is a part of')
const PriorityField = oneOf(priorities)
const DueDate = nullable(CalendarDate, 'Due on a day. Not together with due_at')
const DueAt = nullable(Type.String({ format: 'date-time' }), 'Due at an instant (RFC 3339). Not together with due_date')
const TimeZone = nullable(Type.String({ minLength: 1, maxLength: 60 }), 'With due_at: the IANA time zone it was meant in, such as Europe/Berlin')
const StartDate = nullable(CalendarDate, 'Not to be begun before this day')
const LabelIds = Type.Array(Id, { maxItems: 50, uniqueItems: true, description: 'The labels it carries' })

export const Task = Type.Object({
  id: Id,
  user_id: Id,
  list_id: ListId,
  parent_id: ParentId,
  title: Type.String(),
  description: Type.String(),
  completed: Type.Boolean(),
  completed_at: Type.Union([Instant, Type.Null()]),
  priority: PriorityField,
  due_date: DueDate,
  due_at: DueAt,
  time_zone: TimeZone,
  start_date: StartDate,
  label_ids: Type.Array(Id),
  position: Type.String({ description: 'Its place in the manual order: compared byte by byte, the smallest first' }),
  version: Type.Integer({ minimum: 1, description: 'Grows by one with every change; also in the ETag' }),
  created_at: Instant,
  updated_at: Instant,
}, { ...closed, $id: 'Task' })
export type Task = Static<typeof Task>

export const TrashedTask = Type.Object({ ...Task.properties, deleted_at: Instant }, { ...closed, $id: 'TrashedTask' })
export type TrashedTask = Static<typeof TrashedTask>

/** The whole of what a client may set: PUT refuses a missing field, so that nothing is wiped by omission. */
export const TaskReplacement = Type.Object({
  title: Title,
  description: Description,
  completed: Type.Boolean(),
  list_id: ListId,
  parent_id: ParentId,
  priority: PriorityField,
  due_date: DueDate,
  due_at: DueAt,
  time_zone: TimeZone,
  start_date: StartDate,
  label_ids: LabelIds,
}, { ...closed, $id: 'TaskReplacement' })
export type TaskReplacement = Static<typeof TaskReplacement>

/** A new task. Without a `list_id` it lands in the Inbox, and before all others in the manual order. */
export const NewTask = Type.Object({
  title: Title,
  ...Type.Partial(Type.Omit(TaskReplacement, ['title', 'completed', 'list_id'])).properties,
  list_id: Type.Optional(Id),
}, { ...closed, $id: 'NewTask' })
export type NewTask = Static<typeof NewTask>

/** A JSON merge patch (RFC 7396) of the same fields. */
export const TaskPatch = Type.Partial(TaskReplacement, { ...closed, $id: 'TaskPatch', minProperties: 1 })
export type TaskPatch = Static<typeof TaskPatch>

/** Sets, never flips: a retry cannot undo itself. Without a body it completes. */
export const Completion = Type.Object({
  completed: Type.Optional(Type.Boolean({ description: 'true where it is left out' })),
  subtasks: Type.Optional(oneOf(['keep', 'complete'], { description: 'What becomes of open subtasks; needed where there are any' })),
}, { ...closed, $id: 'Completion' })
export type Completion = Static<typeof Completion>

/** A place in the manual order: next to another, or at one of its ends. */
export const Move = Type.Object({
  after: Type.Optional(nullable(Id, 'What it is to stand right behind; null for the very beginning')),
  before: Type.Optional(nullable(Id, 'What it is to stand right before; null for the very end')),
}, { ...closed, $id: 'Move', minProperties: 1, maxProperties: 1 })
export type Move = Static<typeof Move>

export const TaskStatus = Type.Union([Type.Literal('open'), Type.Literal('completed'), Type.Literal('all')])
export type TaskStatus = Static<typeof TaskStatus>

export const sorts = ['position', 'due', 'priority', 'created', 'updated', 'title'] as const
export type Sort = typeof sorts[number]
export const directions = ['asc', 'desc'] as const
export type Direction = typeof directions[number]

const CallersTimeZone = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_+/-]{0,59}$', 'x-detail': 'must be the name of a time zone, such as Europe/Berlin', default: 'UTC', description: 'The IANA time zone the caller lives in: a task due at an instant counts for its day there' })

/** Ten words at most, which the service counts. */
export const SearchText = Type.String({ minLength: 1, maxLength: 200, pattern: `^${storable}`, 'x-detail': unstorable, description: 'Words of the title or the description, ten at most: all of them, each by its beginning, whatever the case and the accents; a word that nothing begins with may be misspelt' })

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: '`next_cursor` of the page before' })),
}

export const TaskQuery = Type.Object({
  status: Type.Optional(oneOf(['open', 'completed', 'all'], { default: 'all', description: 'Which of them' })),
  list_id: Type.Optional(Type.String({ ...Id, description: 'The list they are in' })),
  label: Type.Optional(Type.String({ ...Id, description: 'The id of a label they carry' })),
  priority: Type.Optional(oneOf(priorities, { description: 'The priority they have' })),
  parent_id: Type.Optional(Type.String({ pattern: '^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|none)$', 'x-detail': 'must be a UUID, or none', description: 'The task they are a part of; `none` for those that are part of no other' })),
  due_before: Type.Optional(Type.String({ ...CalendarDate, description: 'Due before this day' })),
  due_after: Type.Optional(Type.String({ ...CalendarDate, description: 'Due after this day' })),
  time_zone: Type.Optional(CallersTimeZone),
  q: Type.Optional(SearchText),
  sort: Type.Optional(oneOf(sorts, { default: 'position', description: 'position is the manual order, newest first where nothing was moved; what is not due comes last either way' })),
  direction: Type.Optional(oneOf(directions, { default: 'asc', description: 'Ascending or descending' })),
  ...paging,
}, { ...closed, $id: 'TaskQuery' })
export type TaskQuery = Static<typeof TaskQuery>

export const bulkActions = ['complete', 'reopen', 'move', 'label', 'unlabel', 'prioritise', 'reschedule', 'delete', 'restore'] as const
export type BulkAction = typeof bulkActions[number]

/** What tasks are chosen by, of all that a query may say. */
export const TaskFilter = Type.Omit(TaskQuery, ['q', 'sort', 'direction', 'limit', 'cursor'], { ...closed, $id: 'TaskFilter' })
export type TaskFilter = Static<typeof TaskFilter>

/** One change of many tasks: of those named, or of those that a filter finds when it is carried out. */
export const BulkChange = Type.Object({
  action: oneOf(bulkActions),
  ids: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true, description: 'Which tasks. Not together with filter' })),
  filter: Type.Optional(Type.Unsafe<TaskFilter>({ ...Type.Ref('TaskFilter'), description: 'Which tasks, at most 1,000. Not together with ids' })),
  subtasks: Type.Optional(oneOf(['keep', 'complete'], { description: 'For complete: what becomes of open subtasks that are not among the tasks' })),
  list_id: Type.Optional(Type.String({ ...Id, description: 'For move: into which list' })),
  label_id: Type.Optional(Type.String({ ...Id, description: 'For label and unlabel' })),
  priority: Type.Optional(oneOf(priorities, { description: 'For prioritise' })),
  due_date: Type.Optional(DueDate),
  due_at: Type.Optional(DueAt),
  time_zone: Type.Optional(TimeZone),
}, { ...closed, $id: 'BulkChange' })
export type BulkChange = Static<typeof BulkChange>

/** What became of each task, those that were asked for first, in their order. */
export const BulkResult = Type.Object({
  change_seq: Type.Union([Type.Integer(), Type.Null()], { description: 'Undo this change to take all of it back; null where nothing changed' }),
  items: Type.Array(Type.Object({
    id: Id,
    changed: Type.Boolean(),
    code: Type.Union([Type.String(), Type.Null()], { description: 'Why not, where something stood in the way' }),
    version: Type.Union([Type.Integer(), Type.Null()], { description: 'Its version now; null for a task that was not found' }),
  }, closed)),
}, { ...closed, $id: 'BulkResult' })
export type BulkResult = Static<typeof BulkResult>

export const TrashQuery = Type.Object(paging, { ...closed, $id: 'TrashQuery' })
export type TrashQuery = Static<typeof TrashQuery>

const pageOf = <T>(item: string) => Type.Object({
  items: Type.Array(Type.Unsafe<T>(Type.Ref(item))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: `${item}Page` })

/** `next_cursor` is null on the last page. */
export const TaskPage = pageOf<Task>('Task')
export type TaskPage = Static<typeof TaskPage>
export const TrashPage = Type.Object({
  ...pageOf<TrashedTask>('TrashedTask').properties,
  keep_days: Type.Integer({ description: 'After so many days in the trash a task is deleted for good' }),
}, { ...closed, $id: 'TrashPage' })
export type TrashPage = Static<typeof TrashPage>

export const EmptyingQuery = Type.Object({
  until: Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description: 'Spares what was deleted after this instant: such as what came there unseen' })),
}, { ...closed, $id: 'EmptyingQuery' })
export type EmptyingQuery = Static<typeof EmptyingQuery>

/** What emptying the trash came to. */
export const Purged = Type.Object({ purged: Type.Integer({ description: 'How many tasks are gone for good' }) }, { ...closed, $id: 'Purged' })
export type Purged = Static<typeof Purged>

export const SummaryQuery = Type.Object({ time_zone: Type.Optional(CallersTimeZone) }, { ...closed, $id: 'SummaryQuery' })
export type SummaryQuery = Static<typeof SummaryQuery>

const Counts = Type.Array(Type.Object({ id: Id, open: Type.Integer(), completed: Type.Integer() }, closed))

/** How many tasks there are, at one moment. What is in the trash counts nowhere else. */
export const Summary = Type.Object({
  today: Type.String({ description: 'The day it is in the time zone, from which due is seen' }),
  time_zone: Type.String(),
  state: Type.Object({ open: Type.Integer(), completed: Type.Integer(), trashed: Type.Integer() }, closed),
  due: Type.Object({
    overdue: Type.Integer({ description: 'Before today' }),
    today: Type.Integer(),
    soon: Type.Integer({ description: 'On one of the six days after today' }),
    later: Type.Integer(),
    none: Type.Integer({ description: 'Not due at all' }),
  }, { ...closed, description: 'Open tasks' }),
  lists: Counts,
  labels: Counts,
}, { ...closed, $id: 'Summary', description: 'Lists and labels without tasks are left out' })
export type Summary = Static<typeof Summary>

const ListName = text(100, 'What the list is called')

export const List = Type.Object({
  id: Id,
  user_id: Id,
  name: Type.String(),
  is_inbox: Type.Boolean({ description: 'The one list every account begins with, and keeps' }),
  colour: Colour,
  position: Type.String({ description: 'Its place among the lists: compared byte by byte, the smallest first' }),
  archived: Type.Boolean({ description: 'Put away, with its tasks' }),
  version: Type.Integer({ minimum: 1 }),
  created_at: Instant,
  updated_at: Instant,
}, { ...closed, $id: 'List' })
export type List = Static<typeof List>

export const NewList = Type.Object({ name: ListName, colour: Type.Optional(Colour) }, { ...closed, $id: 'NewList' })
export type NewList = Static<typeof NewList>

export const ListPatch = Type.Partial(Type.Object({ name: ListName, colour: Colour, archived: Type.Boolean() }), { ...closed, $id: 'ListPatch', minProperties: 1 })
export type ListPatch = Static<typeof ListPatch>

export const ListPage = pageOf<List>('List')
export type ListPage = Static<typeof ListPage>

const LabelName = text(60, 'Unique, whatever its case')

export const Label = Type.Object({
  id: Id,
  user_id: Id,
  name: Type.String(),
  colour: Colour,
  version: Type.Integer({ minimum: 1 }),
  created_at: Instant,
  updated_at: Instant,
}, { ...closed, $id: 'Label' })
export type Label = Static<typeof Label>

export const NewLabel = Type.Object({ name: LabelName, colour: Type.Optional(Colour) }, { ...closed, $id: 'NewLabel' })
export type NewLabel = Static<typeof NewLabel>

export const LabelPatch = Type.Partial(Type.Object({ name: LabelName, colour: Colour }), { ...closed, $id: 'LabelPatch', minProperties: 1 })
export type LabelPatch = Static<typeof LabelPatch>

export const LabelPage = pageOf<Label>('Label')
export type LabelPage = Static<typeof LabelPage>

const ObjectType = oneOf(['task', 'list', 'label'])
const Fields = Type.Record(Type.String(), Type.Unknown())

/** One change of one object: an entry of the log that records all of them. */
export const Change = Type.Object({
  seq: Type.Integer({ description: 'Its number: without gaps, from 1 on' }),
  group_seq: Type.Union([Type.Integer(), Type.Null()], { description: 'The number of the first of those made together' }),
  undoes: Type.Union([Type.Integer(), Type.Null()], { description: 'The change it takes back' }),
  undone_by: Type.Union([Type.Integer(), Type.Null()], { description: 'The change that has taken it back' }),
  object_type: ObjectType,
  object_id: Id,
  action: Type.String({ description: 'created, updated, completed, reopened, deleted, restored, purged. What was purged is gone for good, and so is the contents of all its changes' }),
  before: Type.Unsafe<Record<string, unknown>>({ ...Fields, description: 'The changed fields, as they were' }),
  after: Type.Unsafe<Record<string, unknown>>({ ...Fields, description: 'The changed fields, as they were then' }),
  actor_id: Id,
  request_id: Type.String(),
  changed_at: Instant,
}, { ...closed, $id: 'Change' })
export type Change = Static<typeof Change>

export const ChangePage = Type.Object({
  items: Type.Array(Type.Unsafe<Change>(Type.Ref('Change'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'ChangePage' })
export type ChangePage = Static<typeof ChangePage>

/** What came after a number, oldest first. */
export const ChangesSince = Type.Object({
  items: Type.Array(Type.Unsafe<Change>(Type.Ref('Change'))),
  since: Type.Integer({ description: 'Ask with it for what comes next' }),
  has_more: Type.Boolean({ description: 'Whether there is more already' }),
}, { ...closed, $id: 'ChangesSince' })
export type ChangesSince = Static<typeof ChangesSince>

/** What became of each change that was to be taken back. */
export const Undone = Type.Object({
  change_seq: Type.Union([Type.Integer(), Type.Null()], { description: 'The number of the change, or of the group of changes, that took back; undo it to redo' }),
  items: Type.Array(Type.Object({
    seq: Type.Integer(),
    object_type: ObjectType,
    object_id: Id,
    undone: Type.Boolean(),
    code: Type.Union([Type.String(), Type.Null()], { description: 'Why not' }),
    conflict_seq: Type.Union([Type.Integer(), Type.Null()], { description: 'The later change that stands in the way' }),
  }, closed)),
}, { ...closed, $id: 'Undone' })
export type Undone = Static<typeof Undone>

/** An instant as it is given out, and no other way: what is exported comes back as the same text. */
const ExactInstant = Type.String({ format: 'date-time', pattern: '^(?!0000)\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d\\.\\d{3}Z$', 'x-detail': 'must be an instant such as 2026-01-31T09:00:00.000Z' })
const ExactDate = Type.String({ format: 'date', pattern: '^(?!0000)', 'x-detail': 'must be a day of the year 1 or later' })
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Position = Type.String({ pattern: '^[0-9a-z]{1,300}$', 'x-detail': 'must be 1 to 300 of the digits 0 to 9 and a to z', description: 'Its place in the manual order' })
const kept = {
  version: Type.Integer({ minimum: 1, maximum: 900_000_000 }),
  created_at: ExactInstant,
  updated_at: ExactInstant,
  deleted_at: orNull(ExactInstant),
}

export const ExportedList = Type.Object({ id: Id, name: ListName, colour: Colour, position: Position, archived: Type.Boolean(), ...kept }, { ...closed, $id: 'ExportedList' })
export type ExportedList = Static<typeof ExportedList>

export const ExportedLabel = Type.Object({ id: Id, name: LabelName, colour: Colour, ...kept }, { ...closed, $id: 'ExportedLabel' })
export type ExportedLabel = Static<typeof ExportedLabel>

export const ExportedTask = Type.Object({
  id: Id,
  list_id: Type.Unsafe<string | null>({ anyOf: [Id, { const: 'inbox', type: 'string' }, Type.Null()], description: 'The list it belongs to; `inbox` for the Inbox, which has another id in each account' }),
  parent_id: orNull(Id),
  title: Title,
  description: Description,
  completed_at: orNull(ExactInstant),
  priority: PriorityField,
  due_date: orNull(ExactDate),
  due_at: orNull(ExactInstant),
  time_zone: TimeZone,
  start_date: orNull(ExactDate),
  label_ids: LabelIds,
  position: Position,
  ...kept,
}, { ...closed, $id: 'ExportedTask' })
export type ExportedTask = Static<typeof ExportedTask>

export const ExportedInbox = Type.Object({ name: ListName, colour: Colour }, { ...closed, $id: 'ExportedInbox' })
export type ExportedInbox = Static<typeof ExportedInbox>

/** All there is in an account, the deleted included, in the order of the ids: the same account gives the same bytes. */
export const TaskExport = Type.Object({
  format: Type.Literal('daymark.tasks'),
  version: Type.Literal(1),
  inbox: Type.Unsafe<ExportedInbox>(Type.Ref('ExportedInbox')),
  lists: Type.Array(Type.Unsafe<ExportedList>(Type.Ref('ExportedList')), { description: 'But for the Inbox' }),
  labels: Type.Array(Type.Unsafe<ExportedLabel>(Type.Ref('ExportedLabel'))),
  tasks: Type.Array(Type.Unsafe<ExportedTask>(Type.Ref('ExportedTask'))),
}, { ...closed, $id: 'TaskExport' })
export type TaskExport = Static<typeof TaskExport>

export const ImportQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: true, description: 'false to carry it out; else it is only told what would happen' })),
  list_name: Type.Optional(Type.String({ ...ListName, description: 'For a file of Todoist: the list that its tasks go to, such as the name of the project; else the Inbox' })),
}, { ...closed, $id: 'ImportQuery' })
export type ImportQuery = Static<typeof ImportQuery>

const ImportCounts = Type.Object({
  created: Type.Integer(),
  present: Type.Integer({ description: 'There already, and the same' }),
  differing: Type.Integer({ description: 'There already, and another by now: left as it is' }),
  refused: Type.Integer({ description: 'Cannot be taken; the notes say why' }),
}, closed)

/** What bringing a file in has done, or would do. */
export const ImportReport = Type.Object({
  dry_run: Type.Boolean(),
  change_seq: Type.Union([Type.Integer(), Type.Null()], { description: 'Undo this change to take all of it back; null where nothing changed' }),
  inbox: oneOf(['unchanged', 'changed', 'differs'], { description: 'changed: it had never been touched, and is called as in the file' }),
  lists: ImportCounts,
  labels: ImportCounts,
  tasks: ImportCounts,
  notes: Type.Array(Type.Object({
    pointer: Type.String({ description: 'Where in the file: a JSON pointer, or `/rows/2/DATE` with the number of the row, the first being the names of the columns' }),
    code: Type.String(),
    detail: Type.String(),
  }, closed), { description: '200 at most' }),
  notes_left_out: Type.Integer({ description: 'How many more there would be' }),
}, { ...closed, $id: 'ImportReport' })
export type ImportReport = Static<typeof ImportReport>

export const ExportQuery = Type.Object({ format: Type.Optional(oneOf(['json', 'csv'], { default: 'json', description: 'json is complete, and can be imported; csv is for spreadsheets' })) }, { ...closed, $id: 'ExportQuery' })
export type ExportQuery = Static<typeof ExportQuery>
