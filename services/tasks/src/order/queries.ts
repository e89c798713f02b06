import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'

/** What is in a manual order: rows `o` of a table, in parts of which each has an index in that order. */
export interface Ordered { table: FragmentSqlToken, parts: readonly FragmentSqlToken[] }

export const orderedTasks: Ordered = {
  table: sql.fragment`tasks.tasks`,
  parts: [sql.fragment`o.deleted_at IS NULL AND NOT o.completed`, sql.fragment`o.deleted_at IS NULL AND o.completed`],
}
/** The Inbox is always first, and has no place among the others. */
export const orderedLists: Ordered = { table: sql.fragment`tasks.lists`, parts: [sql.fragment`o.deleted_at IS NULL AND NOT o.is_inbox`] }

const Place = Type.Object({ id: Type.String(), position: Type.String() })
export interface Place { id: string, position: string }
const place = row(Place)

interface Asked { user_id: string, id: string }

/** Where something stands. */
export const findPlace = (db: CommonQueryMethods, { table, parts }: Ordered, { user_id, id }: Asked) => db.maybeOne(sql.type(place)`
  SELECT o.id, o.position FROM ${table} o WHERE o.user_id = ${user_id} AND o.id = ${id} AND (${sql.join(parts, sql.fragment` OR `)})`)

/** The first of all parts, of which the first of each are enough. */
function first ({ table, parts }: Ordered, { user_id, id }: Asked, condition: FragmentSqlToken, direction: FragmentSqlToken, limit: number): FragmentSqlToken {
  const inOrder = sql.fragment`ORDER BY o.position ${direction}, o.id ${direction} LIMIT ${limit}`
  const firstOf = (part: FragmentSqlToken) => sql.fragment`(
    SELECT o.id, o.position FROM ${table} o WHERE o.user_id = ${user_id} AND ${part} AND o.id <> ${id} AND ${condition} ${inOrder})`
  return sql.fragment`
  SELECT o.id, o.position FROM (${sql.join(parts.map(firstOf), sql.fragment` UNION ALL `)}) o ${inOrder}`
}

/** What stands last before a place, or last of all; never `id`. */
export const placeBefore = (db: CommonQueryMethods, ordered: Ordered, { of, ...asked }: Asked & { of: Place | null }) =>
  db.maybeOne(sql.type(place)`${first(ordered, asked, of ? sql.fragment`(o.position, o.id) < (${of.position}, ${of.id}::uuid)` : sql.fragment`true`, sql.fragment`DESC`, 1)}`)

/** What stands next behind a place, or first of all; never `id`. */
export const placesBehind = (db: CommonQueryMethods, ordered: Ordered, { of, limit, ...asked }: Asked & { of: Place | null, limit: number }) =>
  db.any(sql.type(place)`${first(ordered, asked, of ? sql.fragment`(o.position, o.id) > (${of.position}, ${of.id}::uuid)` : sql.fragment`true`, sql.fragment`ASC`, limit)}`)

/** The key that something new would get now: before all that was new earlier. */
export const newestKey = (db: CommonQueryMethods) => db.oneFirst(sql.type(row(Type.Object({ key: Type.String() })))`SELECT tasks.newest_position(clock_timestamp()) AS key`)
