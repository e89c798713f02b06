import { prepared } from '@daymark/kit/prepared'
import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'
import { homeOf, isParentTrashed, jsonOf, taskKind } from '../changes/kinds.ts'
import type { Edit, Edits } from '../changes/write-statements.ts'

const findingTask = prepared('find_task', row(Type.Object({ version: Type.Integer(), json: jsonOf(taskKind) })), (task: { user_id: string, id: string }) => sql.fragment`
  SELECT t.version, ${taskKind.json(sql.fragment`t`)} AS json FROM tasks.tasks t WHERE t.user_id = ${task.user_id} AND t.id = ${task.id} AND t.deleted_at IS NULL`)

/** One task that is not in the trash. */
export const findTask = (db: CommonQueryMethods, task: { user_id: string, id: string }) => db.maybeOne(findingTask(task))

/** A task and the versions it may have; null for any. */
interface Root { user_id: string, id: string, versions: number[] | null }

const versionsOf = ({ versions }: Root) => sql.fragment`${versions && JSON.stringify(versions)}::jsonb`
/** Whether a row may be taken for the root; of a root that has changed the tree is left alone. */
const isFresh = (root: Root) => sql.fragment`(${versionsOf(root)} @> to_jsonb(t.version)) IS NOT FALSE`

/** Changing one task by a patch that completes it, which is refused where that would leave open subtasks. */
export const completionOfOne = (root: Root, patch: Edit['patch']): Edits => ({
  name: 'complete_one',
  sets: Object.keys(patch),
  rows: sql.fragment`
  SELECT 1 AS n, ${root.id}::uuid AS id, ${JSON.stringify(patch)}::jsonb AS patch, ${versionsOf(root)} AS versions, false AS trashed, NULL::bigint AS undoes,
    CASE WHEN EXISTS (SELECT FROM tasks.tasks t WHERE t.user_id = ${root.user_id} AND t.id = ${root.id} AND NOT t.completed)
      AND EXISTS (SELECT FROM tasks.tasks c WHERE c.user_id = ${root.user_id} AND c.parent_id = ${root.id} AND NOT c.completed AND c.deleted_at IS NULL)
      THEN 'open_subtasks' END AS refused`,
})

/** The rows of a tree: its root first, and the descendants that `joins` holds for. They are looked up (OFFSET 0 says), not found in the whole trash. */
const tree = (root: Root, joins: FragmentSqlToken) => sql.fragment`
  WITH RECURSIVE tree AS (
    SELECT t.id, t.parent_id, t.list_id, t.label_ids, t.deleted_at, 0 AS depth, ${isFresh(root)} AS is_fresh FROM tasks.tasks t WHERE t.user_id = ${root.user_id} AND t.id = ${root.id}
    UNION ALL
    SELECT t.id, t.parent_id, t.list_id, t.label_ids, t.deleted_at, p.depth + 1, p.is_fresh FROM tree p CROSS JOIN LATERAL (
      SELECT c.id, c.parent_id, c.list_id, c.label_ids, c.deleted_at FROM tasks.tasks c WHERE c.user_id = ${root.user_id} AND c.parent_id = p.id OFFSET 0) t
    WHERE p.is_fresh AND ${joins}
  )`
const ofTree = (root: Root, patch: FragmentSqlToken, isTrashed: boolean) => sql.fragment`
  SELECT row_number() OVER (ORDER BY depth, t.id)::integer AS n, t.id, ${patch} AS patch, CASE WHEN depth = 0 THEN ${versionsOf(root)} END AS versions,
    ${isTrashed}::boolean AS trashed, NULL::bigint AS undoes, NULL AS refused
  FROM tree t`

/** Completing a task and all below it. */
export const completionOfTree = (root: Root): Edits => ({
  name: 'complete_tree',
  sets: ['completed'],
  rows: sql.fragment`${tree(root, sql.fragment`t.deleted_at IS NULL`)}${ofTree(root, sql.fragment`'{"completed": true}'::jsonb`, false)}`,
})

/** Moving a task to the trash, and all below it. */
export const trashingOfTree = (root: Root): Edits => ({
  name: 'trash_tree',
  sets: ['deleted'],
  rows: sql.fragment`${tree(root, sql.fragment`t.deleted_at IS NULL`)}${ofTree(root, sql.fragment`'{"deleted": true}'::jsonb`, false)}`,
})

/** Taking a task out of the trash, and what below it went there at the same moment. */
export const restoringOfTree = (root: Root): Edits => ({
  name: 'restore_tree',
  sets: ['deleted', 'list_id', 'label_ids', 'parent_id'],
  rows: sql.fragment`${tree(root, sql.fragment`t.deleted_at = p.deleted_at`)}${ofTree(root, sql.fragment`
    '{"deleted": false}'::jsonb || ${homeOf(root.user_id)}
    || CASE WHEN depth = 0 AND ${isParentTrashed(root.user_id)}
      THEN '{"parent_id": null}'::jsonb ELSE '{}' END`, true)}`,
})
