import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { listNotFound } from '../../problems.ts'
import { openAccount } from '../accounts/open-account.ts'
import { gone, ok } from '../changes/answers.ts'
import { etagOf, isKnown } from '@daymark/kit/etag'
import { answerOnce } from '../idempotency/answer-once.ts'
import { findList, listLists } from './queries.ts'
import { createList, deleteList, moveList, writeList } from './write-list.ts'

/** Lists of one account; registered under its path, behind the guard. */
export async function listRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.route({
    ...operations.listLists,
    handler: async ({ id, user: { sub: user_id } }) => {
      const read = () => asUser(user_id, () => listLists(pool, { user_id }))
      const lists = await read()
      if (lists.length > 0) return { items: [...lists], next_cursor: null }
      await openAccount(pool, user_id, id)
      return { items: [...await read()], next_cursor: null }
    },
  })

  app.route({
    ...operations.createList,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const { id, json, headers } = await createList(db, request, request.body)
      return { status: 201, headers: { ...headers, location: `/api/${request.user.sub}/lists/${id}` }, json }
    }),
  })

  app.route({
    ...operations.readList,
    handler: async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
      const list = await asUser(user_id, () => findList(pool, { user_id, id }))
      if (!list) throw listNotFound()
      reply.header('etag', etagOf(list))
      if (isKnown(headers['if-none-match'], etagOf(list))) return reply.code(304).send(null)
      return list
    },
  })

  app.route({
    ...operations.patchList,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await writeList(db, request, request.params.id, request.body))),
  })

  app.route({
    ...operations.moveList,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await moveList(db, request, request.params.id, request.body)), { isOneStatement: false }),
  })

  app.route({
    ...operations.deleteList,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => gone(await deleteList(db, request, request.params.id)), { isOneStatement: false }),
  })
}
