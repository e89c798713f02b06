import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

/** Everything that is stored sealed: where it is. */
const places = {
  'signing key': { table: sql.fragment`auth.signing_keys`, column: sql.fragment`sealed_private_key`, id: sql.fragment`text` },
  session: { table: sql.fragment`auth.sessions`, column: sql.fragment`sealed_token_key`, id: sql.fragment`uuid` },
  mail: { table: sql.fragment`auth.outbox`, column: sql.fragment`sealed_message`, id: sql.fragment`uuid` },
} as const

export type Sealed = keyof typeof places

export interface SealedRow { id: string, sealed: string }

/** Some rows of a kind in the order of their ids, from behind `after`. */
export const listSealed = (db: CommonQueryMethods, kind: Sealed, { after, limit }: { after: string | undefined, limit: number }) => {
  const { table, column, id } = places[kind]
  const isBehind = after === undefined ? sql.fragment`true` : sql.fragment`id > ${after}::${id}`
  return db.any(sql.type(row(Type.Object({ id: Type.String(), sealed: Type.String() })))`
    SELECT id::text AS id, ${column} AS sealed FROM ${table} WHERE ${isBehind} ORDER BY ${table}.id LIMIT ${limit}`)
}

/**
 * Replaces what is still as it was read, and gives the ids. A row that someone else is just writing is left alone: whoever
 * never waits for a lock while holding others cannot be part of a deadlock.
 */
export const replaceSealed = (db: CommonQueryMethods, kind: Sealed, rows: ReadonlyArray<SealedRow & { resealed: string }>) => {
  const { table, column, id } = places[kind]
  return db.any(sql.type(row(Type.Object({ id: Type.String() })))`
    WITH chosen AS (
      SELECT t.id, n.resealed
      FROM ${table} t JOIN ${sql.unnest(rows.map((each) => [each.id, each.sealed, each.resealed]), ['text', 'text', 'text'])} AS n (id, sealed, resealed)
        ON t.id = n.id::${id} AND t.${column} = n.sealed
      FOR UPDATE OF t SKIP LOCKED
    )
    UPDATE ${table} t SET ${column} = chosen.resealed FROM chosen WHERE t.id = chosen.id RETURNING t.id::text AS id`)
}
