import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { Task, type TaskStatus } from '../../contracts.ts'

const taskRow = row(Task)
const changedTask = row(Type.Object({ ...Task.properties, is_stale: Type.Boolean(), is_list_unknown: Type.Boolean() }))

const taskColumns = sql.fragment`
  id, user_id, list_id, title, description, completed, completed_at, version, created_at, updated_at`

/** One task that is not in the trash. */
export const findTask = (db: CommonQueryMethods, task: { user_id: string, id: string }) => db.maybeOne(sql.prepared('find_task', taskRow)`
  SELECT ${taskColumns} FROM tasks.tasks WHERE user_id = ${task.user_id} AND id = ${task.id} AND deleted_at IS NULL`)

export interface TaskFilter {
  user_id: string
  status: TaskStatus
  after: { created_at: string, id: string } | null
  limit: number
}

const ofStatus = {
  all: sql.fragment`true`,
  open: sql.fragment`NOT completed`,
  completed: sql.fragment`completed`,
}

/** Newest first, from behind a place in that order. */
export const listTasks = (db: CommonQueryMethods, { user_id, status, after, limit }: TaskFilter) => db.any(sql.prepared(`list_${status}${after ? '_after' : ''}`, taskRow)`
  SELECT ${taskColumns}
  FROM tasks.tasks
  WHERE user_id = ${user_id} AND deleted_at IS NULL AND ${ofStatus[status]}
    AND ${after ? sql.fragment`(created_at, id) < (${after.created_at}::timestamptz, ${after.id}::uuid)` : sql.fragment`true`}
  ORDER BY created_at DESC, id DESC
  LIMIT ${limit}`)

/** Who changes something, and by which request: written beside each change. */
export interface Author { actor_id: string, request_id: string }

/** An array that may be null, which Slonik's own may not. */
const arrayOf = (versions: number[] | null) => sql.fragment`${versions && `{${versions.join()}}`}::integer[]`

