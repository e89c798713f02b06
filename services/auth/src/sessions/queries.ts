import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { User } from '../../contracts.ts'
import { userColumns } from '../accounts/user-columns.ts'

export const StartedSession = Type.Object({
  ...User.properties,
  session_id: Type.String(),
  generation: Type.Integer(),
  authenticated_at: Type.String(),
})
const startedSession = row(StartedSession)
const nothing = row(Type.Object({}))

export interface NewSession {
  id: string
  sealed_token_key: string
  address: string
  user_agent: string | null
  idle_days: number
  absolute_days: number
}

/** The columns of a new session, its limits by the database's clock. */
export const insertSession = (session: NewSession) => sql.fragment`
  INSERT INTO auth.sessions (id, user_id, sealed_token_key, address, user_agent, idle_expires_at, absolute_expires_at)
  SELECT ${session.id}, u.id, ${session.sealed_token_key}, ${session.address}::inet, ${session.user_agent},
    now() + make_interval(days => ${session.idle_days}), now() + make_interval(days => ${session.absolute_days})
  FROM u
  RETURNING id AS session_id, generation, authenticated_at`

/**
 * Starts a session of the user whose password was verified, if it still is the password and the account still active: a
 * log-in that waited in the hashing queue cannot outlive a password change.
 */
export const startSession = (db: CommonQueryMethods, user: { id: string, password_hash: string }, session: NewSession) => db.maybeOne(sql.type(startedSession)`
  WITH u AS MATERIALIZED (
    SELECT id, email, display_name, role, email_verified_at, created_at
    FROM auth.users WHERE id = ${user.id} AND password_hash = ${user.password_hash} AND status = 'active' FOR SHARE
  ), s AS (${insertSession(session)})
  SELECT ${userColumns}, s.session_id, s.generation, s.authenticated_at FROM u, s`)

/** A session with all that a refresh is decided by, as the database's clock sees it. */
const RefreshableSession = Type.Object({
  ...StartedSession.properties,
  sealed_token_key: Type.String(),
  is_live: Type.Boolean(),
  is_within_grace: Type.Boolean(),
})
const refreshableSession = row(RefreshableSession)

const isLive = sql.fragment`s.ended_at IS NULL AND now() < s.idle_expires_at AND now() < s.absolute_expires_at AND u.status = 'active'`

/** `grace_seconds`: how long a generation still gets its successor once that is confirmed; without limit until then. */
export const findSession = (db: CommonQueryMethods, { id, grace_seconds: grace }: { id: string, grace_seconds: number }) => db.maybeOne(sql.type(refreshableSession)`
  SELECT ${userColumns}, s.id AS session_id, s.generation, s.authenticated_at, s.sealed_token_key,
    (${isLive}) AS is_live,
    (s.confirmed_at IS NULL OR now() < s.confirmed_at + make_interval(secs => ${grace})) AS is_within_grace
  FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
  WHERE s.id = ${id}`)

/** One compare-and-set: of any number of refreshes with one generation, one makes the next (SEC-41). */
export const rotateSession = (db: CommonQueryMethods, session: { id: string, generation: number, idle_days: number }) => db.maybeOne(sql.type(startedSession)`
  UPDATE auth.sessions s
  SET generation = s.generation + 1, confirmed_at = NULL, last_seen_at = now(),
    idle_expires_at = least(now() + make_interval(days => ${session.idle_days}), s.absolute_expires_at)
  FROM auth.users u
  WHERE s.id = ${session.id} AND s.generation = ${session.generation} AND u.id = s.user_id AND ${isLive}
  RETURNING ${userColumns}, s.id AS session_id, s.generation, s.authenticated_at`)

/** Ends a session, once: the first reason stays. */
export const endSession = (db: CommonQueryMethods, session: { id: string, reason: 'logged_out' | 'token_reused' }) => db.query(sql.type(nothing)`
  UPDATE auth.sessions SET ended_at = now(), ended_reason = ${session.reason} WHERE id = ${session.id} AND ended_at IS NULL`)

/**
 * The owner of a live session. An access token of its current generation has reached us, which confirms that the last
 * refresh's answer arrived.
 */
export const confirmSession = (db: CommonQueryMethods, session: { id: string, generation: number }) => db.maybeOne(sql.type(row(User))`
  WITH confirmed AS (
    UPDATE auth.sessions SET confirmed_at = now() WHERE id = ${session.id} AND generation = ${session.generation} AND confirmed_at IS NULL
  )
  SELECT ${userColumns} FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE s.id = ${session.id} AND ${isLive}`)
