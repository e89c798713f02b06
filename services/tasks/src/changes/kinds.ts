import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import type { JsonText } from '@daymark/kit/json-text'
import { type FragmentSqlToken, type IdentifierSqlToken, sql } from 'slonik'
import type { Label, List, Task, TrashedTask } from '../../contracts.ts'
import { column, type Columns, forms, instantText, rowText } from './row-text.ts'

/**
 * What the change log can tell of: for each kind of object its table, its fields as the log writes them, and when a change
 * to one is refused. Everything that is changed is changed by the statements in write-statements.ts, made of these.
 */
export interface Kind<T> {
  object_type: 'task' | 'list' | 'label'
  table: FragmentSqlToken
  /** What is given out, of a row that has the given name. With `deleted_at` it is all that the log tells. */
  columns: (of: FragmentSqlToken) => FragmentSqlToken
  /** The same as JSON text, in the form and the order of the contract. */
  json: (of: FragmentSqlToken) => FragmentSqlToken
  /** What the JSON text is of: a type alone. */
  given?: T
  fields: readonly Field[]
  /** The fields a patch may set; `completed` and `deleted` stand for the instants beside them. */
  instants: Record<string, string>
  /** What is wrong with a change of the row `b` to `wish`: the code or NULL. Each is asked where one of its fields is set. */
  problems: readonly Check[]
  /** The same for a new row, of which `wish` is all there is. */
  problemsOfNew: readonly Check[]
  /** What stands in a new row where `wish` does not say it, by field. */
  defaults: Record<string, FragmentSqlToken>
}

/** A column, how the log tells it (from the row `b`), and how it is read from the log (from `wish`). */
export interface Field { name: string, column: IdentifierSqlToken, told: FragmentSqlToken, read: FragmentSqlToken }

/** A condition on some fields under which a write is refused, and its code. */
export interface Check { of: readonly string[], code: string, when: FragmentSqlToken }

const key = (name: string) => sql.literalValue(name)
const field = (name: string, told: FragmentSqlToken, read: FragmentSqlToken): Field => ({ name, column: column(name), told, read })

const now = instantText(sql.fragment`statement_timestamp()`)

const plain = (name: string) => field(name, sql.fragment`to_jsonb(b.${column(name)})`, sql.fragment`wish ->> ${key(name)}`)
const uuid = (name: string) => field(name, sql.fragment`to_jsonb(b.${column(name)})`, sql.fragment`(wish ->> ${key(name)})::uuid`)
const date = (name: string) => field(name, sql.fragment`to_jsonb(b.${column(name)})`, sql.fragment`(wish ->> ${key(name)})::date`)
const flag = (name: string) => field(name, sql.fragment`to_jsonb(b.${column(name)})`, sql.fragment`(wish ->> ${key(name)})::boolean`)
const instant = (name: string) => field(name, sql.fragment`to_jsonb(${instantText(sql.fragment`b.${column(name)}`)})`, sql.fragment`(wish ->> ${key(name)})::timestamptz`)
const uuids = (name: string) => field(name, sql.fragment`to_jsonb(b.${column(name)})`, sql.fragment`ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(wish -> ${key(name)}))`)

/** An instant that is said by a boolean; one that is set already stays. */
export const instantOf = (said: string, name: string) => sql.fragment`
  CASE WHEN patch ? ${key(said)} THEN jsonb_build_object(${key(name)}, CASE WHEN (patch ->> ${key(said)})::boolean
    THEN coalesce(${instantText(sql.fragment`b.${column(name)}`)}, ${now}) END) ELSE '{}' END`

const unknownList = sql.fragment`wish ->> 'list_id' IS NOT NULL AND NOT EXISTS (
  SELECT FROM tasks.lists l WHERE l.user_id = b.user_id AND l.id = (wish ->> 'list_id')::uuid AND l.deleted_at IS NULL)`
const unknownLabel = sql.fragment`wish ? 'label_ids' AND EXISTS (
  SELECT FROM jsonb_array_elements_text(wish -> 'label_ids') w LEFT JOIN tasks.labels l ON l.user_id = b.user_id AND l.id = w.value::uuid AND l.deleted_at IS NULL
  WHERE l.id IS NULL)`
const unknownParent = parentless(sql.fragment`p.deleted_at IS NULL`)

/** Whether the wish names a parent, and there is none of which `condition` holds. */
function parentless (condition: FragmentSqlToken) {
  return sql.fragment`wish ->> 'parent_id' IS NOT NULL AND NOT EXISTS (
  SELECT FROM tasks.tasks p WHERE p.user_id = b.user_id AND p.id = (wish ->> 'parent_id')::uuid AND ${condition})`
}