/** Instants in the log are text in the form of the wire. */
const completedAtText = sql.fragment`to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const deletedAtText = sql.fragment`to_char(deleted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

export interface TaskInsert extends Author { user_id: string, id: string, list_id: string | null, title: string, description: string }

/**
 * Adds a task, to the Inbox unless told otherwise, and its entry in the change log. Runs behind the tenant's lock. Gives
 * nothing, and adds nothing, where this statement sees no such list: of an account that another request opens at this very
 * moment it may see none at all.
 */
export const insertTask = (db: CommonQueryMethods, task: TaskInsert) => db.maybeOne(sql.prepared('insert_task', taskRow)`
  WITH task AS (
    INSERT INTO tasks.tasks (user_id, id, list_id, title, description)
    SELECT l.user_id, ${task.id}::uuid, l.id, ${task.title}, ${task.description}
    FROM tasks.accounts a JOIN tasks.lists l ON l.user_id = a.user_id
    WHERE a.user_id = ${task.user_id}
      AND l.id = coalesce(${task.list_id}::uuid, (SELECT i.id FROM tasks.lists i WHERE i.user_id = ${task.user_id} AND i.is_inbox))
    RETURNING ${taskColumns}
  ), account AS (
    UPDATE tasks.accounts a SET seq = a.seq + 1 FROM task WHERE a.user_id = task.user_id RETURNING a.seq
  ), logged AS (
    INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
    SELECT task.user_id, account.seq, 'task', task.id, 'created', '{}',
      jsonb_build_object('list_id', task.list_id, 'title', task.title, 'description', task.description),
      ${task.actor_id}::uuid, ${task.request_id}
    FROM task, account
  )
  SELECT ${taskColumns} FROM task`)

/** What a write sets; null leaves a field as it is. `list_id` may itself be null, so `sets_list` says whether it is set. */
export interface TaskChange extends Author {
  user_id: string
  id: string
  /** The versions it may have; null for any. */
  versions: number[] | null
  /** Whether it is looked for in the trash. */
  is_trashed: boolean
  title: string | null
  description: string | null
  sets_list: boolean
  list_id: string | null
  completed: boolean | null
  deleted: boolean | null
}

/**
 * Changes the fields given, and logs those that really changed, before and after; a change that changes nothing gives the
 * same version and logs nothing. Runs behind the tenant's lock, so its snapshot holds all it waited for. Gives nothing
 * where there is no such task, and the task as it is where it has another version (`is_stale`) or the list is no list of
 * the user's (`is_list_unknown`).
 */
export const changeTask = (db: CommonQueryMethods, change: TaskChange) => db.maybeOne(sql.prepared('change_task', changedTask)`
  WITH before AS MATERIALIZED (
    SELECT ${taskColumns}, deleted_at, version <> ALL (${arrayOf(change.versions)}) IS TRUE AS is_stale,
      ${change.sets_list}::boolean AND ${change.list_id}::uuid IS NOT NULL AND NOT EXISTS (
        SELECT FROM tasks.lists l WHERE l.user_id = ${change.user_id} AND l.id = ${change.list_id}::uuid
      ) AS is_list_unknown
    FROM tasks.tasks
    WHERE user_id = ${change.user_id} AND id = ${change.id} AND (deleted_at IS NOT NULL) = ${change.is_trashed}::boolean
    FOR UPDATE
  ), after AS (
    SELECT user_id, id,
      CASE WHEN ${change.sets_list}::boolean THEN ${change.list_id}::uuid ELSE list_id END AS list_id,
      coalesce(${change.title}::text, title) AS title,
      coalesce(${change.description}::text, description) AS description,
      CASE ${change.completed}::boolean
        WHEN true THEN coalesce(completed_at, statement_timestamp()::timestamptz(3))
        WHEN false THEN NULL
        ELSE completed_at
      END AS completed_at,
      CASE ${change.deleted}::boolean WHEN true THEN statement_timestamp()::timestamptz(3) WHEN false THEN NULL ELSE deleted_at END AS deleted_at
    FROM before WHERE NOT is_stale AND NOT is_list_unknown
  ), diff AS (
    SELECT jsonb_object_agg(b.key, b.value) AS before, jsonb_object_agg(b.key, a.value) AS after
    FROM (
      SELECT key, value FROM before, jsonb_each(jsonb_build_object(
        'list_id', list_id, 'title', title, 'description', description, 'completed_at', ${completedAtText}, 'deleted_at', ${deletedAtText}))
    ) b JOIN (
      SELECT key, value FROM after, jsonb_each(jsonb_build_object(
        'list_id', list_id, 'title', title, 'description', description, 'completed_at', ${completedAtText}, 'deleted_at', ${deletedAtText}))
    ) a ON a.key = b.key AND a.value <> b.value
    HAVING count(*) > 0
  ), changed AS (
    UPDATE tasks.tasks t
    SET list_id = a.list_id, title = a.title, description = a.description, completed_at = a.completed_at, deleted_at = a.deleted_at,
      version = t.version + 1, updated_at = statement_timestamp()
    FROM after a, diff
    WHERE t.user_id = a.user_id AND t.id = a.id
    RETURNING t.id, t.user_id, t.list_id, t.title, t.description, t.completed, t.completed_at, t.version, t.created_at, t.updated_at
  ), account AS (
    UPDATE tasks.accounts a SET seq = a.seq + 1 FROM changed WHERE a.user_id = changed.user_id RETURNING a.seq
  ), logged AS (
    INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
    SELECT changed.user_id, account.seq, 'task', changed.id,
      CASE
        WHEN diff.after ? 'deleted_at' THEN CASE WHEN diff.after ->> 'deleted_at' IS NULL THEN 'restored' ELSE 'deleted' END
        WHEN diff.after - 'completed_at' <> '{}' THEN 'updated'
        WHEN changed.completed THEN 'completed'
        ELSE 'reopened'
      END,
      diff.before, diff.after, ${change.actor_id}::uuid, ${change.request_id}
    FROM changed, account, diff
  )
  SELECT ${taskColumns}, false AS is_stale, false AS is_list_unknown FROM changed
  UNION ALL
  SELECT ${taskColumns}, is_stale, is_list_unknown FROM before WHERE NOT EXISTS (SELECT FROM changed)`)
