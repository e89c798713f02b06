import type { ReadableStream } from 'node:stream/web'
import type {
  BulkChange, BulkResult, Change, ChangePage, ImportReport, Label, LabelPatch, List, ListPatch, Move, NewLabel, NewList, NewTask, Summary, Task, TaskPage, TaskPatch, TaskQuery, TrashedTask, TrashPage, Undone,
} from '@daymark/tasks/contracts'
import { type Operation, operations } from '@daymark/tasks/operations'
import { type Bearer, withBearer } from './bearer.server.ts'
import { answerCheck, type AnswerOf, type Asked, operationCaller } from './call-operation.server.ts'
import { ContractBroken } from './contract-check.server.ts'
import type { CallOrigin, Service } from './service.server.ts'
import { isServiceProblem } from './service-problem.ts'

/** A task, and the ETag by which a write says that it was made from this very version. */
export interface TaskRead { task: Task, etag: string }
export interface ListRead { list: List, etag: string }
export interface LabelRead { label: Label, etag: string }
/** What a write left, and the number of that change, as with a task. */
export interface ListWritten extends ListRead { change: number | null }
export interface LabelWritten extends LabelRead { change: number | null }

/** A task as a write left it, and the number of that change, by which it can be taken back; null where nothing changed. */
export interface TaskWritten extends TaskRead { change: number | null }

/** What an export gave, or a project of Todoist. */
export interface TasksFile { type: 'application/json' | 'text/csv', text: string }

/** Milliseconds that a file is waited for, and the taking back of it. */
const patience = 120_000

