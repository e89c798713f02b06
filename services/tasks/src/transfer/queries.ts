import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { Label, List, Task } from '../../contracts.ts'

const deleted = { deleted_at: Type.Union([Type.String(), Type.Null()]) }
const StoredList = Type.Object({ ...Type.Omit(List, ['user_id']).properties, ...deleted })
const StoredLabel = Type.Object({ ...Type.Omit(Label, ['user_id']).properties, ...deleted })
const StoredTask = Type.Object({ ...Type.Omit(Task, ['user_id', 'completed']).properties, ...deleted })
export type StoredList = typeof StoredList.static
export type StoredLabel = typeof StoredLabel.static
export type StoredTask = typeof StoredTask.static

const listColumns = sql.fragment`l.id, l.name, l.is_inbox, l.colour, l.position, l.archived, l.version, l.created_at, l.updated_at, l.deleted_at`
const labelColumns = sql.fragment`l.id, l.name, l.colour, l.version, l.created_at, l.updated_at, l.deleted_at`
const taskColumns = sql.fragment`
  t.id, t.list_id, t.parent_id, t.title, t.description, t.completed_at, t.priority, t.due_date, t.due_at, t.time_zone, t.start_date, t.label_ids, t.position,
  t.version, t.created_at, t.updated_at, t.deleted_at`

/** Every list an account ever had, by id. */
export const allLists = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('all_lists', row(StoredList))`
  SELECT ${listColumns} FROM tasks.lists l WHERE l.user_id = ${user_id} ORDER BY l.id`)

/** Every label an account ever had, by id. */
export const allLabels = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('all_labels', row(StoredLabel))`
  SELECT ${labelColumns} FROM tasks.labels l WHERE l.user_id = ${user_id} ORDER BY l.id`)

/** A page of all the tasks of an account, those in the trash as well, by id. */
export const allTasksAfter = (db: CommonQueryMethods, { user_id, after, limit }: { user_id: string, after: string, limit: number }) => db.any(sql.prepared('all_tasks_after', row(StoredTask))`
  SELECT ${taskColumns} FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id > ${after}::uuid ORDER BY t.id LIMIT ${limit}`)

/** Those of some tasks that there are, in the trash or not. */
export const findTasks = (db: CommonQueryMethods, { user_id, ids }: { user_id: string, ids: readonly string[] }) => db.any(sql.prepared('find_tasks', row(StoredTask))`
  SELECT ${taskColumns} FROM tasks.tasks t WHERE t.user_id = ${user_id} AND t.id = ANY (${sql.array(ids, 'uuid')})`)

/** What names of labels are compared by, in their order. */
export const labelKeys = (db: CommonQueryMethods, names: readonly string[]) => db.anyFirst(sql.prepared('label_keys', row(Type.Object({ key: Type.String() })))`
  SELECT lower(normalize(name, NFKC)) AS key FROM unnest(${sql.array(names, 'text')}) WITH ORDINALITY AS given (name, n) ORDER BY n`)

/**
 * Has the connection plan anew. Foreign keys are looked up by plans that were made when the tables may have been empty, and then by
 * an index that leads to all of the tenant's rows: a file of thousands would take quadratic time in a new database.
 */
export const planAnew = (db: CommonQueryMethods) => db.query(sql.type(row(Type.Object({})))`DISCARD PLANS`)
