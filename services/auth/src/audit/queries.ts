import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { AuditEvent } from '../../contracts.ts'

const nothing = row(Type.Object({}))
const Nullable = Type.Union([Type.String(), Type.Null()])

/** An event as the chain covers it. */
export const SealedEvent = Type.Object({
  id: Type.String(),
  occurred_at: Type.String(),
  action: Type.String(),
  outcome: Type.String(),
  user_id: Nullable,
  actor_id: Nullable,
  session_id: Nullable,
  request_id: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
  origin_digest: Type.String({ description: 'hex' }),
})

const sealedColumns = sql.fragment`id, occurred_at, action, outcome, user_id, actor_id, session_id, request_id, details, encode(origin_digest, 'hex') AS origin_digest`

export interface NewEvent {
  id: string
  action: string
  outcome: string
  user_id: string | null
  actor_id: string | null
  session_id: string | null
  request_id: string
  details: Record<string, string | number | boolean>
  origin: { address: string, user_agent: string | null, salt: Buffer, digest: Buffer }
}

/**
 * Writes an event, where it came from, and that no batch holds it yet. The origin is personal to who did it and goes with
 * their account: there is none where that is gone by now.
 */
export const insertEvent = (db: CommonQueryMethods, { origin, ...event }: NewEvent) => {
  const whose = event.actor_id ?? event.user_id
  return db.query(sql.prepared('insert_event', nothing)`
  WITH event AS (
    INSERT INTO auth.audit_events (id, action, outcome, user_id, actor_id, session_id, request_id, details, origin_digest)
    VALUES (${event.id}, ${event.action}, ${event.outcome}, ${event.user_id}, ${event.actor_id}, ${event.session_id}, ${event.request_id},
      ${sql.jsonb(event.details)}, ${sql.binary(origin.digest)})
    RETURNING id
  ), owner AS (
    SELECT id FROM auth.users WHERE id = ${whose} FOR KEY SHARE
  ), origin AS (
    INSERT INTO auth.audit_origins (event_id, user_id, address, user_agent, salt)
    SELECT event.id, owner.id, ${origin.address}, ${origin.user_agent}, ${sql.binary(origin.salt)}
    FROM event LEFT JOIN owner ON true WHERE ${whose}::uuid IS NULL OR owner.id IS NOT NULL
  )
  INSERT INTO auth.audit_pending (event_id) SELECT id FROM event`)
}

/** Waits its turn: batches are chained one after the other, whichever instance makes them. Held to the end of the transaction. */
export const lockChain = (db: CommonQueryMethods) => db.query(sql.type(nothing)`SELECT pg_advisory_xact_lock(hashtext('auth.audit_batches'))`)

/** Takes events that no batch holds out of the queue, and gives them in the order of their ids. */
export const takePending = (db: CommonQueryMethods, { limit }: { limit: number }) => db.any(sql.type(row(SealedEvent))`
  WITH taken AS (
    DELETE FROM auth.audit_pending WHERE event_id IN (SELECT event_id FROM auth.audit_pending ORDER BY event_id LIMIT ${limit}) RETURNING event_id
  )
  SELECT ${sealedColumns} FROM taken JOIN auth.audit_events e ON e.id = taken.event_id ORDER BY id`)

const Batch = Type.Object({ number: Type.Integer(), event_ids: Type.Array(Type.String()), digest: Type.String(), mac: Type.String(), key_id: Type.String(), sealed_at: Type.String() })

/** The digest that the next batch goes on from; nothing before the first. */
export const findLastBatch = (db: CommonQueryMethods) => db.maybeOne(sql.type(row(Type.Pick(Batch, ['number', 'digest'])))`
  SELECT number, encode(digest, 'hex') AS digest FROM auth.audit_batches ORDER BY number DESC LIMIT 1`)

export interface NewBatch { number: number, event_ids: string[], digest: Buffer, mac: Buffer, key_id: string }

/** Adds a batch to the end of the chain. */
export const insertBatch = (db: CommonQueryMethods, batch: NewBatch) => db.query(sql.type(nothing)`
  INSERT INTO auth.audit_batches (number, event_ids, digest, mac, key_id)
  VALUES (${batch.number}, ${sql.array(batch.event_ids, 'uuid')}, ${sql.binary(batch.digest)}, ${sql.binary(batch.mac)}, ${batch.key_id})`)

