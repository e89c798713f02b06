import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'
import { Account, Session, User } from '../../contracts.ts'
import { accountColumns, userColumns } from '../accounts/user-columns.ts'
import { announceRevoked } from '../revocations/queries.ts'

export const StartedSession = Type.Object({
  ...User.properties,
  session_id: Type.String(),
  generation: Type.Integer(),
  authenticated_at: Type.String(),
  seconds_left: Type.Integer({ description: 'Until the absolute end of the session' }),
})
const startedSession = row(StartedSession)
const { device: _, ...storedProperties } = Session.properties
const StoredSession = Type.Object({ ...storedProperties, user_agent: Type.Union([Type.String(), Type.Null()]) })

export interface SessionLimits { idle_days: number, absolute_days: number, admin_idle_minutes: number, admin_hours: number }

export interface NewSession extends SessionLimits {
  id: string
  sealed_token_key: string
  address: string
  user_agent: string | null
}

/** How long a session of the user `u` lasts unused, and in all. */
const idleLimit = ({ idle_days: days, admin_idle_minutes: minutes }: SessionLimits) => sql.fragment`
  CASE u.role WHEN 'admin' THEN make_interval(mins => ${minutes}) ELSE make_interval(days => ${days}) END`
const absoluteLimit = ({ absolute_days: days, admin_hours: hours }: SessionLimits) => sql.fragment`
  CASE u.role WHEN 'admin' THEN make_interval(hours => ${hours}) ELSE make_interval(days => ${days}) END`

/** No token outlives its session. */
export const secondsLeft = sql.fragment`greatest(0, floor(extract(epoch FROM s.absolute_expires_at - now())))::integer AS seconds_left`

/** The columns of a new session, its limits by the database's clock. */
export const insertSession = (session: NewSession) => sql.fragment`
  INSERT INTO auth.sessions (id, user_id, sealed_token_key, address, user_agent, idle_expires_at, absolute_expires_at)
  SELECT ${session.id}, u.id, ${session.sealed_token_key}, ${session.address}::inet, ${session.user_agent},
    now() + least(${idleLimit(session)}, ${absoluteLimit(session)}), now() + ${absoluteLimit(session)}
  FROM u
  RETURNING id AS session_id, generation, authenticated_at, absolute_expires_at`

const NewlyStarted = Type.Object({ ...StartedSession.properties, other_sessions: Type.Integer({ description: 'That had not been ended when the statement began' }) })

/**
 * Starts a session of the user whose password was verified, if it still is the password and the account still active: a
 * log-in that waited in the hashing queue cannot outlive a password change. Log-ins of one user queue here, so that each
 * sees the sessions before it. A few sessions long over are dropped along the way.
 */
export const startSession = (db: CommonQueryMethods, user: { id: string, password_hash: string }, session: NewSession) => db.maybeOne(sql.prepared('start_session', row(NewlyStarted))`
  WITH dropped AS (
    DELETE FROM auth.sessions WHERE id IN (
      SELECT id FROM auth.sessions WHERE absolute_expires_at < now() - interval '7 days' LIMIT 5 FOR UPDATE SKIP LOCKED)
  ), u AS MATERIALIZED (
    SELECT id, email, display_name, role, email_verified_at, created_at
    FROM auth.users WHERE id = ${user.id} AND password_hash = ${user.password_hash} AND status = 'active' FOR NO KEY UPDATE
  ), s AS (${insertSession(session)})
  SELECT ${userColumns}, s.session_id, s.generation, s.authenticated_at, ${secondsLeft},
    (SELECT count(*) FROM auth.sessions o WHERE o.user_id = u.id AND o.ended_at IS NULL)::integer AS other_sessions
  FROM u, s`)

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
export const findSession = (db: CommonQueryMethods, { id, grace_seconds: grace }: { id: string, grace_seconds: number }) => db.maybeOne(sql.prepared('find_session', refreshableSession)`
  SELECT ${userColumns}, s.id AS session_id, s.generation, s.authenticated_at, ${secondsLeft}, s.sealed_token_key,
    (${isLive}) AS is_live,
    (s.confirmed_at IS NULL OR now() < s.confirmed_at + make_interval(secs => ${grace})) AS is_within_grace
  FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
  WHERE s.id = ${id}`)

