import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import {
  BulkChange, BulkResult, Change, ChangePage, ChangesSince, Completion, EmptyingQuery, ExportedInbox, ExportedLabel, ExportedList, ExportedTask, ExportQuery, Id, ImportQuery, ImportReport, Label, LabelPage, LabelPatch, List, ListPage, ListPatch, Move, NewLabel,
  NewList, NewTask, Purged, Summary, SummaryQuery, Task, TaskExport, TaskFilter, TaskPage, TaskPatch, TaskQuery, TaskReplacement, TrashedTask, TrashPage, TrashQuery, Undone,
} from './contracts.ts'

/** What goes or comes as a file or a stream: OpenAPI says of what kind it is. */
export interface File { description?: string, content: Record<string, { schema: unknown }> }

/** One thing that the service does: what is asked, and what is answered. As Fastify takes a route, without what carries it out. */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the path of the account. */
  url: string
  schema: {
    tags: readonly string[]
    summary: string
    /** What a body may be sent as, if not as JSON alone. */
    consumes?: readonly string[]
    security: ReadonlyArray<Record<string, readonly string[]>>
    params: TObject
    querystring?: TObject
    headers?: TObject
    body?: TSchema | File
    response: Readonly<Record<number, TSchema | File>>
  }
}

/** All schemas that have a name, by which others refer to them. */
export const named: readonly TSchema[] = [
  Task, NewTask, TaskReplacement, TaskPatch, Move, TaskPage, TaskFilter, BulkChange, BulkResult, Summary,
  TrashedTask, TrashPage, Purged, List, NewList, ListPatch, ListPage,
  Label, NewLabel, LabelPatch, LabelPage, Change, ChangePage, ChangesSince, Undone, ExportedInbox, ExportedList, ExportedLabel, ExportedTask, TaskExport, ImportReport,
]

/** What belongs to one account is below it; the account is the one that the access token names. */
export const accountPath = '/api/:user_id'

const security = [{ accessToken: [] }] as const
const user_id = Type.String({ ...Id, description: 'The account: the `sub` of the access token' })
const AccountPath = Type.Object({ user_id })
const ObjectPath = Type.Object({ user_id, id: Type.String({ ...Id, description: 'Which one' }) })
const ChangePath = Type.Object({ user_id, seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'The number of the change' }) })

const idempotencyKey = {
  'idempotency-key': Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,255}$', 'x-detail': 'must be 1 to 255 printable characters', description: 'Sent again with the same key, the request has one effect and one answer, for 24 hours' })),
}
/** The headers of a write that makes something. */
const idempotent = Type.Object(idempotencyKey)
/** The headers of a write to something that is there. */
const unlessStale = Type.Object({ ...idempotencyKey, 'if-match': Type.Optional(Type.String({ description: 'The ETag it must still have; else 412' })) })

const Nothing = Type.Null()
/** What merge patches are sent as (RFC 7396). */
const consumes = ['application/json', 'application/merge-patch+json'] as const

const { $id: _, ...completion } = Completion
/** As one schema, so that what is wrong with a body is told field by field. */
const OptionalCompletion = Type.Unsafe<Completion | null>({ ...completion, type: ['object', 'null'] })

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most' }))
const SinceQuery = Type.Object({
  since: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0, description: 'The number of the last change that is known' })),
  limit,
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 25, default: 0, description: 'Seconds to wait for something where there is nothing yet' })),
}, { additionalProperties: false })
const HistoryQuery = Type.Object({ limit, cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: '`next_cursor` of the page before' })) }, { additionalProperties: false })
const ResumeHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ pattern: '^(0|[1-9]\\d{0,14})$', 'x-detail': 'must be the id of an event', description: 'The last event that arrived: go on behind it. Without one, from now on' })),
})
/** Server-Sent Events, of which OpenAPI can only say that they are text. */
const EventStream = { description: 'Events `change`, each with a change as its data and its number as its id; at the end an event `end` with the `reason`: expired, revoked or closing', content: { 'text/event-stream': { schema: Type.String() } } }
const ExportFile = { description: 'All of it; in CSV one line for each task', content: { 'application/json': { schema: Type.Ref(TaskExport.$id!) }, 'text/csv': { schema: Type.String() } } }
const ImportFile = { content: { 'application/json': { schema: Type.Ref(TaskExport.$id!) }, 'text/csv': { schema: Type.String({ description: 'A project as Todoist exports it' }) } } }

