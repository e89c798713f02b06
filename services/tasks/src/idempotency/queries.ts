import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type SerializableValue, sql } from 'slonik'

const Kept = Type.Object({ answer: Type.Unknown(), is_same_request: Type.Boolean() })

/** What a write is known again by: whose it is, its key, its method and route. */
export interface KeyedRequest { user_id: string, key: string, operation: string, digest: Buffer }

/** The answer that was given under a key within a day, and whether it was to this very request. */
export const findAnswer = (db: CommonQueryMethods, { user_id, key, operation, digest }: KeyedRequest) => db.maybeOne(sql.prepared('find_answer', row(Kept))`
  SELECT answer, request_digest = ${sql.binary(digest)} AS is_same_request FROM tasks.idempotency_keys
  WHERE user_id = ${user_id} AND key = ${key} AND operation = ${operation} AND created_at > statement_timestamp() - interval '1 day'`)

/**
 * Keeps an answer, in the transaction of its write; gives nothing where another transaction has kept one meanwhile. A few that
 * are over a day old go along the way.
 */
export const keepAnswer = (db: CommonQueryMethods, { user_id, key, operation, digest }: KeyedRequest, answer: SerializableValue) => db.maybeOne(sql.prepared('keep_answer', row(Type.Object({ key: Type.String() })))`
  WITH dropped AS (
    DELETE FROM tasks.idempotency_keys WHERE user_id = ${user_id} AND (key, operation) IN (
      SELECT key, operation FROM tasks.idempotency_keys
      WHERE user_id = ${user_id} AND created_at < statement_timestamp() - interval '1 day' AND key <> ${key} ORDER BY created_at LIMIT 5)
  )
  INSERT INTO tasks.idempotency_keys (user_id, key, operation, request_digest, answer)
  VALUES (${user_id}, ${key}, ${operation}, ${sql.binary(digest)}, ${sql.jsonb(answer)})
  ON CONFLICT (user_id, key, operation) DO UPDATE SET
    request_digest = excluded.request_digest, answer = excluded.answer, created_at = excluded.created_at
  WHERE idempotency_keys.created_at <= statement_timestamp() - interval '1 day'
  RETURNING key`)
