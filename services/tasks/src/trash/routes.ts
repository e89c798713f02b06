import { etagOf } from '@daymark/kit/etag'
import { pageText, sendText } from '@daymark/kit/json-text'
import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { taskNotFound } from '../../problems.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { pageOfTrash } from './list-trash.ts'
import { emptyTrash, purgeTask } from './purge.ts'
import { findTrashed } from './queries.ts'

/** The trash of one account; registered under its path, behind the guard. */
export async function trashRoutes (app: Service, { pool, cursors, trash }: Deps): Promise<void> {
  app.route({
    ...operations.listTrash,
    onResponse: async (request) => { trash.look(request) },
    handler: async ({ query, headers, user: { sub: user_id } }, reply) => {
      const { page, etag } = await pageOfTrash(pool, cursors, user_id, query, trash.days, headers['if-none-match'])
      reply.header('etag', etag)
      return page ? sendText(reply, pageText(page.items, { ...page.rest, keep_days: trash.days })) : reply.code(304).send(null)
    },
  })

  app.route({
    ...operations.readTrashed,
    handler: async ({ params: { id }, user: { sub: user_id } }, reply) => {
      const task = await asUser(user_id, () => findTrashed(pool, { user_id, id }))
      if (!task) throw taskNotFound()
      reply.header('etag', etagOf(task))
      return task
    },
  })

  app.route({
    ...operations.emptyTrash,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const { purged, seq } = await emptyTrash(db, request, request.query.until)
      return { status: 200, headers: numbered(seq), body: { purged } }
    }, { isOneStatement: false }),
  })

  app.route({
    ...operations.purgeTask,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) =>
      ({ status: 204, headers: numbered(await purgeTask(db, request, request.params.id)), body: null }), { isOneStatement: false }),
  })
}
