import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'

/** What is in a manual order: the rows `o` of a table that take part in it. */
export interface Ordered { table: FragmentSqlToken, takesPart: FragmentSqlToken }

export const orderedTasks: Ordered = { table: sql.fragment`tasks.tasks`, takesPart: sql.fragment`o.deleted_at IS NULL` }
/** The Inbox is always first, and has no place among the others. */
export const orderedLists: Ordered = { table: sql.fragment`tasks.lists`, takesPart: sql.fragment`o.deleted_at IS NULL AND NOT o.is_inbox` }

const Place = Type.Object({ id: Type.String(), position: Type.String() })
export interface Place { id: string, position: string }
const place = row(Place)

interface Asked { user_id: string, id: string }

/** Where something stands. */
export const findPlace = (db: CommonQueryMethods, { table, takesPart }: Ordered, { user_id, id }: Asked) => db.maybeOne(sql.type(place)`
  SELECT o.id, o.position FROM ${table} o WHERE o.user_id = ${user_id} AND o.id = ${id} AND ${takesPart}`)

/** What stands last before a place, or last of all; never `id`. */
export const placeBefore = (db: CommonQueryMethods, { table, takesPart }: Ordered, { user_id, id, of }: Asked & { of: Place | null }) => db.maybeOne(sql.type(place)`
  SELECT o.id, o.position FROM ${table} o
  WHERE o.user_id = ${user_id} AND ${takesPart} AND o.id <> ${id} AND ${of ? sql.fragment`(o.position, o.id) < (${of.position}, ${of.id}::uuid)` : sql.fragment`true`}
  ORDER BY o.position DESC, o.id DESC LIMIT 1`)

/** What stands next behind a place, or first of all; never `id`. */
export const placesBehind = (db: CommonQueryMethods, { table, takesPart }: Ordered, { user_id, id, of, limit }: Asked & { of: Place | null, limit: number }) => db.any(sql.type(place)`
  SELECT o.id, o.position FROM ${table} o
  WHERE o.user_id = ${user_id} AND ${takesPart} AND o.id <> ${id} AND ${of ? sql.fragment`(o.position, o.id) > (${of.position}, ${of.id}::uuid)` : sql.fragment`true`}
  ORDER BY o.position, o.id LIMIT ${limit}`)

/** The key that something new would get now: before all that was new earlier. */
export const newestKey = (db: CommonQueryMethods) => db.oneFirst(sql.type(row(Type.Object({ key: Type.String() })))`SELECT tasks.newest_position(clock_timestamp()) AS key`)