/** One compare-and-set: of any number of refreshes with one generation, one makes the next (SEC-41). */
export const rotateSession = (db: CommonQueryMethods, session: { id: string, generation: number } & SessionLimits) => db.maybeOne(sql.prepared('rotate_session', startedSession)`
  UPDATE auth.sessions s
  SET generation = s.generation + 1, confirmed_at = NULL, last_seen_at = now(),
    idle_expires_at = least(now() + ${idleLimit(session)}, s.absolute_expires_at)
  FROM auth.users u
  WHERE s.id = ${session.id} AND s.generation = ${session.generation} AND u.id = s.user_id AND ${isLive}
  RETURNING ${userColumns}, s.id AS session_id, s.generation, s.authenticated_at, ${secondsLeft}`)

/**
 * Notes that the owner has named the password once more, if it still is the one that was verified, and gives the session
 * another key: no refresh token of before is honoured (SEC-39).
 */
export const stepUpSession = (db: CommonQueryMethods, { id, user_id, ...verified }: { id: string, user_id: string, password_hash: string, sealed_token_key: string } & SessionLimits) => db.maybeOne(sql.type(startedSession)`
  WITH u AS MATERIALIZED (
    SELECT id, email, display_name, role, email_verified_at, created_at, status
    FROM auth.users WHERE id = ${user_id} AND password_hash = ${verified.password_hash} FOR SHARE
  )
  UPDATE auth.sessions s
  SET sealed_token_key = ${verified.sealed_token_key}, generation = s.generation + 1, confirmed_at = NULL, authenticated_at = now(), last_seen_at = now(),
    idle_expires_at = least(now() + ${idleLimit(verified)}, s.absolute_expires_at)
  FROM u
  WHERE s.id = ${id} AND u.id = s.user_id AND ${isLive}
  RETURNING ${userColumns}, s.id AS session_id, s.generation, s.authenticated_at, ${secondsLeft}`)

export type EndedReason = 'logged_out' | 'token_reused' | 'ended_by_owner' | 'password_changed' | 'too_many' | 'role_changed' | 'account_disabled' | 'ended_by_admin' | 'email_changed'

/** Which of a user's sessions: one, or all but one. Another user's are never among them. */
const chosen = {
  one: (id: string) => sql.fragment`id = ${id}`,
  allBut: (id: string) => sql.fragment`id <> ${id}`,
}

/**
 * Ends sessions, each once (the first reason stays), and makes that known to every verifier of their tokens, together with
 * what else is revoked.
 */
const end = (which: FragmentSqlToken, reason: EndedReason, more = sql.fragment``) => sql.type(row(Type.Object({ id: Type.String() })))`
  WITH ended AS (
    UPDATE auth.sessions SET ended_at = now(), ended_reason = ${reason} WHERE ${which} AND ended_at IS NULL RETURNING id
  ), revoked AS (
    SELECT 'session' AS kind, id::text AS subject FROM ended ${more}
  )${announceRevoked()}
  SELECT id FROM ended`

/** Ends one session, whosesoever: what proves the right to is a token of its own. */
export const endSession = (db: CommonQueryMethods, session: { id: string, reason: EndedReason }) => db.any(end(chosen.one(session.id), session.reason))

/** Ends one session of a user. Gives its id, where it was theirs and alive. */
export const endOwnSession = (db: CommonQueryMethods, { user_id, id }: { user_id: string, id: string }) =>
  db.maybeOne(end(sql.fragment`${chosen.one(id)} AND user_id = ${user_id}`, 'ended_by_owner'))

