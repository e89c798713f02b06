import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'
import { TrashedTask } from '../../contracts.ts'
import { jsonOf, taskKind, trashedKind } from '../changes/kinds.ts'
import type { Edits } from '../changes/write-statements.ts'

const listedRow = row(Type.Object({ id: Type.String(), json: jsonOf(trashedKind), place: Type.String(), seq: Type.Integer() }))

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
  SELECT t.id, ${trashedKind.json(sql.fragment`t`)} AS json, t.deleted_at::text AS place, (SELECT a.seq FROM tasks.accounts a WHERE a.user_id = ${user_id}) AS seq
  FROM tasks.tasks t
  WHERE t.user_id = ${user_id} AND t.deleted_at IS NOT NULL ${isAfter}
  ORDER BY t.deleted_at DESC, t.id DESC
  LIMIT ${limit}`)
}

/** One task that is in the trash. */
export const findTrashed = (db: CommonQueryMethods, { user_id, id }: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_trashed', row(TrashedTask))`
  SELECT ${taskKind.columns(sql.fragment`t`)}, t.deleted_at FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id = ${id} AND t.deleted_at IS NOT NULL`)

/** Purging a task and all below it that is in the trash. */
export const purgingOfTree = ({ user_id, id, versions }: { user_id: string, id: string, versions: number[] | null }): Edits => {
  const allowed = sql.fragment`${versions && JSON.stringify(versions)}::jsonb`
  return {
    name: 'of_tree',
    sets: [],
    // UNION, for in the trash two tasks may be part of each other. Subtasks are looked up (OFFSET 0 says), not found in the whole trash.
    rows: sql.fragment`
  WITH RECURSIVE tree AS (
    SELECT t.id, (${allowed} @> to_jsonb(t.version)) IS NOT FALSE AS is_fresh FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id = ${id} AND t.deleted_at IS NOT NULL
    UNION
    SELECT t.id, p.is_fresh FROM tree p CROSS JOIN LATERAL (
      SELECT c.id, c.deleted_at FROM tasks.tasks c WHERE c.user_id = ${user_id} AND c.parent_id = p.id OFFSET 0) t
    WHERE p.is_fresh AND t.deleted_at IS NOT NULL
  )
  SELECT row_number() OVER (ORDER BY tree.id <> ${id}, tree.id)::integer AS n, tree.id, '{}'::jsonb AS patch, CASE WHEN tree.id = ${id} THEN ${allowed} END AS versions,
    true AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM tree`,
  }
}

/** When what is deleted by now is due to go for good. */
const lastDue = (days: number) => sql.fragment`statement_timestamp() - make_interval(days => ${days})`

/**
 * Purging what was deleted up to an instant, the oldest first: some `most`, and whatever was deleted together with those. A task
 * waits for all that is below it.
 */
const purgingUntil = (name: string, user_id: string, until: FragmentSqlToken, most: number): Edits => ({
  name,
  sets: [],
  rows: sql.fragment`
  WITH RECURSIVE last AS MATERIALIZED (
    SELECT least(${until}, (SELECT d.deleted_at FROM tasks.tasks d WHERE d.user_id = ${user_id} AND d.deleted_at IS NOT NULL ORDER BY d.deleted_at, d.id OFFSET ${most - 1} LIMIT 1)) AS instant
  ), needed AS (
    SELECT s.parent_id AS id FROM tasks.tasks s WHERE s.user_id = ${user_id} AND s.deleted_at > (SELECT instant FROM last) AND s.parent_id IS NOT NULL
    UNION
    SELECT p.parent_id FROM needed JOIN tasks.tasks p ON p.user_id = ${user_id} AND p.id = needed.id WHERE p.parent_id IS NOT NULL
  )
  SELECT row_number() OVER (ORDER BY t.deleted_at, t.id)::integer AS n, t.id, '{}'::jsonb AS patch, NULL::jsonb AS versions,
    true AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.deleted_at <= (SELECT instant FROM last) AND t.id NOT IN (SELECT id FROM needed)`,
})

/** Purging some of what is in the trash: of all, or of what was deleted up to an instant. */
export const emptying = (user_id: string, until: string | undefined, most: number): Edits =>
  purgingUntil('of_trash', user_id, sql.fragment`coalesce(${until ?? null}::timestamptz, 'infinity')`, most)

/** Purging some of what has been in the trash for so many days. */
export const purgingOfDue = (user_id: string, days: number, most: number): Edits => purgingUntil('of_due', user_id, lastDue(days), most)

/** Whether anything has been in the trash for so many days. */
export const isAnythingDue = (db: CommonQueryMethods, { user_id, days }: { user_id: string, days: number }) => db.oneFirst(sql.prepared('is_anything_due', row(Type.Object({ is_due: Type.Boolean() })))`
  SELECT EXISTS (SELECT FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.deleted_at <= ${lastDue(days)}) AS is_due`)