/** Behind the tenant's lock the ancestors hold still. */
const cycle = sql.fragment`wish ->> 'parent_id' IS NOT NULL AND EXISTS (
  WITH RECURSIVE ancestor AS (
    SELECT p.id, p.parent_id FROM tasks.tasks p WHERE p.user_id = b.user_id AND p.id = (wish ->> 'parent_id')::uuid
    UNION
    SELECT p.id, p.parent_id FROM ancestor a JOIN tasks.tasks p ON p.user_id = b.user_id AND p.id = a.parent_id
  ) SELECT FROM ancestor WHERE id = b.id)`
/** What `b` would have: as wished, else as it is. */
const willBe = (name: string) => sql.fragment`(CASE WHEN wish ? ${key(name)} THEN wish ->> ${key(name)} ELSE b.${column(name)}::text END)`
/** What is in the trash may belong to what is gone as well. */
const unlessTrashed = (when: FragmentSqlToken) => sql.fragment`${willBe('deleted_at')} IS NULL AND ${when}`

/** Whether a task `t` carries labels that are deleted. */
export const hasLostLabels = (user_id: string) => sql.fragment`
  EXISTS (SELECT FROM tasks.labels l WHERE l.user_id = ${user_id} AND l.id = ANY (t.label_ids) AND l.deleted_at IS NOT NULL)`
/** The labels of a task `t` that are not deleted, as JSON. */
export const labelsLeft = (user_id: string) => sql.fragment`(
  SELECT coalesce(jsonb_agg(l.id ORDER BY l.id), '[]') FROM tasks.labels l WHERE l.user_id = ${user_id} AND l.id = ANY (t.label_ids) AND l.deleted_at IS NULL)`
/** What of a task `t` that comes back is another than it was: where its list is gone it is in the Inbox, and labels that are gone it has lost. */
export const homeOf = (user_id: string) => sql.fragment`
    CASE WHEN EXISTS (SELECT FROM tasks.lists l WHERE l.user_id = ${user_id} AND l.id = t.list_id AND l.deleted_at IS NOT NULL)
      THEN jsonb_build_object('list_id', (SELECT i.id FROM tasks.lists i WHERE i.user_id = ${user_id} AND i.is_inbox)) ELSE '{}' END
    || CASE WHEN ${hasLostLabels(user_id)} THEN jsonb_build_object('label_ids', ${labelsLeft(user_id)}) ELSE '{}' END`

/** Whether what a task `t` is part of is in the trash: looked up (OFFSET 0 says), not found in the whole trash. */
export const isParentTrashed = (user_id: string) => sql.fragment`EXISTS (
      SELECT FROM (SELECT o.deleted_at FROM tasks.tasks o WHERE o.user_id = ${user_id} AND o.id = t.parent_id OFFSET 0) p WHERE p.deleted_at IS NOT NULL)`

/** How rows of some columns are given out. */
const given = (columns: Columns) => ({
  columns: (row: FragmentSqlToken) => sql.fragment`${sql.join(Object.keys(columns).map((name) => sql.fragment`${row}.${column(name)}`), sql.fragment`, `)}`,
  json: (row: FragmentSqlToken) => rowText(columns, row),
})

const { any, word, bare, orNull } = forms
const edited: Columns = { version: bare, created_at: forms.instant, updated_at: forms.instant }

const taskColumns: Columns = {
  id: word,
  user_id: word,
  list_id: orNull(word),
  parent_id: orNull(word),
  title: any,
  description: any,
  completed: bare,
  completed_at: orNull(forms.instant),
  priority: word,
  due_date: orNull(any),
  due_at: orNull(forms.instant),
  time_zone: orNull(any),
  start_date: orNull(any),
  label_ids: any,
  position: any,
  ...edited,
}

export const taskKind: Kind<Task> = {
  object_type: 'task',
  table: sql.fragment`tasks.tasks`,
  ...given(taskColumns),
  fields: [
    uuid('list_id'), uuid('parent_id'), plain('title'), plain('description'), plain('priority'), date('due_date'), instant('due_at'), plain('time_zone'),
    date('start_date'), uuids('label_ids'), plain('position'), instant('completed_at'), instant('deleted_at'),
  ],
  instants: { completed: 'completed_at', deleted: 'deleted_at' },
  problems: [
    { of: ['list_id'], code: 'unknown_list', when: unlessTrashed(unknownList) },
    { of: ['label_ids'], code: 'unknown_label', when: unlessTrashed(unknownLabel) },
    // What is in the trash may be part of something there; not of what is gone for good.
    { of: ['parent_id'], code: 'unknown_parent', when: parentless(sql.fragment`(p.deleted_at IS NULL OR ${willBe('deleted_at')} IS NOT NULL)`) },
    // In the trash as well: what is part of itself could never come back.
    { of: ['parent_id'], code: 'cycle', when: cycle },
    { of: ['due_date', 'due_at'], code: 'due_twice', when: sql.fragment`${willBe('due_date')} IS NOT NULL AND ${willBe('due_at')} IS NOT NULL` },
    { of: ['due_at', 'time_zone'], code: 'zone_without_instant', when: sql.fragment`(${willBe('due_at')} IS NULL) <> (${willBe('time_zone')} IS NULL)` },
  ],
  problemsOfNew: [
    { of: ['list_id'], code: 'unknown_list', when: unknownList },
    { of: ['label_ids'], code: 'unknown_label', when: unknownLabel },
    { of: ['parent_id'], code: 'unknown_parent', when: unknownParent },
    { of: ['due_date', 'due_at'], code: 'due_twice', when: sql.fragment`wish ->> 'due_date' IS NOT NULL AND wish ->> 'due_at' IS NOT NULL` },
    { of: ['due_at', 'time_zone'], code: 'zone_without_instant', when: sql.fragment`(wish ->> 'due_at' IS NULL) <> (wish ->> 'time_zone' IS NULL)` },
  ],
  defaults: {
    list_id: sql.fragment`to_jsonb((SELECT i.id FROM tasks.lists i WHERE i.user_id = b.user_id AND i.is_inbox))`,
    description: sql.fragment`'""'::jsonb`,
    priority: sql.fragment`'"none"'::jsonb`,
    label_ids: sql.fragment`'[]'::jsonb`,
    position: sql.fragment`to_jsonb(tasks.newest_position(clock_timestamp()))`,
  },
}

