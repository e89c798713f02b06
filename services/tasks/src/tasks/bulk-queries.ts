import { type FragmentSqlToken, sql } from 'slonik'
import type { BulkAction } from '../../contracts.ts'
import { homeOf, isParentTrashed } from '../changes/kinds.ts'
import type { Edits } from '../changes/write-statements.ts'

/** The tasks that a bulk change is about, in the order asked for. */
export interface Chosen { user_id: string, ids: readonly string[] }

export type Wish =
  | { action: 'complete', subtasks?: 'keep' | 'complete' | undefined }
  | { action: 'reopen' | 'delete' | 'restore' }
  | { action: 'label' | 'unlabel', label_id: string }
  | { action: 'move' | 'prioritise' | 'reschedule', patch: Record<string, unknown> }

/** How the edits of a bulk change are made of the tasks `t`. */
interface Recipe {
  sets: readonly string[]
  patch: FragmentSqlToken
  trashed?: boolean
  /** Which subtasks go along, by a condition on them (`t`) and the task they are part of (`p`); none where it is left out. */
  along?: FragmentSqlToken
  /** What is asked about all of them, as one more part of the query. */
  also?: FragmentSqlToken
  /** The code of what forbids an edit, or NULL. */
  refused?: FragmentSqlToken
}

const isOpen = sql.fragment`NOT t.completed AND t.deleted_at IS NULL`
const labelled = (label_id: string) => sql.fragment`ARRAY(SELECT DISTINCT label FROM unnest(t.label_ids || ${label_id}::uuid) label ORDER BY label)`

function recipeOf (wish: Wish, user_id: string): Recipe {
  switch (wish.action) {
    case 'complete': return {
      sets: ['completed'],
      patch: sql.fragment`'{"completed": true}'::jsonb`,
      ...wish.subtasks === 'complete' && { along: isOpen },
      ...wish.subtasks === undefined && {
        // One that is itself refused stays open.
        also: sql.fragment`, refused AS (
    SELECT c.parent_id AS id FROM chosen p JOIN tasks.tasks c ON c.user_id = ${user_id} AND c.parent_id = p.id
    WHERE NOT c.completed AND c.deleted_at IS NULL AND c.id NOT IN (SELECT id FROM chosen)
    UNION
    SELECT c.parent_id FROM refused JOIN chosen c ON c.id = refused.id AND NOT c.completed WHERE c.parent_id IN (SELECT id FROM chosen)
  )`,
        refused: sql.fragment`CASE WHEN t.id IN (SELECT id FROM refused) THEN 'open_subtasks' END`,
      },
    }
    case 'reopen': return { sets: ['completed'], patch: sql.fragment`'{"completed": false}'::jsonb` }
    case 'delete': return { sets: ['deleted'], patch: sql.fragment`'{"deleted": true}'::jsonb`, along: sql.fragment`t.deleted_at IS NULL` }
    case 'restore': return {
      sets: ['deleted', 'list_id', 'label_ids', 'parent_id'],
      trashed: true,
      along: sql.fragment`t.deleted_at = p.deleted_at`,
      patch: sql.fragment`
      '{"deleted": false}'::jsonb || ${homeOf(user_id)}
      || CASE WHEN t.parent_id NOT IN (SELECT id FROM chosen) AND ${isParentTrashed(user_id)}
        THEN '{"parent_id": null}'::jsonb ELSE '{}' END`,
    }
    case 'label': return {
      sets: ['label_ids'],
      patch: sql.fragment`jsonb_build_object('label_ids', to_jsonb(${labelled(wish.label_id)}))`,
      refused: sql.fragment`CASE WHEN cardinality(${labelled(wish.label_id)}) > 50 THEN 'too_many_labels' END`,
    }
    case 'unlabel': return { sets: ['label_ids'], patch: sql.fragment`jsonb_build_object('label_ids', to_jsonb(array_remove(t.label_ids, ${wish.label_id}::uuid)))` }
    case 'move': case 'prioritise': case 'reschedule': return { sets: Object.keys(wish.patch), patch: sql.fragment`${JSON.stringify(wish.patch)}::jsonb` }
  }
}

const names: Record<BulkAction, string> = {
  complete: 'bulk_complete', reopen: 'bulk_reopen', move: 'bulk_set', label: 'bulk_label', unlabel: 'bulk_unlabel', prioritise: 'bulk_set', reschedule: 'bulk_set', delete: 'bulk_trash', restore: 'bulk_restore',
}

/** One change of many tasks, and of the subtasks that go along. */
export function bulkEdits ({ user_id, ids }: Chosen, wish: Wish): Edits {
  const { sets, patch, trashed = false, along = sql.fragment`false`, also = sql.fragment``, refused = sql.fragment`NULL::text` } = recipeOf(wish, user_id)
  const columns = sql.fragment`t.id, t.parent_id, t.list_id, t.label_ids, t.completed, t.deleted_at`
  return {
    name: wish.action === 'complete' ? `${names.complete}_${wish.subtasks ?? 'none'}` : names[wish.action],
    sets,
    rows: sql.fragment`
  WITH RECURSIVE tree AS (
    SELECT ${columns}, n, 0 AS depth
    FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) WITH ORDINALITY AS given (id, n)
      JOIN tasks.tasks t ON t.user_id = ${user_id} AND t.id = given.id::uuid AND (t.deleted_at IS NOT NULL) = ${trashed}
    UNION ALL
    SELECT ${columns}, p.n, p.depth + 1 FROM tree p JOIN tasks.tasks t ON t.user_id = ${user_id} AND t.parent_id = p.id WHERE ${along}
  ), chosen AS (
    SELECT DISTINCT ON (id) * FROM tree ORDER BY id, depth, n
  )${also}
  SELECT row_number() OVER (ORDER BY n, depth, id)::integer AS n, t.id, ${patch} AS patch, NULL::jsonb AS versions, ${trashed}::boolean AS trashed, NULL::bigint AS undoes,
    ${refused} AS refused
  FROM chosen t`,
  }
}
