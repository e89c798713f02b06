import { row } from '@daymark/kit/row'
import { type Static, Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { PublicJwk, SigningKey } from '../../contracts.ts'
import { announceRevoked } from '../revocations/queries.ts'

const StoredKey = Type.Object({ ...SigningKey.properties, public_jwk: PublicJwk, sealed_private_key: Type.String(), is_due: Type.Boolean() })
export type StoredKey = Static<typeof StoredKey>

/** How long a key stays in each state. */
export interface KeyTimes { next_seconds: number, active_seconds: number, retired_seconds: number }

const nothing = row(Type.Object({}))

/** Every key, in the order they were made, with what the database's clock says of its next change of state. */
export const listSigningKeys = (db: CommonQueryMethods, times: KeyTimes) => db.any(sql.type(row(StoredKey))`
  SELECT id AS kid, public_jwk, sealed_private_key, state, created_at, state_since, due_at, due_at <= clock_timestamp() AS is_due
  FROM auth.signing_keys, LATERAL (SELECT state_since + make_interval(secs => CASE state
    WHEN 'next' THEN ${times.next_seconds}::integer WHEN 'active' THEN ${times.active_seconds}::integer ELSE ${times.retired_seconds}::integer END) AS due_at) AS due
  ORDER BY created_at, id`)

/** Lets one transaction at a time change the keys; whoever reads them does not wait. */
export const lockSigningKeys = (db: CommonQueryMethods) => db.query(sql.type(nothing)`LOCK TABLE auth.signing_keys IN SHARE ROW EXCLUSIVE MODE`)

export interface NewKey { kid: string, public_jwk: object, sealed_private_key: string, state: 'next' | 'active' }

export const insertSigningKey = (db: CommonQueryMethods, key: NewKey) => db.query(sql.type(nothing)`
  INSERT INTO auth.signing_keys (id, public_jwk, sealed_private_key, state)
  VALUES (${key.kid}, ${sql.jsonb({ ...key.public_jwk })}, ${key.sealed_private_key}, ${key.state})`)

export const setKeyState = (db: CommonQueryMethods, { kid, state }: { kid: string, state: 'active' | 'retired' }) => db.query(sql.type(nothing)`
  UPDATE auth.signing_keys SET state = ${state}, state_since = clock_timestamp() WHERE id = ${kid}`)

/** Gives the key's id, where there was one. */
export const deleteSigningKey = (db: CommonQueryMethods, { kid }: { kid: string }) => db.maybeOne(sql.type(row(Type.Object({ kid: Type.String() })))`
  DELETE FROM auth.signing_keys WHERE id = ${kid} RETURNING id AS kid`)

/** Makes every verifier refuse a key's tokens; last in its transaction. */
export const announceWithdrawn = (db: CommonQueryMethods, { kid }: { kid: string }) => db.query(sql.type(nothing)`
  WITH revoked AS (SELECT 'key' AS kind, ${kid}::text AS subject)${announceRevoked()} SELECT`)
