import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { taskNotFound } from '../../problems.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { awaitChanges, closeInTime, streamChanges } from '../live/stream-changes.ts'
import type { Waiter } from '../live/waiters.ts'
import { lastChange, listChangesSince, listHistory } from './queries.ts'
import { undoChange } from './undo-change.ts'
import { numbered } from './written.ts'

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

  app.route({
    ...operations.listChanges,
    handler: async (request, reply) => {
      const { query: { since = 0, limit = 50, wait = 0 }, user: { sub: user_id } } = request
      const read = () => asUser(user_id, () => listChangesSince(pool, { user_id, since, limit: limit + 1 })) // one more tells whether there is more
      let found = await read()
      if (found.length === 0 && wait > 0) {
        const waiter = enter(request, reply, since)
        found = await awaitChanges(waiter, wait * 1000, read).finally(() => { live.waiters.leave(waiter) })
      }
      const items = found.slice(0, limit)
      return { items, since: items.at(-1)?.seq ?? since, has_more: found.length > limit }
    },
  })

  app.route({
    ...operations.streamChanges,
    handler: async (request, reply) => {
      const { user: { sub: user_id }, headers: { 'last-event-id': last } } = request
      const seen = last === undefined ? await asUser(user_id, () => lastChange(pool, { user_id })) : Number(last)
      const waiter = enter(request, reply, seen)
      closeInTime(waiter, reply.raw)
      const events = Readable.from(streamChanges({ pool, feed, waiter }), { objectMode: false, highWaterMark: 16_384 })
      events.once('error', (err) => { request.log.warn({ err }, 'a stream of changes broke off') })
      return await reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }).send(events as unknown as string) // the schema says what it is made of
    },
  })

  app.route({
    ...operations.listHistory,
    handler: async ({ params: { id: object_id }, query: { limit = 50, cursor }, user: { sub: user_id } }) => {
      const query = [user_id, 'history', object_id]
      const before = cursor === undefined ? null : Number(cursors.read(cursor, query)[0])
      const found = await asUser(user_id, () => listHistory(pool, { user_id, object_id, before, limit: limit + 1 }))
      if (found.length === 0 && before === null) throw taskNotFound()
      return cursors.page(found, limit, ({ seq }) => [String(seq)], query)
    },
  })

  app.route({
    ...operations.undoChange,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const body = await undoChange(db, request, request.params.seq)
      return { status: 200, headers: numbered(body.change_seq), body }
    }, { isOneStatement: false }),
  })
}
