import { createHash, randomUUID } from 'node:crypto'
import {
  type BulkChange, BulkResult, Change, ChangePage, ChangesSince, Label, type LabelPatch, LabelPage, List, ListPage, type ListPatch, type NewLabel, type NewList, type NewTask, Purged, Summary, Task, TaskPage, type TaskPatch, type TaskQuery,
  TrashedTask, TrashPage, Undone,
} from '@daymark/tasks/contracts'
import { type Bearer, withBearer } from './bearer.server.ts'
import { ContractBroken, contractCheck } from './contract-check.server.ts'
import type { CallOrigin, Service, ServiceAnswer, ServiceCall } from './service.server.ts'
import { isServiceProblem } from './service-problem.ts'

const checkTask = contractCheck(Task)
const checkPage = contractCheck(TaskPage, [Task]) as (answer: unknown) => TaskPage
const checkTrash = contractCheck(TrashPage, [TrashedTask]) as (answer: unknown) => TrashPage
const checkTrashed = contractCheck(TrashedTask)
const checkPurged = contractCheck(Purged)
const checkLists = contractCheck(ListPage, [List]) as (answer: unknown) => ListPage
const checkBulk = contractCheck(BulkResult)
const checkUndone = contractCheck(Undone)
const checkChanges = contractCheck(ChangesSince, [Change]) as (answer: unknown) => ChangesSince
const checkHistory = contractCheck(ChangePage, [Change]) as (answer: unknown) => ChangePage
const checkLabels = contractCheck(LabelPage, [Label]) as (answer: unknown) => LabelPage
const checkSummary = contractCheck(Summary)
const checkList = contractCheck(List)
const checkLabel = contractCheck(Label)

/** A task, and the ETag by which a write says that it was made from this very version. */
export interface TaskRead { task: Task, etag: string }
export interface ListRead { list: List, etag: string }
export interface LabelRead { label: Label, etag: string }
/** What a write left, and the number of that change, as with a task. */
export interface ListWritten extends ListRead { change: number | null }
export interface LabelWritten extends LabelRead { change: number | null }

/** A task as a write left it, and the number of that change, by which it can be taken back; null where nothing changed. */
export interface TaskWritten extends TaskRead { change: number | null }

export interface TasksClient {
  /** The tasks that a query finds, a page of them. */
  list: (query: TaskQuery) => Promise<TaskPage>
  get: (id: string) => Promise<TaskRead>
  create: (task: NewTask) => Promise<TaskWritten>
  /** Changes what `patch` names, if the task is still what `etag` stands for; otherwise rejects with a 412 that tells the task as it is. */
  update: (id: string, patch: TaskPatch, etag: string) => Promise<TaskWritten>
  complete: (id: string, completed: boolean) => Promise<TaskWritten>
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
  /** Changes up to 1,000 tasks at once, as one change to take back. */
  bulk: (change: BulkChange) => Promise<BulkResult>
  /** Takes back a change, and those made together with it; rejects with a 409 that `standingInTheWay` reads. */
  undo: (change: number) => Promise<Undone>
  /** What was done to a task, newest first, wherever it is by now. */
  history: (id: string, query: { limit: number, cursor?: string }) => Promise<ChangePage>
  /** A change by its number; null where there is none. */
  change: (seq: number) => Promise<Change | null>
}

/**
 * The signed-in person's tasks, as seen from one browser request. A refused token is renewed once and the call made again.
 * Every write has an Idempotency-Key: of the form that asked for it, so that a form sent twice has one effect, or of its own.
 */