/** A task that is in the trash, as it is given out there. */
export const trashedKind: Pick<Kind<TrashedTask>, 'columns' | 'json' | 'given'> = given({ ...taskColumns, deleted_at: forms.instant })

export const listKind: Kind<List> = {
  object_type: 'list',
  table: sql.fragment`tasks.lists`,
  ...given({ id: word, user_id: word, name: any, is_inbox: bare, colour: word, position: any, archived: bare, ...edited }),
  fields: [plain('name'), plain('colour'), plain('position'), flag('archived'), instant('deleted_at')],
  instants: { deleted: 'deleted_at' },
  problems: [{ of: ['deleted_at', 'archived'], code: 'inbox_stays', when: sql.fragment`b.is_inbox AND (wish ->> 'deleted_at' IS NOT NULL OR wish ->> 'archived' = 'true')` }],
  problemsOfNew: [],
  defaults: {
    colour: sql.fragment`'"grey"'::jsonb`,
    position: sql.fragment`to_jsonb(tasks.newest_position(clock_timestamp()))`,
    archived: sql.fragment`'false'::jsonb`,
  },
}

const nameTaken = (name: FragmentSqlToken) => sql.fragment`EXISTS (
  SELECT FROM tasks.labels l WHERE l.user_id = b.user_id AND l.id <> b.id AND l.deleted_at IS NULL AND l.name_key = lower(normalize(${name}, NFKC)))`

export const labelKind: Kind<Label> = {
  object_type: 'label',
  table: sql.fragment`tasks.labels`,
  ...given({ id: word, user_id: word, name: any, colour: word, ...edited }),
  fields: [plain('name'), plain('colour'), instant('deleted_at')],
  instants: { deleted: 'deleted_at' },
  problems: [{ of: ['name', 'deleted_at'], code: 'name_taken', when: sql.fragment`${willBe('deleted_at')} IS NULL AND ${nameTaken(willBe('name'))}` }],
  problemsOfNew: [{ of: ['name'], code: 'name_taken', when: nameTaken(sql.fragment`wish ->> 'name'`) }],
  defaults: { colour: sql.fragment`'"grey"'::jsonb` },
}

/** What an object that is brought in from elsewhere keeps, beside the fields of its kind. Its first entry in the log tells it too. */
export const keptFields: readonly Field[] = [
  field('version', sql.fragment`to_jsonb(b.version)`, sql.fragment`(wish ->> 'version')::integer`), instant('created_at'), instant('updated_at'),
]
/** What stands there where it does not say it. */
export const keptDefaults: Record<string, FragmentSqlToken> = { version: sql.fragment`'1'::jsonb`, created_at: sql.fragment`to_jsonb(${now})`, updated_at: sql.fragment`to_jsonb(${now})` }

const outcome = { n: Type.Integer(), problem: Type.Union([Type.String(), Type.Null()]), seq: Type.Union([Type.Integer(), Type.Null()]) }

/** JSON text of what a kind gives out. */
export const jsonOf = <T>(_kind: Pick<Kind<T>, 'json' | 'given'>) => Type.Unsafe<JsonText<T>>(Type.String())

/** What became of an object that was to be changed: the object, its place among the edits, why it was refused, the number of its change. */
export const changedRow = <T>(kind: Kind<T>) => row(Type.Object({ id: Type.String(), version: Type.Integer(), json: jsonOf(kind), ...outcome }))

/** What became of one that was to be added. Of a refused one there is nothing but why. */
export const addedRow = <T>(kind: Kind<T>) => row(Type.Union([
  Type.Object({ id: Type.String(), version: Type.Integer(), json: jsonOf(kind), n: Type.Integer(), problem: Type.Null(), seq: Type.Integer() }),
  Type.Object({ n: Type.Integer(), problem: Type.String() }),
]))
