import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Id, List, ListPage, ListPatch, Move, NewList } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { listNotFound } from '../../problems.ts'
import { openAccount } from '../accounts/open-account.ts'
import { gone, idempotent, ok, unlessStale } from '../changes/answers.ts'
import { etagOf, isKnown } from '@daymark/kit/etag'
import { answerOnce } from '../idempotency/answer-once.ts'
import { findList, listLists } from './queries.ts'
import { createList, deleteList, moveList, writeList } from './write-list.ts'

const AccountPath = Type.Object({ user_id: Id })
const ListPath = Type.Object({ user_id: Id, id: Id })
const tags = ['lists']
const security = [{ accessToken: [] }]

/** Lists of one account; registered under its path, behind the guard. */
export async function listRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.get('', {
    schema: { tags, security, summary: 'The lists of an account', params: AccountPath, response: { 200: ListPage } },
  }, async ({ id, user: { sub: user_id } }) => {
    const read = () => asUser(user_id, () => listLists(pool, { user_id }))
    const lists = await read()
    if (lists.length > 0) return { items: [...lists], next_cursor: null }
    await openAccount(pool, user_id, id)
    return { items: [...await read()], next_cursor: null }
  })

  app.post('', {
    schema: { tags, security, summary: 'Make a list', params: AccountPath, headers: idempotent, body: NewList, response: { 201: List } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
    const { object, headers } = await createList(db, request, request.body)
    return { status: 201, headers: { ...headers, location: `/api/${object.user_id}/lists/${object.id}` }, body: object }
  }))

  app.get('/:id', {
    schema: { tags, security, summary: 'Read a list', params: ListPath, response: { 200: List, 304: Type.Null() } },
  }, async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
    const list = await asUser(user_id, () => findList(pool, { user_id, id }))
    if (!list) throw listNotFound()
    reply.header('etag', etagOf(list))
    if (isKnown(headers['if-none-match'], etagOf(list))) return reply.code(304).send(null)
    return list
  })

  app.patch('/:id', {
    schema: { tags, security, summary: 'Change some fields of a list (JSON merge patch)', params: ListPath, headers: unlessStale, body: ListPatch, response: { 200: List } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await writeList(db, request, request.params.id, request.body))))

  app.post('/:id/move', {
    schema: { tags, security, summary: 'Move a list to another place among the lists', params: ListPath, headers: unlessStale, body: Move, response: { 200: List } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await moveList(db, request, request.params.id, request.body)), { isOneStatement: false }))

  app.delete('/:id', {
    schema: { tags, security, summary: 'Delete a list, and move its tasks to the trash', params: ListPath, headers: unlessStale, response: { 204: Type.Null() } },
  }, async (request, reply) =>
    await answerOnce(pool, request, reply, async (db) => gone(await deleteList(db, request, request.params.id)), { isOneStatement: false }))
}