export function tasksClient (tasks: Service, bearer: Bearer, origin: CallOrigin, formKey: () => string | null): TasksClient {
  const keyFor = (method: string, path: string) => {
    const form = formKey()
    return form === null ? randomUUID() : createHash('sha256').update(JSON.stringify([form, method, path])).digest('base64url')
  }
  const call = ({ method, path, headers, ...rest }: ServiceCall): Promise<ServiceAnswer> => {
    const key: Record<string, string> = method === 'GET' ? {} : { 'idempotency-key': keyFor(method, path) }
    return withBearer(bearer, (authorization) =>
      tasks({ ...rest, method, path: `/api/${bearer.userId()}${path}`, headers: { ...headers, ...key, ...authorization } }, origin))
  }
  const changeOf = (headers: Headers) => {
    const change = headers.get('daymark-change')
    return change === null ? null : Number(change)
  }
  const tagged = async <T>(check: (answer: unknown) => T, request: ServiceCall): Promise<{ object: T, etag: string, change: number | null }> => {
    const { body, headers } = await call(request)
    const etag = headers.get('etag')
    if (etag === null) throw new ContractBroken(request.path, ['ETag'])
    return { object: check(body), etag, change: changeOf(headers) }
  }
  const one = async (request: ServiceCall): Promise<TaskWritten> => {
    const { object: task, etag, change } = await tagged(checkTask, request)
    return { task, etag, change }
  }
  const oneList = async (request: ServiceCall): Promise<ListWritten> => {
    const { object: list, etag, change } = await tagged(checkList, request)
    return { list, etag, change }
  }
  const oneLabel = async (request: ServiceCall): Promise<LabelWritten> => {
    const { object: label, etag, change } = await tagged(checkLabel, request)
    return { label, etag, change }
  }
  const patching = (path: string, body: unknown, etag: string): ServiceCall =>
    ({ method: 'PATCH', path, headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag }, body })
  const pathOf = (id: string) => `/tasks/${encodeURIComponent(id)}`
  const listPath = (id: string) => `/lists/${encodeURIComponent(id)}`
  const labelPath = (id: string) => `/labels/${encodeURIComponent(id)}`
  return {
    async list (query) {
      const given = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]]))
      return checkPage((await call({ method: 'GET', path: `/tasks?${given}` })).body)
    },
    get: (id) => one({ method: 'GET', path: pathOf(id) }),
    create: (task) => one({ method: 'POST', path: '/tasks', body: task }),
    update: (id, patch, etag) => one(patching(pathOf(id), patch, etag)),
    complete: (id, completed) => one({ method: 'PATCH', path: `${pathOf(id)}/complete`, body: { completed } }),
    async remove (id) {
      try {
        return changeOf((await call({ method: 'DELETE', path: pathOf(id) })).headers)
      } catch (error) {
        if (isServiceProblem(error) && error.status === 404) return null
        throw error
      }
    },
    restore: (id) => one({ method: 'POST', path: `${pathOf(id)}/restore` }),
    trash: async ({ limit, cursor }) => checkTrash((await call({ method: 'GET', path: `/trash?${new URLSearchParams({ limit: String(limit), ...cursor !== undefined && { cursor } })}` })).body),
    trashed: async (id) => checkTrashed((await call({ method: 'GET', path: `/trash/${encodeURIComponent(id)}` })).body),
    purge: async (id) => { await call({ method: 'DELETE', path: `/trash/${encodeURIComponent(id)}` }) },
    emptyTrash: async (until) => checkPurged((await call({ method: 'DELETE', path: `/trash?${new URLSearchParams({ until })}` })).body).purged,
    summary: async (timeZone) => checkSummary((await call({ method: 'GET', path: `/summary?${new URLSearchParams({ time_zone: timeZone })}` })).body),
    lists: async () => checkLists((await call({ method: 'GET', path: '/lists' })).body).items,
    getList: (id) => oneList({ method: 'GET', path: listPath(id) }),
    createList: (list) => oneList({ method: 'POST', path: '/lists', body: list }),
    updateList: (id, patch, etag) => oneList(patching(listPath(id), patch, etag)),
    removeList: async (id) => changeOf((await call({ method: 'DELETE', path: listPath(id) })).headers),
    labels: async () => checkLabels((await call({ method: 'GET', path: '/labels' })).body).items,
    getLabel: (id) => oneLabel({ method: 'GET', path: labelPath(id) }),
    createLabel: (label) => oneLabel({ method: 'POST', path: '/labels', body: label }),
    updateLabel: (id, patch, etag) => oneLabel(patching(labelPath(id), patch, etag)),
    removeLabel: async (id) => changeOf((await call({ method: 'DELETE', path: labelPath(id) })).headers),
    bulk: async (change) => checkBulk((await call({ method: 'POST', path: '/tasks/bulk', body: change })).body),
    undo: async (change) => checkUndone((await call({ method: 'POST', path: `/changes/${change}/undo` })).body),
    history: async (id, { limit, cursor }) => checkHistory((await call({ method: 'GET', path: `${pathOf(id)}/history?${new URLSearchParams({ limit: String(limit), ...cursor !== undefined && { cursor } })}` })).body),
    change: async (seq) => checkChanges((await call({ method: 'GET', path: `/changes?${new URLSearchParams({ since: String(seq - 1), limit: '1' })}` })).body).items.find((change) => change.seq === seq) ?? null,
  }
}

/** The task inside a 412, or null where there is none to be trusted. */
export function currentTask ({ current, etag }: { current: unknown, etag: string | undefined }): TaskRead | null {
  try {
    return etag === undefined ? null : { task: checkTask(current), etag }
  } catch {
    return null
  }
}

/** What a refused undo says of each change that it was to take back; null where there is nothing to be trusted. */
export function standingInTheWay ({ current }: { current: unknown }): Undone['items'] | null {
  try {
    return checkUndone(current).items
  } catch {
    return null
  }
}
