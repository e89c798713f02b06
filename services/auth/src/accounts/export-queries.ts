import { row } from '@daymark/kit/row'
import { type CommonQueryMethods, sql } from 'slonik'
import { AccountExport } from '../../contracts.ts'

const { sessions, addresses, events } = AccountExport.properties

/** Every session there still is of a user, the oldest first. */
export const listExportedSessions = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.type(row(sessions.items))`
  SELECT id, host(address) AS address, user_agent, created_at, authenticated_at, last_seen_at,
    least(idle_expires_at, absolute_expires_at) AS expires_at, ended_at, ended_reason
  FROM auth.sessions WHERE user_id = ${user_id} ORDER BY id`)

/** The addresses that an open link of a user is about, other than the one they have. */
export const listExportedAddresses = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.type(row(addresses.items))`
  SELECT purpose, email, created_at, expires_at FROM auth.one_time_tokens
  WHERE user_id = ${user_id} AND purpose IN ('change_email', 'revert_email') AND expires_at > now() ORDER BY created_at`)

/** What happened to a user after an event, the oldest first; where from, as far as they did it themselves. */
export const listExportedEvents = (db: CommonQueryMethods, { user_id, after, limit }: { user_id: string, after: string | null, limit: number }) => db.any(sql.type(row(events.items))`
  SELECT e.id, e.occurred_at, e.action, e.outcome, e.actor_id IS NOT DISTINCT FROM e.user_id AS by_owner, e.session_id, e.details, o.address, o.user_agent
  FROM auth.audit_events e LEFT JOIN auth.audit_origins o ON o.event_id = e.id AND o.user_id = ${user_id}
  WHERE e.user_id = ${user_id} AND (${after}::uuid IS NULL OR e.id > ${after}::uuid)
  ORDER BY e.id LIMIT ${limit}`)
