import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import { allowedVersions, etagOf } from '@daymark/kit/etag'
import type { DatabasePool } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { NewTask, Task } from '../../contracts.ts'
import { staleVersion, taskNotFound, unknownList } from '../../problems.ts'
import { openAccount } from '../accounts/open-account.ts'
import { writeInTurn } from '../accounts/write-in-turn.ts'
import { changeTask, insertTask, type TaskChange } from './queries.ts'

/** The request a write comes from. */
export interface Origin { id: string, user: AccessTokenClaims, headers: { 'if-match'?: string | undefined } }

/**
 * Adds a task to a list of the user's, or to their Inbox, which their first write makes: later ones pay nothing for it.
 * @throws {Problem} unknownList
 */
export async function createTask (pool: DatabasePool, { id: request_id, user: { sub: user_id } }: Origin, { title, description = '', list_id }: NewTask): Promise<Task> {
  const task = { user_id, id: uuidv7(), list_id: list_id ?? null, title, description, actor_id: user_id, request_id }
  const insert = () => writeInTurn(user_id, () => insertTask(pool, task))
  const inserted = await insert()
  if (inserted) return inserted
  await openAccount(pool, user_id, request_id)
  return await insert() ?? refuseList()
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
    versions: allowedVersions(headers['if-match']),
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
  const written = await writeInTurn(user_id, () => changeTask(pool, change))
  if (!written) throw taskNotFound()
  const { is_stale, is_list_unknown, ...task } = written
  if (is_stale) throw staleVersion({ current: task, headers: { etag: etagOf(task) } })
  return is_list_unknown ? refuseList() : task
}

function refuseList (): never {
  throw unknownList({ errors: [{ pointer: '/list_id', code: 'unknown_list', detail: 'list_id must be the id of one of your lists' }] })
}
