import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { Change } from '../../contracts.ts'
import { hasLostLabels, labelsLeft } from './kinds.ts'
import { instantText } from './row-text.ts'
import type { Edit, Edits } from './write-statements.ts'

/**
 * A change that was taken back stands again once that was taken back, and so on: it is undone where an odd number of changes
 * lead back to it, by the newest of them.
 */
const changeColumns = sql.fragment`
  c.seq, c.group_seq, c.undoes, c.object_type, c.object_id, c.action, c.before, c.after, c.actor_id, c.request_id, c.changed_at,
  (WITH RECURSIVE undo AS (
    SELECT u.seq FROM tasks.changes u WHERE u.user_id = c.user_id AND u.undoes = c.seq
    UNION ALL
    SELECT u.seq FROM undo JOIN tasks.changes u ON u.user_id = c.user_id AND u.undoes = undo.seq
  ) SELECT CASE WHEN count(*) % 2 = 1 THEN max(seq) END FROM undo) AS undone_by`

/** What came after a number, oldest first. */
export const listChangesSince = (db: CommonQueryMethods, { user_id, since, limit }: { user_id: string, since: number, limit: number }) => db.any(sql.prepared('changes_since', row(Change))`
  SELECT ${changeColumns} FROM tasks.changes c WHERE c.user_id = ${user_id} AND c.seq > ${since} ORDER BY c.seq LIMIT ${limit}`)

/** What was done to one object, newest first. */
export const listHistory = (db: CommonQueryMethods, { user_id, object_id, before, limit }: { user_id: string, object_id: string, before: number | null, limit: number }) => db.any(sql.prepared('list_history', row(Change))`
  SELECT ${changeColumns} FROM tasks.changes c
  WHERE c.user_id = ${user_id} AND c.object_id = ${object_id} AND c.seq < coalesce(${before}::bigint, 9223372036854775807)
  ORDER BY c.seq DESC LIMIT ${limit}`)

/** A change, with all that were made together with it, oldest first; nothing where there is no such change. Of two look-ups: an OR of both reads the whole log. */
export const listGroup = (db: CommonQueryMethods, { user_id, seq }: { user_id: string, seq: number }) => db.any(sql.prepared('list_group', row(Change))`
  WITH g AS (SELECT coalesce(group_seq, seq) AS first FROM tasks.changes WHERE user_id = ${user_id} AND seq = ${seq})
  SELECT ${changeColumns} FROM tasks.changes c WHERE c.user_id = ${user_id} AND c.seq = (SELECT first FROM g)
  UNION ALL
  SELECT ${changeColumns} FROM tasks.changes c WHERE c.user_id = ${user_id} AND c.group_seq = (SELECT first FROM g) AND c.seq <> (SELECT first FROM g)
  ORDER BY seq`)

const LaterChange = Type.Object({ seq: Type.Integer(), undoes: Type.Union([Type.Integer(), Type.Null()]), object_id: Type.String(), action: Type.String(), fields: Type.Array(Type.String()) })

/** What was done to some objects after a change, newest first: which fields, and what each takes back. */
export const listLaterChanges = (db: CommonQueryMethods, { user_id, after, object_ids }: { user_id: string, after: number, object_ids: string[] }) => db.any(sql.prepared('list_later_changes', row(LaterChange))`
  SELECT seq, undoes, object_id, action, ARRAY(SELECT jsonb_object_keys(c.after)) AS fields
  FROM tasks.changes c WHERE c.user_id = ${user_id} AND c.object_id = ANY (${sql.array(object_ids, 'uuid')}) AND c.seq > ${after} ORDER BY seq DESC`)

const Need = Type.Object({ id: Type.String(), by: Type.String() })

/** Which tasks need some objects, so many for each: subtasks, tasks of a list, tasks that carry a label; in the trash nothing needs anything. Each is looked up (OFFSET 0 says), and not found among all that there is. */
export const listNeeds = (db: CommonQueryMethods, { user_id, ids, most }: { user_id: string, ids: readonly string[], most: number }) => db.any(sql.prepared('list_needs', row(Need))`
  SELECT one.id, need.by FROM unnest(${sql.array(ids, 'uuid')}) AS one (id) CROSS JOIN LATERAL (
    (SELECT t.id AS by FROM (SELECT c.id, c.deleted_at FROM tasks.tasks c WHERE c.user_id = ${user_id} AND c.parent_id = one.id OFFSET 0) t WHERE t.deleted_at IS NULL LIMIT ${most})
    UNION ALL
    (SELECT t.id FROM (SELECT c.id, c.deleted_at FROM tasks.tasks c WHERE c.user_id = ${user_id} AND c.list_id = one.id OFFSET 0) t WHERE t.deleted_at IS NULL LIMIT ${most})
    UNION ALL
    (SELECT t.id FROM tasks.task_labels l CROSS JOIN LATERAL (
      SELECT o.id, o.deleted_at FROM tasks.tasks o WHERE o.user_id = ${user_id} AND o.id = l.task_id OFFSET 0) t
    WHERE l.user_id = ${user_id} AND l.label_id = one.id AND t.deleted_at IS NULL LIMIT ${most})
  ) need`)

