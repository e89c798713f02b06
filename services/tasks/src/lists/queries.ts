import { row } from '@daymark/kit/row'
import { type CommonQueryMethods, sql } from 'slonik'
import { List } from '../../contracts.ts'
import { listKind } from '../changes/kinds.ts'
import type { Edits } from '../changes/write-statements.ts'

const listColumns = listKind.columns(sql.fragment`l`)

/** Every list of an account, the Inbox first, then in their manual order. */
export const listLists = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('list_lists', row(List))`
  SELECT ${listColumns} FROM tasks.lists l WHERE user_id = ${user_id} AND deleted_at IS NULL ORDER BY is_inbox DESC, position, id`)

/** One list that is not deleted. */
export const findList = (db: CommonQueryMethods, list: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_list', row(List))`
  SELECT ${listColumns} FROM tasks.lists l WHERE user_id = ${list.user_id} AND id = ${list.id} AND deleted_at IS NULL`)

/** Moving to the trash what is in a list, with the subtasks. */
export const trashingOfList = ({ user_id, list_id }: { user_id: string, list_id: string }): Edits => ({
  name: 'trash_list',
  sets: ['deleted'],
  rows: sql.fragment`
  WITH RECURSIVE tree AS (
    SELECT t.id FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.list_id = ${list_id} AND t.deleted_at IS NULL
    UNION
    SELECT t.id FROM tree p JOIN tasks.tasks t ON t.user_id = ${user_id} AND t.parent_id = p.id WHERE t.deleted_at IS NULL
  )
  SELECT row_number() OVER (ORDER BY id)::integer AS n, id, '{"deleted": true}'::jsonb AS patch, NULL::jsonb AS versions, false AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM tree`,
})
