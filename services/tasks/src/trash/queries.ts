import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { TrashedTask } from '../../contracts.ts'
import { taskKind } from '../changes/kinds.ts'

const ListedTask = Type.Object({ ...TrashedTask.properties, place: Type.String(), seq: Type.Integer() })
const listedRow = row(ListedTask)

export interface TrashFilter {
  user_id: string
  /** The place behind which the page begins: when the task before it was deleted, and its id. */
  after: { key: string, id: string } | null
  limit: number
}

/** What is in the trash, the last deleted first; each with the number of the tenant's last change, read at the same moment. */
export function listTrash (db: CommonQueryMethods, { user_id, after, limit }: TrashFilter) {
  const isAfter = after ? sql.fragment`AND (t.deleted_at, t.id) < (${after.key}::timestamptz, ${after.id}::uuid)` : sql.fragment``
  return db.any(sql.prepared(after ? 'list_trash_after' : 'list_trash', listedRow)`
  SELECT ${taskKind.columns(sql.fragment`t`)}, t.deleted_at, t.deleted_at::text AS place, (SELECT a.seq FROM tasks.accounts a WHERE a.user_id = ${user_id}) AS seq
  FROM tasks.tasks t
  WHERE t.user_id = ${user_id} AND t.deleted_at IS NOT NULL ${isAfter}
  ORDER BY t.deleted_at DESC, t.id DESC
  LIMIT ${limit}`)
}