const Stranded = Type.Object({
  id: Type.String(), lost_list: Type.Boolean(), lost_parent: Type.Boolean(), lost_labels: Type.Boolean(), inbox_id: Type.String(), labels_left: Type.Array(Type.String()),
})

/** Those of some trashed tasks whose list is gone, or a label, or whose parent is and is not among those `returning`. */
export const listStranded = (db: CommonQueryMethods, { user_id, ids, returning }: { user_id: string, ids: readonly string[], returning: readonly string[] }) => db.any(sql.prepared('list_stranded', row(Stranded))`
  SELECT t.id, l.deleted_at IS NOT NULL AS lost_list, p.deleted_at IS NOT NULL AND p.id <> ALL (${sql.array(returning, 'uuid')}) AS lost_parent,
    labels.are_lost AS lost_labels, i.id AS inbox_id, ${labelsLeft(user_id)} AS labels_left
  FROM tasks.tasks t
    CROSS JOIN LATERAL (SELECT ${hasLostLabels(user_id)} AS are_lost) labels
    JOIN tasks.lists i ON i.user_id = t.user_id AND i.is_inbox
    LEFT JOIN tasks.lists l ON l.user_id = t.user_id AND l.id = t.list_id
    LEFT JOIN tasks.tasks p ON p.user_id = t.user_id AND p.id = t.parent_id
  WHERE t.user_id = ${user_id} AND t.id = ANY (${sql.array(ids, 'uuid')})
    AND (l.deleted_at IS NOT NULL OR labels.are_lost OR p.deleted_at IS NOT NULL AND p.id <> ALL (${sql.array(returning, 'uuid')}))`)

/** The number of the tenant's last change; 0 where there is no account yet. */
export const lastChange = async (db: CommonQueryMethods, { user_id }: { user_id: string }): Promise<number> =>
  await db.maybeOneFirst(sql.prepared('last_change', row(Type.Object({ seq: Type.Integer() })))`SELECT seq FROM tasks.accounts WHERE user_id = ${user_id}`) ?? 0

/** What the first of too many edits is numbered, in place of 1. */
export const tooMany = 0

/** The same edits; or of too many the first alone, by which nothing is changed. */
export const ifFew = (edits: Edits, most: number): Edits => ({
  name: `few_${edits.name}`,
  sets: edits.sets,
  rows: sql.fragment`
  WITH wanted AS MATERIALIZED (${edits.rows}
  ), size AS (SELECT count(*) > ${most} AS is_over FROM wanted)
  SELECT CASE WHEN is_over THEN ${tooMany} ELSE n END AS n, id, patch, versions, trashed, undoes, CASE WHEN is_over THEN 'too_many' ELSE refused END AS refused
  FROM wanted, size WHERE n = 1 OR NOT is_over`,
})

const Wanted = Type.Object({
  id: Type.String(), patch: Type.Record(Type.String(), Type.Unknown()), versions: Type.Union([Type.Array(Type.Integer()), Type.Null()]), trashed: Type.Union([Type.Boolean(), Type.Null()]), now: Type.String(),
})

/** What edits there are, in their order. What is deleted is so at one instant, so that it comes back together. */
export async function listEdits (db: CommonQueryMethods, { name, rows }: Edits): Promise<Edit[]> {
  const wanted = await db.any(sql.prepared(`list_${name}`, row(Wanted))`
  WITH wanted AS (${rows}
  )
  SELECT id, patch, versions, trashed, ${instantText(sql.fragment`statement_timestamp()`)} AS now FROM wanted ORDER BY n`)
  return wanted.map(({ now, patch: { deleted, ...patch }, ...edit }) =>
    ({ ...edit, patch: { ...patch, ...deleted !== undefined && { deleted_at: deleted === true ? now : null } } }))
}