/** Ends every session of a user but one. Gives their ids. */
export const endOtherSessions = (db: CommonQueryMethods, { user_id, id }: { user_id: string, id: string }) =>
  db.any(end(sql.fragment`${chosen.allBut(id)} AND user_id = ${user_id}`, 'ended_by_owner'))

/** Ends the sessions of a user whose password or address has changed: all of them, or all but the one that changed it. */
export const endSessionsOfUser = (db: CommonQueryMethods, { user_id, reason, but }: { user_id: string, reason: 'password_changed' | 'email_changed', but?: string }) =>
  db.any(end(sql.fragment`${but === undefined ? sql.fragment`true` : chosen.allBut(but)} AND user_id = ${user_id}`, reason))

/** Ends every session of a user. Gives their ids. */
export const endAllSessions = (db: CommonQueryMethods, { user_id, reason }: { user_id: string, reason: 'role_changed' | 'ended_by_admin' }) =>
  db.any(end(sql.fragment`user_id = ${user_id}`, reason))

/**
 * Ends every session of a user who is disabled, and revokes the user. Each session as well: its tokens must stay refused
 * when the account is enabled before they expire. Gives the ids.
 */
export const endSessionsOfDisabled = (db: CommonQueryMethods, { user_id }: { user_id: string }) =>
  db.any(end(sql.fragment`user_id = ${user_id}`, 'account_disabled', sql.fragment`UNION ALL SELECT 'user', ${user_id}`))

/** Ends what a user has beyond `keep` live sessions, the longest unused first. Gives their ids. */
export const endOldestSessions = (db: CommonQueryMethods, { user_id, keep }: { user_id: string, keep: number }) =>
  db.any(end(sql.fragment`id IN (
    SELECT s.id FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE s.user_id = ${user_id} AND ${isLive}
    ORDER BY s.last_seen_at DESC, s.id DESC OFFSET ${keep})`, 'too_many'))

/** Whether a session is alive; it then stays so until the transaction is over, as whoever ends it has to wait. */
export const holdLiveSession = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(row(Type.Object({ id: Type.String() })))`
  SELECT s.id FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE s.id = ${id} AND ${isLive} FOR SHARE OF s`)

/** The sessions of a user that are alive, the last used first. */
export const listSessions = (db: CommonQueryMethods, { user_id, current }: { user_id: string, current: string }) => db.any(sql.type(row(StoredSession))`
  SELECT s.id, s.id = ${current}::uuid AS is_current, host(s.address) AS address, s.user_agent, s.created_at, s.last_seen_at,
    least(s.idle_expires_at, s.absolute_expires_at) AS expires_at
  FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
  WHERE s.user_id = ${user_id} AND ${isLive}
  ORDER BY s.last_seen_at DESC, s.id`)

const recentMinutes = 10
const Presented = Type.Object({ ...Account.properties, is_log_in_recent: Type.Boolean() })

/**
 * The owner of a live session. An access token of its current generation has reached us, which confirms that the last
 * refresh's answer arrived. The log-in is recent where the token was issued for the last one (`auth_time`, RFC 9068
 * section 2.2.1) and that was at most ten minutes ago: a token from before a step-up gains nothing by it.
 */
export const confirmSession = (db: CommonQueryMethods, session: { id: string, generation: number, auth_time: number }) => db.maybeOne(sql.prepared('confirm_session', row(Presented))`
  WITH confirmed AS (
    UPDATE auth.sessions SET confirmed_at = now() WHERE id = ${session.id} AND generation = ${session.generation} AND confirmed_at IS NULL
  )
  SELECT ${accountColumns},
    s.authenticated_at >= now() - make_interval(mins => ${recentMinutes}) AND floor(extract(epoch FROM s.authenticated_at)) = ${session.auth_time} AS is_log_in_recent
  FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id WHERE s.id = ${session.id} AND ${isLive}`)