export interface TasksClient {
  /** The tasks that a query finds, a page of them. */
  list: (query: TaskQuery) => Promise<TaskPage>
  get: (id: string) => Promise<TaskRead>
  create: (task: NewTask) => Promise<TaskWritten>
  /** Changes what `patch` names, if the task is still what `etag` stands for; otherwise rejects with a 412 that tells the task as it is. */
  update: (id: string, patch: TaskPatch, etag: string) => Promise<TaskWritten>
  /** Sets whether it is done; a task with open subtasks is completed only by who says what becomes of those, else it is a 409. */
  complete: (id: string, completed: boolean, subtasks?: 'keep' | 'complete') => Promise<TaskWritten>
  /** Moves the task to the trash; fine with one that is there already. Gives the number of the change. */
  remove: (id: string) => Promise<number | null>
  restore: (id: string) => Promise<TaskWritten>
  /** What is in the trash, the last deleted first. */
  trash: (query: { limit: number, cursor?: string }) => Promise<TrashPage>
  trashed: (id: string) => Promise<TrashedTask>
  /** Deletes a task that is in the trash for good. */
  purge: (id: string) => Promise<void>
  /** The same with all that came to the trash up to an instant; gives how many those were. */
  emptyTrash: (until: string) => Promise<number>
  /** How many tasks there are, by whatever can be counted; what is due is seen from the day it is in the zone. */
  summary: (timeZone: string) => Promise<Summary>
  /** All tasks, lists and labels as a file, while it is read. */
  exported: (format: 'json' | 'csv') => Promise<ReadableStream<Uint8Array>>
  /** Each change as it happens, as Server-Sent Events: from now on, or behind the one with that number. It goes on until the signal. */
  events: (behind: number | null, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>
  /** Brings a file in, or tells what that would do. */
  imported: (file: TasksFile, options: { isDry: boolean }) => Promise<ImportReport>
  lists: () => Promise<List[]>
  getList: (id: string) => Promise<ListRead>
  createList: (list: NewList) => Promise<ListWritten>
  /** Like `update`, of a list. */
  updateList: (id: string, patch: ListPatch, etag: string) => Promise<ListWritten>
  /** Deletes a list, and moves its tasks to the trash, as one change. */
  removeList: (id: string) => Promise<number | null>
  labels: () => Promise<Label[]>
  getLabel: (id: string) => Promise<LabelRead>
  createLabel: (label: NewLabel) => Promise<LabelWritten>
  /** Like `update`, of a label. */
  updateLabel: (id: string, patch: LabelPatch, etag: string) => Promise<LabelWritten>
  /** Deletes a label, and takes it off its tasks, as one change. */
  removeLabel: (id: string) => Promise<number | null>
  /** Puts the task right behind or before another, or at one of the ends of the manual order. */
  move: (id: string, to: Move) => Promise<TaskWritten>
  /** Changes up to 1,000 tasks at once, as one change to take back. */
  bulk: (change: BulkChange) => Promise<BulkResult>
  /** Takes back a change, and those made together with it; rejects with a 409 that `standingInTheWay` reads. */
  undo: (change: number) => Promise<Undone>
  /** What was done to a task, newest first, wherever it is by now. */
  history: (id: string, query: { limit: number, cursor?: string }) => Promise<ChangePage>
  /** A change by its number; null where there is none. */
  change: (seq: number) => Promise<Change | null>
}

/** The signed-in person's tasks, as seen from one browser request. */
export function tasksClient (tasks: Service, bearer: Bearer, origin: CallOrigin, formKey: () => string | null): TasksClient {
  const call = operationCaller(tasks, bearer, origin, formKey)
  /** One object, by its name, with the ETag that it must have. */
  const one = async <const Name extends string, O extends Operation>(name: Name, operation: O, asked: Asked<O>) => {
    const { body, etag, change } = await call(operation, asked)
    if (etag === null) throw new ContractBroken(`${operation.method} ${operation.url}`, ['ETag'])
    return { [name]: body, etag, change } as Record<Name, AnswerOf<O>> & { etag: string, change: number | null }
  }
  return {
    list: async (query) => (await call(operations.listTasks, { query })).body,
    get: (id) => one('task', operations.readTask, { params: { id } }),
    create: (body) => one('task', operations.createTask, { body }),
    update: (id, body, etag) => one('task', operations.patchTask, { params: { id }, body, etag }),
    complete: (id, completed, subtasks) => one('task', operations.completeTask, { params: { id }, body: { completed, ...subtasks && { subtasks } } }),
    async remove (id) {
      try {
        return (await call(operations.trashTask, { params: { id } })).change
      } catch (error) {
        if (isServiceProblem(error) && error.status === 404) return null
        throw error
      }
    },
    restore: (id) => one('task', operations.restoreTask, { params: { id } }),
    trash: async (query) => (await call(operations.listTrash, { query })).body,
    trashed: async (id) => (await call(operations.readTrashed, { params: { id } })).body,
    purge: async (id) => { await call(operations.purgeTask, { params: { id } }) },
    emptyTrash: async (until) => (await call(operations.emptyTrash, { query: { until } })).body.purged,
    summary: async (timeZone) => (await call(operations.summarise, { query: { time_zone: timeZone } })).body,
    exported: async (format) => (await withBearer(bearer, (authorization) =>
      tasks({ method: 'GET', path: `/api/${bearer.userId()}/export?${new URLSearchParams({ format })}`, headers: { ...authorization }, isStreamed: true }, origin))).body as ReadableStream<Uint8Array>,
    events: async (behind, signal) => (await withBearer(bearer, (authorization) => tasks({
      method: 'GET',
      path: `/api/${bearer.userId()}/events`,
      headers: { accept: 'text/event-stream', ...behind !== null && { 'last-event-id': String(behind) }, ...authorization },
      isStreamed: true,
      signal,
    }, origin))).body as ReadableStream<Uint8Array>,
    imported: async (file, { isDry }) => (await call(operations.importTasks, { query: { dry_run: isDry }, file, timeoutMs: patience })).body,
    lists: async () => (await call(operations.listLists, {})).body.items,
    getList: (id) => one('list', operations.readList, { params: { id } }),
    createList: (body) => one('list', operations.createList, { body }),
    updateList: (id, body, etag) => one('list', operations.patchList, { params: { id }, body, etag }),
    removeList: async (id) => (await call(operations.deleteList, { params: { id } })).change,
    labels: async () => (await call(operations.listLabels, {})).body.items,
    getLabel: (id) => one('label', operations.readLabel, { params: { id } }),
    createLabel: (body) => one('label', operations.createLabel, { body }),
    updateLabel: (id, body, etag) => one('label', operations.patchLabel, { params: { id }, body, etag }),
    removeLabel: async (id) => (await call(operations.deleteLabel, { params: { id } })).change,
    move: (id, body) => one('task', operations.moveTask, { params: { id }, body }),
    bulk: async (body) => (await call(operations.changeTasks, { body })).body,
    undo: async (seq) => (await call(operations.undoChange, { params: { seq }, timeoutMs: patience })).body,
    history: async (id, query) => (await call(operations.listHistory, { params: { id }, query })).body,
    change: async (seq) => (await call(operations.listChanges, { query: { since: seq - 1, limit: 1 } })).body.items.find((change) => change.seq === seq) ?? null,
  }
}

/** The task inside a 412, or null where there is none to be trusted. */
export function currentTask ({ current, etag }: { current: unknown, etag: string | undefined }): TaskRead | null {
  try {
    return etag === undefined ? null : { task: answerCheck(operations.readTask)(current), etag }
  } catch {
    return null
  }
}

/** What a refused undo says of each change that it was to take back; null where there is nothing to be trusted. */
export function standingInTheWay ({ current }: { current: unknown }): Undone['items'] | null {
  try {
    return answerCheck(operations.undoChange)(current).items
  } catch {
    return null
  }
}
