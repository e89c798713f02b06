import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { labelNotFound } from '../../problems.ts'
import { gone, ok } from '../changes/answers.ts'
import { etagOf, isKnown } from '@daymark/kit/etag'
import { answerOnce } from '../idempotency/answer-once.ts'
import { findLabel, listLabels } from './queries.ts'
import { createLabel, deleteLabel, writeLabel } from './write-label.ts'

/** Labels of one account; registered under its path, behind the guard. */
export async function labelRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.route({
    ...operations.listLabels,
    handler: async ({ user: { sub: user_id } }) => ({ items: [...await asUser(user_id, () => listLabels(pool, { user_id }))], next_cursor: null }),
  })

  app.route({
    ...operations.createLabel,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const { id, json, headers } = await createLabel(db, request, request.body)
      return { status: 201, headers: { ...headers, location: `/api/${request.user.sub}/labels/${id}` }, json }
    }),
  })

  app.route({
    ...operations.readLabel,
    handler: async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
      const label = await asUser(user_id, () => findLabel(pool, { user_id, id }))
      if (!label) throw labelNotFound()
      reply.header('etag', etagOf(label))
      if (isKnown(headers['if-none-match'], etagOf(label))) return reply.code(304).send(null)
      return label
    },
  })

  app.route({
    ...operations.patchLabel,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await writeLabel(db, request, request.params.id, request.body))),
  })

  app.route({
    ...operations.deleteLabel,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => gone(await deleteLabel(db, request, request.params.id)), { isOneStatement: false }),
  })
}
