import { etagOf } from '@daymark/kit/etag'
import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { EmptyingQuery, Id, Purged, TrashedTask, TrashPage, TrashQuery } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { taskNotFound } from '../../problems.ts'
import { idempotent, unlessStale } from '../changes/answers.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { pageOfTrash } from './list-trash.ts'
import { emptyTrash, purgeTask } from './purge.ts'
import { findTrashed } from './queries.ts'

const AccountPath = Type.Object({ user_id: Id })
const TaskPath = Type.Object({ user_id: Id, id: Id })

const tags = ['tasks']
const security = [{ accessToken: [] }]

/** The trash of one account; registered under its path, behind the guard. */
export async function trashRoutes (app: Service, { pool, cursors, trash }: Deps): Promise<void> {
  app.get('', {
    schema: { tags, security, summary: 'List the tasks in the trash, the last deleted first', params: AccountPath, querystring: TrashQuery, response: { 200: TrashPage, 304: Type.Null() } },
    onResponse: async (request) => { trash.look(request) },
  }, async ({ query, headers, user: { sub: user_id } }, reply) => {
    const { page, etag } = await pageOfTrash(pool, cursors, user_id, query, trash.days, headers['if-none-match'])
    reply.header('etag', etag)
    return page ?? reply.code(304).send(null)
  })

  app.get('/:id', {
    schema: { tags, security, summary: 'Read a task that is in the trash', params: TaskPath, response: { 200: TrashedTask } },
  }, async ({ params: { id }, user: { sub: user_id } }, reply) => {
    const task = await asUser(user_id, () => findTrashed(pool, { user_id, id }))
    if (!task) throw taskNotFound()
    reply.header('etag', etagOf(task))
    return task
  })

  app.delete('', {
    schema: { tags, security, summary: 'Empty the trash: what is in it is gone for good', params: AccountPath, querystring: EmptyingQuery, headers: idempotent, response: { 200: Purged } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
    const { purged, seq } = await emptyTrash(db, request, request.query.until)
    return { status: 200, headers: numbered(seq), body: { purged } }
  }, { isOneStatement: false }))

  app.delete('/:id', {
    schema: { tags, security, summary: 'Delete a task that is in the trash for good, with its subtasks there', params: TaskPath, headers: unlessStale, response: { 204: Type.Null() } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) =>
    ({ status: 204, headers: numbered(await purgeTask(db, request, request.params.id)), body: null })))
}
