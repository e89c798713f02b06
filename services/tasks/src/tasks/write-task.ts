import { asWriter } from '@daymark/kit/scope'
import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import type { DatabasePool } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { NewTask, Task } from '../../contracts.ts'
import { staleVersion, taskNotFound, unknownList } from '../../problems.ts'
import { violates, withAccount } from '../accounts/open-account.ts'
import { demandedVersion, etagOf } from './etag.ts'
import { changeTask, insertTask, type TaskChange } from './queries.ts'

/** The request a write comes from. */
export interface Origin { id: string, user: AccessTokenClaims, headers: { 'if-match'?: string | undefined } }

/** Adds a task to a list of the user's, or to their Inbox. @throws {Problem} unknownList */
export async function createTask (pool: DatabasePool, { id: request_id, user: { sub: user_id } }: Origin, { title, description = '', list_id }: NewTask): Promise<Task> {
  const task = { user_id, id: uuidv7(), list_id: list_id ?? null, title, description, actor_id: user_id, request_id }
  return await refusingUnknownLists(() => withAccount(pool, user_id, request_id, () => asWriter(user_id, () => insertTask(pool, task))))
}

type Fields = Partial<Pick<TaskChange, 'title' | 'description' | 'list_id' | 'completed' | 'deleted' | 'is_trashed'>>

/**
 * Sets the fields given, and no other.
 * @throws {Problem} taskNotFound; staleVersion, with the task as it is, where If-Match names another version; unknownList
 */
export async function writeTask (pool: DatabasePool, { id: request_id, user: { sub: user_id }, headers }: Origin, id: string, fields: Fields): Promise<Task> {
  const { title = null, description = null, list_id = null, completed = null, deleted = null, is_trashed = false } = fields
  const change = {
    user_id,
    id,
    version: demandedVersion(headers['if-match']),
    is_trashed,
    title,
    description,
    sets_list: fields.list_id !== undefined,
    list_id,
    completed,
    deleted,
    actor_id: user_id,
    request_id,
  }
  const written = await refusingUnknownLists(() => asWriter(user_id, () => changeTask(pool, change)))
  if (!written) throw taskNotFound()
  const { is_stale, ...task } = written
  if (is_stale) throw staleVersion({ current: task, headers: { etag: etagOf(task) } })
  return task
}

async function refusingUnknownLists<T> (write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (cause) {
    if (!violates(cause, 'tasks_list')) throw cause
    throw unknownList({ cause, errors: [{ pointer: '/list_id', code: 'unknown_list', detail: 'list_id must be the id of one of your lists' }] })
  }
}
