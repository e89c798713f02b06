import { type Static, Type } from '@sinclair/typebox'

/** What the tasks service takes and gives. The web app derives its forms from these schemas. */

const closed = { additionalProperties: false }
/** A bare UUID; JSON Schema's format would let `urn:uuid:` pass as well. */
export const Id = Type.String({ format: 'uuid', maxLength: 36 })
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds' })

/** Text that can be stored and given back exactly: no NUL and no half of a surrogate pair. */
const storable = '(?:[^\\u0000\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])*$'
const unstorable = 'has a character that cannot be stored: NUL or half of a surrogate pair'

/** Lengths count code points; a title needs at least one character that is not white space. */
export const Title = Type.String({
  minLength: 1, maxLength: 200, pattern: `^(?=[^]*\\S)${storable}`, 'x-detail': `is blank or ${unstorable}`, description: 'What is to be done',
})
export const Description = Type.String({ maxLength: 20_000, pattern: `^${storable}`, 'x-detail': unstorable, description: 'Details, in Markdown' })
const ListId = Type.Union([Id, Type.Null()], { description: 'The list it belongs to; null where its list is gone' })

export const Task = Type.Object({
  id: Id,
  user_id: Id,
  list_id: ListId,
  title: Type.String(),
  description: Type.String(),
  completed: Type.Boolean(),
  completed_at: Type.Union([Instant, Type.Null()]),
  version: Type.Integer({ minimum: 1, description: 'Grows by one with every change; also in the ETag' }),
  created_at: Instant,
  updated_at: Instant,
}, { ...closed, $id: 'Task' })
export type Task = Static<typeof Task>

/** A new task. Without a `list_id` it lands in the Inbox. */
export const NewTask = Type.Object({
  title: Title,
  description: Type.Optional(Description),
  list_id: Type.Optional(Id),
}, { ...closed, $id: 'NewTask' })
export type NewTask = Static<typeof NewTask>

/** The whole of what a client may set: PUT refuses a missing field, so that nothing is wiped by omission. */
export const TaskReplacement = Type.Object({
  title: Title,
  description: Description,
  completed: Type.Boolean(),
  list_id: ListId,
}, { ...closed, $id: 'TaskReplacement' })
export type TaskReplacement = Static<typeof TaskReplacement>

/** A JSON merge patch (RFC 7396) of the same fields. */
export const TaskPatch = Type.Partial(TaskReplacement, { ...closed, $id: 'TaskPatch', minProperties: 1 })
export type TaskPatch = Static<typeof TaskPatch>

/** Sets, never flips: a retry cannot undo itself. Without a body it completes. */
export const Completion = Type.Object({ completed: Type.Optional(Type.Boolean({ description: 'true where it is left out' })) }, { ...closed, $id: 'Completion' })
export type Completion = Static<typeof Completion>

export const TaskStatus = Type.Union([Type.Literal('open'), Type.Literal('completed'), Type.Literal('all')])
export type TaskStatus = Static<typeof TaskStatus>

export const TaskQuery = Type.Object({
  status: Type.Optional(Type.Unsafe<TaskStatus>({ type: 'string', enum: ['open', 'completed', 'all'], default: 'all' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: '`next_cursor` of the page before' })),
}, { ...closed, $id: 'TaskQuery' })
export type TaskQuery = Static<typeof TaskQuery>

/** Newest first. `next_cursor` is null on the last page. */
export const TaskPage = Type.Object({
  items: Type.Array(Type.Unsafe<Task>(Type.Ref('Task'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'TaskPage' })
export type TaskPage = Static<typeof TaskPage>

export const List = Type.Object({
  id: Id,
  user_id: Id,
  name: Type.String(),
  is_inbox: Type.Boolean({ description: 'The one list every account begins with' }),
  version: Type.Integer({ minimum: 1 }),
  created_at: Instant,
  updated_at: Instant,
}, { ...closed, $id: 'List' })
export type List = Static<typeof List>

export const ListPage = Type.Object({
  items: Type.Array(Type.Unsafe<List>(Type.Ref('List'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'ListPage' })
export type ListPage = Static<typeof ListPage>
