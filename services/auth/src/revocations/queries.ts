import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'

export const Revocation = Type.Object({
  position: Type.Integer(),
  kind: Type.Union([Type.Literal('session'), Type.Literal('user'), Type.Literal('user_enabled'), Type.Literal('key')]),
  subject: Type.String(),
  revoked_at: Type.String({ format: 'date-time' }),
}, { additionalProperties: false })

const FeedState = Type.Object({ epoch: Type.String(), position: Type.Integer() })
const nothing = row(Type.Object({}))

/**
 * Makes public, as the last part of the statement that revokes, what its CTE `revoked (kind, subject)` holds. Nothing
 * revoked takes no position.
 */
export const announceRevoked = (): FragmentSqlToken => sql.fragment`
  , numbered AS (
    SELECT kind, subject, row_number() OVER () AS number, count(*) OVER () AS total FROM revoked
  ), feed AS (
    UPDATE auth.revocation_feed SET position = position + (SELECT count(*) FROM revoked) WHERE EXISTS (SELECT FROM revoked) RETURNING position
  ), announced AS (
    INSERT INTO auth.revocations (position, kind, subject)
    SELECT feed.position - numbered.total + numbered.number, numbered.kind, numbered.subject FROM feed, numbered
  )`

/** Makes known that a user may come in again: tokens from now on are theirs. The last statement of its transaction. */
export const announceEnabled = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.query(sql.type(nothing)`
  WITH revoked AS (SELECT 'user_enabled' AS kind, ${user_id} AS subject)${announceRevoked()} SELECT`)

/** Makes public that a user is gone. */
export const announceUser = (db: CommonQueryMethods, { id }: { id: string }) => db.query(sql.type(nothing)`
  WITH revoked AS (SELECT 'user' AS kind, ${id}::text AS subject)${announceRevoked()}
  SELECT`)

/** Where the feed stands. */
export const getFeedState = (db: CommonQueryMethods) => db.one(sql.type(row(FeedState))`SELECT epoch, position FROM auth.revocation_feed`)

/** What was revoked after a position, in the order of the commits. */
export const listRevocations = (db: CommonQueryMethods, { since }: { since: number }) => db.any(sql.type(row(Revocation))`
  SELECT position, kind, subject, revoked_at FROM auth.revocations WHERE position > ${since} ORDER BY position`)

/**
 * Forgets what no token can be alive for any more. A withdrawn key is told of for longer than a verifier may trust one
 * without asking (24 hours): whoever stole it can date tokens as they like, and a reader that slept must still hear of it.
 */
export const deleteRevocations = (db: CommonQueryMethods, { older_than_seconds: seconds }: { older_than_seconds: number }) => db.query(sql.type(nothing)`
  DELETE FROM auth.revocations
  WHERE revoked_at < now() - CASE kind WHEN 'key' THEN interval '25 hours' ELSE make_interval(secs => ${seconds}) END`)
