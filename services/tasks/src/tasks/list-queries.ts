import { onceEach } from '@daymark/kit/once-each'
import { prepared } from '@daymark/kit/prepared'
import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'
import type { Direction, Priority, Sort, TaskStatus } from '../../contracts.ts'
import { taskKind } from '../changes/kinds.ts'
import { asPage, pageRow } from '../page-row.ts'
import type { Word } from '../search/find-words.ts'
import { few, hasTerm, tasksWith } from '../search/queries.ts'

/** Which tasks a list or a change is about. */
export interface TaskFilter {
  user_id: string
  status: TaskStatus
  list_id?: string | undefined
  label?: string | undefined
  /** How many tasks carry the label; as good as none where that is not told. */
  carriers?: number | undefined
  priority?: Priority | undefined
  /** `none`: part of no other. */
  parent_id?: string | undefined
  /** Days, of which neither belongs to what is listed, in the time zone. */
  due_before?: string | undefined
  due_after?: string | undefined
  time_zone: string
  /** All of these, the rarest first. */
  words: readonly Word[]
}

export interface Listing extends TaskFilter {
  sort: Sort
  direction: Direction
  /** The place behind which the page begins: the key as the row before it had it, and its id. */
  after: { key: string, id: string } | null
  limit: number
}

/** What a list is sorted by: a column that has an index behind user_id and completed, never null. */
const keys: Record<Sort, Record<Direction, { column: FragmentSqlToken, type: FragmentSqlToken }>> = {
  position: both('position', sql.fragment`text`),
  due: { asc: { column: sql.fragment`due_ascending`, type: sql.fragment`timestamptz` }, desc: { column: sql.fragment`due_descending`, type: sql.fragment`timestamptz` } },
  priority: both('priority_rank', sql.fragment`smallint`),
  created: both('created_at', sql.fragment`timestamptz`),
  updated: both('updated_at', sql.fragment`timestamptz`),
  title: both('title_key', sql.fragment`text`),
}

function both (name: string, type: FragmentSqlToken) {
  const column = sql.fragment`${sql.identifier([name])}`
  return { asc: { column, type }, desc: { column, type } }
}

const along = {
  asc: { order: sql.fragment`ASC`, isAfter: sql.fragment`>` },
  desc: { order: sql.fragment`DESC`, isAfter: sql.fragment`<` },
}

const filters = ['list_id', 'label', 'priority', 'parent_id', 'due_before', 'due_after'] as const
/** What a statement is filled in with, as against what its text depends on. */
type Values = { [name in 'user_id' | 'time_zone']: string } & { [name in typeof filters[number]]: string | null }
type ListValues = Values & { after_key: string | null, after_id: string | null, limit: number }

const valuesOf = (filter: TaskFilter): Values => ({
  user_id: filter.user_id,
  time_zone: filter.time_zone,
  ...Object.fromEntries(filters.map((name) => [name, filter[name] ?? null])) as Record<typeof filters[number], string | null>,
})

const isCommon = ({ carriers = 0 }: TaskFilter) => carriers > few

/** The conditions that a filter makes, each with the letter that tells statements of other texts apart (PostgreSQL cuts their names off at 63). */
function conditionsOf (filter: TaskFilter, values: Values, due = keys.due.asc.column): Array<[letter: string, condition: FragmentSqlToken]> {
  const { user_id, time_zone, list_id, label, priority, parent_id, due_before, due_after } = values
  const has = (name: typeof filters[number]) => filter[name] !== undefined
  // What is not due stands at the end that lies beyond: the index begins and ends where something is due.
  const isDue = (side: FragmentSqlToken, instant: FragmentSqlToken) => sql.fragment`t.${due} ${side} ${instant} AND t.${due} > '-infinity' AND t.${due} < 'infinity'`
  const dueDay = sql.fragment`coalesce(t.due_date, (t.due_at AT TIME ZONE ${time_zone})::date)`
  const conditions: Array<[string, FragmentSqlToken | false]> = [
    ['l', has('list_id') && sql.fragment`t.list_id = ${list_id}`],
    // A rare label is where to begin; else the order is followed, and each task asked for it (OFFSET 0 says).
    ['b', has('label') && !isCommon(filter) && sql.fragment`EXISTS (SELECT FROM tasks.task_labels l WHERE l.user_id = ${user_id} AND l.label_id = ${label} AND l.task_id = t.id)`],
    ['B', has('label') && isCommon(filter) && sql.fragment`EXISTS (SELECT FROM tasks.task_labels l WHERE l.user_id = ${user_id} AND l.label_id = ${label} AND l.task_id = t.id OFFSET 0)`],
    ['p', has('priority') && sql.fragment`t.priority = ${priority}`],
    ['n', filter.parent_id === 'none' && sql.fragment`t.parent_id IS NULL`],
    ['c', has('parent_id') && filter.parent_id !== 'none' && sql.fragment`t.parent_id = ${parent_id}`],
    // No time zone is two days away from UTC: the index finds the neighbourhood, the day decides.
    ['e', has('due_before') && sql.fragment`${isDue(sql.fragment`<`, sql.fragment`(${due_before}::date + 2)::timestamp AT TIME ZONE 'UTC'`)} AND ${dueDay} < ${due_before}::date`],
    ['d', has('due_after') && sql.fragment`${isDue(sql.fragment`>`, sql.fragment`(${due_after}::date - 1)::timestamp AT TIME ZONE 'UTC'`)} AND ${dueDay} > ${due_after}::date`],
    ...filter.words.map(({ beginnings }): [string, FragmentSqlToken] => ['w', hasTerm({ user_id, beginnings, task_id: sql.fragment`t.id` })]),
  ]
  return conditions.filter((named): named is [string, FragmentSqlToken] => named[1] !== false)
}

