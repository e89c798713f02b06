import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { ChangePage, ChangesSince, Id, Undone } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { taskNotFound } from '../../problems.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { idempotent } from './answers.ts'
import { awaitChanges, streamChanges } from '../live/stream-changes.ts'
import type { Waiter } from '../live/waiters.ts'
import { lastChange, listChangesSince, listHistory } from './queries.ts'
import { undoChange } from './undo-change.ts'

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 }))
const AccountPath = Type.Object({ user_id: Id })
const ChangePath = Type.Object({ user_id: Id, seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) })
const TaskPath = Type.Object({ user_id: Id, id: Id })
const since = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })
const SinceQuery = Type.Object({
  since: Type.Optional(since),
  limit,
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 25, default: 0, description: 'Seconds to wait for something where there is nothing yet' })),
}, { additionalProperties: false })
const ResumeHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ pattern: '^(0|[1-9]\\d{0,14})$', 'x-detail': 'must be the id of an event', description: 'The last event that arrived: go on behind it. Without one, from now on' })),
})
/** Server-Sent Events, of which OpenAPI can only say that they are text. */
const EventStream = { description: 'Events `change`, each with a change as its data and its number as its id; at the end an event `end` with the `reason`: expired, revoked or closing', content: { 'text/event-stream': { schema: Type.String() } } }
const HistoryQuery = Type.Object({ limit, cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }, { additionalProperties: false })

const tags = ['changes']
const security = [{ accessToken: [] }]

/** The change log of one account; registered under its path, behind the guard. */
export async function changeRoutes (app: Service, { pool, cursors, live, feed }: Deps): Promise<void> {
  /** Lets a request wait, until its connection is closed. */
  function enter ({ user }: FastifyRequest, { raw }: FastifyReply, seen: number): Waiter {
    const waiter = live.waiters.enter(user, seen)
    const leave = () => {
      waiter.end('gone')
      live.waiters.leave(waiter)
    }
    if (raw.destroyed) leave()
    else raw.once('close', leave)
    live.awaited()
    if (feed.isKnownRevoked(user)) waiter.end('revoked') // since it was looked at
    return waiter
  }

  app.get('/changes', {
    schema: { tags, security, summary: 'What was changed after a change, oldest first; waits for it where asked to', params: AccountPath, querystring: SinceQuery, response: { 200: ChangesSince } },
  }, async (request, reply) => {
    const { query: { since = 0, limit = 50, wait = 0 }, user: { sub: user_id } } = request
    const read = () => asUser(user_id, () => listChangesSince(pool, { user_id, since, limit: limit + 1 })) // one more tells whether there is more
    let found = await read()
    if (found.length === 0 && wait > 0) {
      const waiter = enter(request, reply, since)
      found = await awaitChanges(waiter, wait * 1000, read).finally(() => { live.waiters.leave(waiter) })
    }
    const items = found.slice(0, limit)
    return { items, since: items.at(-1)?.seq ?? since, has_more: found.length > limit }
  })

  app.get('/events', {
    schema: { tags, security, summary: 'What is changed from now on, or behind an event, as it happens (Server-Sent Events)', params: AccountPath, headers: ResumeHeaders, response: { 200: EventStream } },
  }, async (request, reply) => {
    const { user: { sub: user_id }, headers: { 'last-event-id': last } } = request
    const seen = last === undefined ? await asUser(user_id, () => lastChange(pool, { user_id })) : Number(last)
    const events = Readable.from(streamChanges({ pool, feed, waiter: enter(request, reply, seen) }), { objectMode: false, highWaterMark: 16_384 })
    events.once('error', (err) => { request.log.warn({ err }, 'a stream of changes broke off') })
    return await reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }).send(events as unknown as string) // the schema says what it is made of
  })

  app.get('/tasks/:id/history', {
    schema: { tags, security, summary: 'What was done to a task, newest first, also where it is deleted', params: TaskPath, querystring: HistoryQuery, response: { 200: ChangePage } },
  }, async ({ params: { id: object_id }, query: { limit = 50, cursor }, user: { sub: user_id } }) => {
    const query = [user_id, 'history', object_id]
    const before = cursor === undefined ? null : Number(cursors.read(cursor, query)[0])
    const found = await asUser(user_id, () => listHistory(pool, { user_id, object_id, before, limit: limit + 1 }))
    if (found.length === 0 && before === null) throw taskNotFound()
    return cursors.page(found, limit, ({ seq }) => [String(seq)], query)
  })

  app.post('/changes/:seq/undo', {
    schema: { tags, security, summary: 'Take back a change and those made together with it; done to an undo, it redoes', params: ChangePath, headers: idempotent, response: { 200: Undone } },
  }, async (request, reply) =>
    await answerOnce(pool, request, reply, async (db) => ({ status: 200, body: await undoChange(db, request, request.params.seq) }), { isOneStatement: false }))
}
