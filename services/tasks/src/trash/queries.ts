import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'
import { TrashedTask } from '../../contracts.ts'
import { taskKind, trashedKind } from '../changes/kinds.ts'
import type { Edits } from '../changes/write-statements.ts'
import { asPage, pageRow } from '../page-row.ts'

export interface TrashFilter {
  user_id: string
  /** The place behind which the page begins: when the task before it was deleted, and its id. */
  after: { key: string, id: string } | null
  limit: number
}

/** A page of what is in the trash, the last deleted first. */
export function listTrash (db: CommonQueryMethods, { user_id, after, limit }: TrashFilter) {
  const isAfter = after ? sql.fragment`AND (t.deleted_at, t.id) < (${after.key}::timestamptz, ${after.id}::uuid)` : sql.fragment``
  return db.one(sql.prepared(after ? 'list_trash_after' : 'list_trash', pageRow)`${asPage(sql.fragment`
    SELECT ${trashedKind.json(sql.fragment`t`)} AS json, t.id, t.deleted_at::text AS place
    FROM (
      SELECT * FROM tasks.tasks t
      WHERE t.user_id = ${user_id} AND t.deleted_at IS NOT NULL ${isAfter}
      ORDER BY t.deleted_at DESC, t.id DESC
      LIMIT ${limit}::integer + 1
    ) t`, { user_id, limit })}`)
}

/** One task that is in the trash. */
export const findTrashed = (db: CommonQueryMethods, { user_id, id }: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_trashed', row(TrashedTask))`
  SELECT ${taskKind.columns(sql.fragment`t`)}, t.deleted_at FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id = ${id} AND t.deleted_at IS NOT NULL`)

/** Purging a task and all below it that is in the trash: some `most`, what is below first. */
export const purgingOfTree = ({ user_id, id, versions, most }: { user_id: string, id: string, versions: number[] | null, most: number }): Edits => {
  const allowed = sql.fragment`${versions && JSON.stringify(versions)}::jsonb`
  return {
    name: 'of_tree',
    sets: [],
    // Subtasks are looked up (OFFSET 0 says), not found in the whole trash.
    rows: sql.fragment`
  WITH RECURSIVE tree AS (
    SELECT t.id, 0 AS depth, (${allowed} @> to_jsonb(t.version)) IS NOT FALSE AS is_fresh FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id = ${id} AND t.deleted_at IS NOT NULL
    UNION ALL
    SELECT t.id, p.depth + 1, p.is_fresh FROM tree p CROSS JOIN LATERAL (
      SELECT c.id, c.deleted_at FROM tasks.tasks c WHERE c.user_id = ${user_id} AND c.parent_id = p.id OFFSET 0) t
    WHERE p.is_fresh AND t.deleted_at IS NOT NULL
  ), deepest AS (
    SELECT tree.id, tree.depth FROM tree ORDER BY tree.depth DESC, tree.id LIMIT ${most}
  )
  SELECT row_number() OVER (ORDER BY t.depth, t.id)::integer AS n, t.id, '{}'::jsonb AS patch, CASE WHEN t.depth = 0 THEN ${allowed} END AS versions,
    true AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM deepest t`,
  }
}

/** When what is deleted by now is due to go for good. */
const lastDue = (days: number) => sql.fragment`statement_timestamp() - make_interval(days => ${days})`

/** Whether a task `p` that is in the trash has others below it there, of which a condition on the task `c` holds. They are looked up (OFFSET 0 says). */
const hasBelow = (user_id: string, condition: FragmentSqlToken) => sql.fragment`EXISTS (
      SELECT FROM (SELECT o.id, o.deleted_at FROM tasks.tasks o WHERE o.user_id = ${user_id} AND o.parent_id = p.id OFFSET 0) c WHERE c.deleted_at IS NOT NULL AND ${condition})`

/** Up to which instant what was deleted goes: all, until one, or what is due after so many days. */
export type Purged = { until: string | undefined } | { days: number }
const lastOf = (purged: Purged) => 'days' in purged ? lastDue(purged.days) : sql.fragment`coalesce(${purged.until ?? null}::timestamptz, 'infinity')`
const nameOf = (purged: Purged) => 'days' in purged ? 'due' : 'trash'

const purging = (name: string, rows: FragmentSqlToken): Edits => ({
  name,
  sets: [],
  rows: sql.fragment`${rows}
  SELECT row_number() OVER (ORDER BY t.deleted_at, t.id)::integer AS n, t.id, '{}'::jsonb AS patch, NULL::jsonb AS versions,
    true AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM going t`,
})

/** Purging the oldest `most` of what was deleted up to an instant. Of those a task waits for all that is below it and does not go along. */
export const purgingOfOldest = (user_id: string, purged: Purged, most: number): Edits => purging(`of_${nameOf(purged)}`, sql.fragment`
  WITH RECURSIVE oldest AS MATERIALIZED (
    SELECT p.id, p.parent_id, p.deleted_at FROM tasks.tasks p WHERE p.user_id = ${user_id} AND p.deleted_at <= ${lastOf(purged)} ORDER BY p.deleted_at, p.id LIMIT ${most}
  ), waiting AS (
    SELECT p.id, p.parent_id FROM oldest p WHERE ${hasBelow(user_id, sql.fragment`c.id NOT IN (SELECT id FROM oldest)`)}
    UNION
    SELECT p.id, p.parent_id FROM waiting JOIN oldest p ON p.id = waiting.parent_id
  ), going AS (
    SELECT * FROM oldest WHERE id NOT IN (SELECT id FROM waiting)
  )`)

/** Purging some of what was deleted up to an instant and has nothing below it, for where all of the oldest wait. */
export const purgingOfLeaves = (user_id: string, purged: Purged, most: number): Edits => purging(`of_leaves_${nameOf(purged)}`, sql.fragment`
  WITH going AS (
    SELECT p.id, p.deleted_at FROM tasks.tasks p WHERE p.user_id = ${user_id} AND p.deleted_at <= ${lastOf(purged)} AND NOT ${hasBelow(user_id, sql.fragment`true`)}
    ORDER BY p.deleted_at, p.id LIMIT ${most}
  )`)

/** Whether anything has been in the trash for so many days. */
export const isAnythingDue = (db: CommonQueryMethods, { user_id, days }: { user_id: string, days: number }) => db.oneFirst(sql.prepared('is_anything_due', row(Type.Object({ is_due: Type.Boolean() })))`
  SELECT EXISTS (SELECT FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.deleted_at <= ${lastDue(days)}) AS is_due`)