/** Batches in order, a page at a time. */
export const listBatches = (db: CommonQueryMethods, { after, limit }: { after: number, limit: number }) => db.any(sql.type(row(Batch))`
  SELECT number, event_ids, encode(digest, 'hex') AS digest, encode(mac, 'hex') AS mac, key_id, sealed_at
  FROM auth.audit_batches WHERE number > ${after} ORDER BY number LIMIT ${limit}`)

const VerifiableEvent = Type.Object({ ...SealedEvent.properties, address: Nullable, user_agent: Nullable, salt: Nullable })

/** Events with their origins, as far as those are still there. */
export const listEvents = (db: CommonQueryMethods, { ids }: { ids: string[] }) => db.any(sql.type(row(VerifiableEvent))`
  SELECT e.id, e.occurred_at, e.action, e.outcome, e.user_id, e.actor_id, e.session_id, e.request_id, e.details,
    encode(e.origin_digest, 'hex') AS origin_digest, o.address, o.user_agent, encode(o.salt, 'hex') AS salt
  FROM auth.audit_events e LEFT JOIN auth.audit_origins o ON o.event_id = e.id
  WHERE e.id = ANY (${sql.array(ids, 'uuid')}) ORDER BY e.id`)

/** How many events there are in all, and how many of them wait for a batch. */
export const countEvents = (db: CommonQueryMethods) => db.one(sql.type(row(Type.Object({ events: Type.Integer(), pending: Type.Integer() })))`
  SELECT (SELECT count(*) FROM auth.audit_events) AS events, (SELECT count(*) FROM auth.audit_pending) AS pending`)

const ListedEvent = Type.Object({ ...Type.Omit(AuditEvent, ['device']).properties, user_agent: Nullable })

export interface EventFilter {
  user_id: string | null
  actor_id: string | null
  action: string | null
  outcome: 'success' | 'failure' | null
  since: Date | null
  until: Date | null
  after: string | null
  limit: number
}

const ofOutcome = { success: sql.fragment`e.outcome = 'success'`, failure: sql.fragment`e.outcome = 'failure'` }
const any = sql.fragment`true`
/** The clocks of the services, which make the ids, and of the database, which tells the time, may differ by this much. */
const slack = 3_600_000

/** What happened, newest first, which is the order of the ids, from behind a place in it. */
export const findEvents = (db: CommonQueryMethods, { user_id, actor_id, action, outcome, since, until, after, limit }: EventFilter) => db.any(sql.type(row(ListedEvent))`
  SELECT e.id, e.occurred_at, e.action, e.outcome, e.user_id, u.email AS user_email, e.actor_id, a.email AS actor_email, e.session_id, e.request_id, e.details,
    nullif(o.address, '') AS address, o.user_agent
  FROM auth.audit_events e
  LEFT JOIN auth.audit_origins o ON o.event_id = e.id LEFT JOIN auth.users u ON u.id = e.user_id LEFT JOIN auth.users a ON a.id = e.actor_id
  WHERE ${user_id === null ? any : sql.fragment`e.user_id = ${user_id}::uuid`}
    AND ${actor_id === null ? any : sql.fragment`e.actor_id = ${actor_id}::uuid`}
    AND ${action === null ? any : sql.fragment`e.action = ${action}`}
    AND ${outcome ? ofOutcome[outcome] : any}
    AND ${since ? sql.fragment`e.occurred_at >= ${since.toISOString()}::timestamptz AND e.id >= ${firstIdAt(since.getTime() - slack)}::uuid` : any}
    AND ${until ? sql.fragment`e.occurred_at < ${until.toISOString()}::timestamptz AND e.id < ${firstIdAt(until.getTime() + slack)}::uuid` : any}
    AND ${after === null ? any : sql.fragment`e.id < ${after}::uuid`}
  ORDER BY e.id DESC
  LIMIT ${limit}`)

/** No UUIDv7 of that instant or later is smaller (RFC 9562 section 5.7). */
function firstIdAt (milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