/** Gives each operation its name as its id in the OpenAPI document. */
const withIds = <T extends Readonly<Record<string, Operation>>>(operations: T): T =>
  Object.fromEntries(Object.entries(operations).map(([operationId, operation]) => [operationId, { ...operation, schema: { operationId, ...operation.schema } }])) as unknown as T

/**
 * All that the tasks service does, each said once: its routes, the OpenAPI document and the client of the web app are made of this.
 * A write answers in `daymark-change` the number of its change, and for one object its `etag`.
 */
export const operations = withIds({
  listTasks: {
    method: 'GET',
    url: '/tasks',
    schema: { tags: ['tasks'], security, summary: 'List tasks, filtered and sorted', params: AccountPath, querystring: TaskQuery, response: { 200: TaskPage, 304: Nothing } },
  },
  createTask: {
    method: 'POST',
    url: '/tasks',
    schema: { tags: ['tasks'], security, summary: 'Create a task', params: AccountPath, headers: idempotent, body: NewTask, response: { 201: Task } },
  },
  changeTasks: {
    method: 'POST',
    url: '/tasks/bulk',
    schema: { tags: ['tasks'], security, summary: 'Change up to 1,000 tasks at once, as one change to take back', params: AccountPath, headers: idempotent, body: BulkChange, response: { 200: BulkResult } },
  },
  readTask: {
    method: 'GET',
    url: '/tasks/:id',
    schema: { tags: ['tasks'], security, summary: 'Read a task', params: ObjectPath, response: { 200: Task, 304: Nothing } },
  },
  replaceTask: {
    method: 'PUT',
    url: '/tasks/:id',
    schema: { tags: ['tasks'], security, summary: 'Replace a task', params: ObjectPath, headers: unlessStale, body: TaskReplacement, response: { 200: Task } },
  },
  patchTask: {
    method: 'PATCH',
    url: '/tasks/:id',
    schema: { tags: ['tasks'], security, summary: 'Change some fields of a task (JSON merge patch)', consumes, params: ObjectPath, headers: unlessStale, body: TaskPatch, response: { 200: Task } },
  },
  completeTask: {
    method: 'PATCH',
    url: '/tasks/:id/complete',
    schema: { tags: ['tasks'], security, summary: 'Complete a task, or reopen it', params: ObjectPath, headers: unlessStale, body: OptionalCompletion, response: { 200: Task } },
  },
  trashTask: {
    method: 'DELETE',
    url: '/tasks/:id',
    schema: { tags: ['tasks'], security, summary: 'Move a task and its subtasks to the trash', params: ObjectPath, headers: unlessStale, response: { 204: Nothing } },
  },
  moveTask: {
    method: 'POST',
    url: '/tasks/:id/move',
    schema: { tags: ['tasks'], security, summary: 'Move a task to another place in the manual order', params: ObjectPath, headers: unlessStale, body: Move, response: { 200: Task } },
  },
  restoreTask: {
    method: 'POST',
    url: '/tasks/:id/restore',
    schema: { tags: ['tasks'], security, summary: 'Take a task out of the trash, with what went there with it', params: ObjectPath, headers: unlessStale, response: { 200: Task } },
  },
  listLists: {
    method: 'GET',
    url: '/lists',
    schema: { tags: ['lists'], security, summary: 'The lists of an account', params: AccountPath, response: { 200: ListPage } },
  },
  createList: {
    method: 'POST',
    url: '/lists',
    schema: { tags: ['lists'], security, summary: 'Make a list', params: AccountPath, headers: idempotent, body: NewList, response: { 201: List } },
  },
  readList: {
    method: 'GET',
    url: '/lists/:id',
    schema: { tags: ['lists'], security, summary: 'Read a list', params: ObjectPath, response: { 200: List, 304: Nothing } },
  },
  patchList: {
    method: 'PATCH',
    url: '/lists/:id',
    schema: { tags: ['lists'], security, summary: 'Change some fields of a list (JSON merge patch)', consumes, params: ObjectPath, headers: unlessStale, body: ListPatch, response: { 200: List } },
  },
  moveList: {
    method: 'POST',
    url: '/lists/:id/move',
    schema: { tags: ['lists'], security, summary: 'Move a list to another place among the lists', params: ObjectPath, headers: unlessStale, body: Move, response: { 200: List } },
  },
  deleteList: {
    method: 'DELETE',
    url: '/lists/:id',
    schema: { tags: ['lists'], security, summary: 'Delete a list, and move its tasks to the trash', params: ObjectPath, headers: unlessStale, response: { 204: Nothing } },
  },
  listLabels: {
    method: 'GET',
    url: '/labels',
    schema: { tags: ['labels'], security, summary: 'The labels of an account, by name', params: AccountPath, response: { 200: LabelPage } },
  },
  createLabel: {
    method: 'POST',
    url: '/labels',
    schema: { tags: ['labels'], security, summary: 'Make a label', params: AccountPath, headers: idempotent, body: NewLabel, response: { 201: Label } },
  },
  readLabel: {
    method: 'GET',
    url: '/labels/:id',
    schema: { tags: ['labels'], security, summary: 'Read a label', params: ObjectPath, response: { 200: Label, 304: Nothing } },
  },
  patchLabel: {
    method: 'PATCH',
    url: '/labels/:id',
    schema: { tags: ['labels'], security, summary: 'Change some fields of a label (JSON merge patch)', consumes, params: ObjectPath, headers: unlessStale, body: LabelPatch, response: { 200: Label } },
  },
  deleteLabel: {
    method: 'DELETE',
    url: '/labels/:id',
    schema: { tags: ['labels'], security, summary: 'Delete a label, and take it off its tasks', params: ObjectPath, headers: unlessStale, response: { 204: Nothing } },
  },
  summarise: {
    method: 'GET',
    url: '/summary',
    schema: { tags: ['tasks'], security, summary: 'Count the tasks by state, list, label and when they are due', params: AccountPath, querystring: SummaryQuery, response: { 200: Summary, 304: Nothing } },
  },
  listTrash: {
    method: 'GET',
    url: '/trash',
    schema: { tags: ['tasks'], security, summary: 'List the tasks in the trash, the last deleted first', params: AccountPath, querystring: TrashQuery, response: { 200: TrashPage, 304: Nothing } },
  },
  readTrashed: {
    method: 'GET',
    url: '/trash/:id',
    schema: { tags: ['tasks'], security, summary: 'Read a task that is in the trash', params: ObjectPath, response: { 200: TrashedTask } },
  },
  emptyTrash: {
    method: 'DELETE',
    url: '/trash',
    schema: { tags: ['tasks'], security, summary: 'Empty the trash: what is in it is gone for good', params: AccountPath, querystring: EmptyingQuery, headers: idempotent, response: { 200: Purged } },
  },
  purgeTask: {
    method: 'DELETE',
    url: '/trash/:id',
    schema: { tags: ['tasks'], security, summary: 'Delete a task that is in the trash for good, with its subtasks there', params: ObjectPath, headers: unlessStale, response: { 204: Nothing } },
  },
  listChanges: {
    method: 'GET',
    url: '/changes',
    schema: { tags: ['changes'], security, summary: 'What was changed after a change, oldest first; waits for it where asked to', params: AccountPath, querystring: SinceQuery, response: { 200: ChangesSince } },
  },
  streamChanges: {
    method: 'GET',
    url: '/events',
    schema: { tags: ['changes'], security, summary: 'What is changed from now on, or behind an event, as it happens (Server-Sent Events)', params: AccountPath, headers: ResumeHeaders, response: { 200: EventStream } },
  },
  listHistory: {
    method: 'GET',
    url: '/tasks/:id/history',
    schema: { tags: ['changes'], security, summary: 'What was done to a task, newest first, also where it is deleted', params: ObjectPath, querystring: HistoryQuery, response: { 200: ChangePage } },
  },
  undoChange: {
    method: 'POST',
    url: '/changes/:seq/undo',
    schema: { tags: ['changes'], security, summary: 'Take back a change and those made together with it; done to an undo, it redoes', params: ChangePath, headers: idempotent, response: { 200: Undone } },
  },
  exportTasks: {
    method: 'GET',
    url: '/export',
    schema: { tags: ['transfer'], security, summary: 'All tasks, lists and labels of an account at one moment, as a file', params: AccountPath, querystring: ExportQuery, response: { 200: ExportFile } },
  },
  importTasks: {
    method: 'POST',
    url: '/import',
    schema: { tags: ['transfer'], security, summary: 'Bring in what an export gave, or a project of Todoist, or tell what that would do', params: AccountPath, querystring: ImportQuery, headers: idempotent, body: ImportFile, response: { 200: ImportReport } },
  },
} as const satisfies Record<string, Operation>)