/** A page of tasks that are not in the trash, in an order, from behind a place in that order. */
export function listTasks (db: CommonQueryMethods, listing: Listing) {
  const values = { ...valuesOf(listing), after_key: listing.after?.key ?? null, after_id: listing.after?.id ?? null, limit: listing.limit }
  if (listing.words.length > 0) {
    const { name, text } = listOf(listing, values)
    return db.one(sql.prepared(name, pageRow)`${text}`)
  }
  return db.one(lists(shapeOf(listing), listing, values)(values))
}

/** The lists that look for no words, each composed once. */
const lists = onceEach((listing: Listing, values: ListValues) =>
  prepared<ListValues, typeof pageRow>(listOf(listing, values).name, pageRow, (marks) => listOf(listing, marks).text))
const shapeOf = (listing: Listing) =>
  [listing.sort, listing.direction, listing.status, listing.after !== null, listing.parent_id === 'none', isCommon(listing), ...filters.map((name) => listing[name] !== undefined)].join()

/** The statement that lists, and its name. */
function listOf (listing: Listing, values: ListValues): { name: string, text: FragmentSqlToken } {
  const { status, sort, direction, words: [rarest, ...others] } = listing
  const { user_id, limit } = values
  const { column, type } = keys[sort][direction]
  const { order, isAfter } = along[direction]
  // A rare word is where to begin: what has it is looked up one by one. Else the order is followed, and each task asked for its words.
  const isRare = rarest !== undefined && rarest.hits <= few
  const conditions = conditionsOf(isRare ? { ...listing, words: others } : listing, values, keys.due[direction].column)
  if (listing.after) conditions.push(['k', sql.fragment`(t.${column}, t.id) ${isAfter} (${values.after_key}::${type}, ${values.after_id}::uuid)`])
  const source = isRare
    ? sql.fragment`(SELECT DISTINCT task_id FROM (${tasksWith({ user_id, beginnings: rarest.beginnings })}) found) found CROSS JOIN LATERAL (
      SELECT * FROM tasks.tasks o WHERE o.user_id = ${user_id} AND o.id = found.task_id OFFSET 0) t`
    : sql.fragment`tasks.tasks t`
  const ofState = (isCompleted: FragmentSqlToken) => sql.fragment`
    SELECT ${taskKind.columns(sql.fragment`t`)}, t.${column} AS key FROM ${source}
    WHERE ${sql.join([sql.fragment`t.user_id = ${user_id}`, sql.fragment`t.deleted_at IS NULL`, isCompleted, ...conditions.map(([, condition]) => condition)], sql.fragment` AND `)}`
  const [open, completed] = [sql.fragment`NOT t.completed`, sql.fragment`t.completed`]
  // Each index has the open ones in order, and the completed ones: of both, a page of each is enough.
  const first = (rows: FragmentSqlToken) => sql.fragment`(${rows} ORDER BY t.${column} ${order}, t.id ${order} LIMIT ${limit}::integer + 1)`
  const listed = status === 'open'
    ? ofState(open)
    : status === 'completed' ? ofState(completed) : isRare ? ofState(sql.fragment`true`) : sql.fragment`${first(ofState(open))} UNION ALL ${first(ofState(completed))}`
  return {
    name: `list_${sort}_${direction}_${status}_${isRare ? 'r' : ''}${conditions.map(([letter]) => letter).join('')}`,
    // The texts are written last, of the page alone.
    text: asPage(sql.fragment`
    SELECT ${taskKind.json(sql.fragment`t`)} AS json, t.id, t.key::text AS place
    FROM (
      SELECT * FROM (${listed}) t
      ORDER BY t.key ${order}, t.id ${order}
      LIMIT ${limit}::integer + 1
    ) t`, { user_id, limit }),
  }
}

/** How many tasks carry a label, counted as far as it matters. */
export const countCarriers = (db: CommonQueryMethods, { user_id, label }: { user_id: string, label: string }) => db.oneFirst(sql.prepared('count_carriers', row(Type.Object({ carriers: Type.Integer() })))`
  SELECT count(*) AS carriers FROM (SELECT FROM tasks.task_labels l WHERE l.user_id = ${user_id} AND l.label_id = ${label} LIMIT ${few + 1}) l`)

/** The ids of tasks that a filter finds, in the manual order: of those in the trash, or of the others. */
export function findTaskIds (db: CommonQueryMethods, filter: TaskFilter & { trashed: boolean, limit: number }) {
  const { user_id, status, trashed, limit } = filter
  const conditions = [
    sql.fragment`t.user_id = ${user_id}`, trashed ? sql.fragment`t.deleted_at IS NOT NULL` : sql.fragment`t.deleted_at IS NULL`,
    ...conditionsOf(filter, valuesOf(filter)).map(([, condition]) => condition),
  ]
  const ofState = (isCompleted: FragmentSqlToken) => sql.fragment`(
    SELECT t.id, t.position FROM tasks.tasks t WHERE ${sql.join([...conditions, isCompleted], sql.fragment` AND `)} ORDER BY t.position, t.id LIMIT ${limit})`
  const states = { open: [sql.fragment`NOT t.completed`], completed: [sql.fragment`t.completed`], all: [sql.fragment`NOT t.completed`, sql.fragment`t.completed`] }[status]
  return db.anyFirst(sql.type(row(Type.Object({ id: Type.String() })))`
  SELECT t.id FROM (${sql.join(states.map(ofState), sql.fragment` UNION ALL `)}) t ORDER BY t.position, t.id LIMIT ${limit}`)
}
