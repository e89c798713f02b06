import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { List } from '../../contracts.ts'
import { listKind } from '../changes/kinds.ts'
import { instantText } from '../changes/row-text.ts'
import type { Edits } from '../changes/write-statements.ts'

const listColumns = listKind.columns(sql.fragment`l`)

/** Every list of an account, the Inbox first, then in their manual order. */
export const listLists = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('list_lists', row(List))`
  SELECT ${listColumns} FROM tasks.lists l WHERE user_id = ${user_id} AND deleted_at IS NULL ORDER BY is_inbox DESC, position, id`)

/** One list that is not deleted. */
export const findList = (db: CommonQueryMethods, list: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_list', row(List))`
  SELECT ${listColumns} FROM tasks.lists l WHERE user_id = ${list.user_id} AND id = ${list.id} AND deleted_at IS NULL`)

/** The ids of what is in a list, with the subtasks. */
export const listContents = (db: CommonQueryMethods, { user_id, list_id }: { user_id: string, list_id: string }) => db.anyFirst(sql.prepared('list_contents', row(Type.Object({ id: Type.String() })))`
  WITH RECURSIVE tree AS (
    SELECT t.id FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.list_id = ${list_id} AND t.deleted_at IS NULL
    UNION
    SELECT t.id FROM tree p JOIN tasks.tasks t ON t.user_id = ${user_id} AND t.parent_id = p.id WHERE t.deleted_at IS NULL
  )
  SELECT id FROM tree`)

/** Moving tasks to the trash at the very moment their list was deleted: what went together comes back together. */
export const trashingOfContents = ({ user_id, list_id, ids }: { user_id: string, list_id: string, ids: readonly string[] }): Edits => ({
  name: 'trash_contents',
  sets: ['deleted_at'],
  rows: sql.fragment`
  SELECT n::integer AS n, given.id::uuid AS id, jsonb_build_object('deleted_at', ${instantText(sql.fragment`l.deleted_at`)}) AS patch,
    NULL::jsonb AS versions, false AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) WITH ORDINALITY AS given (id, n), tasks.lists l
  WHERE l.user_id = ${user_id} AND l.id = ${list_id}`,
})
