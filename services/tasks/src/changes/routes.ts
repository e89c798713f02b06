import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { ChangePage, ChangesSince, Id, Undone } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { taskNotFound } from '../../problems.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { idempotent } from './answers.ts'
import { listChangesSince, listHistory } from './queries.ts'
import { undoChange } from './undo-change.ts'

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 }))
const AccountPath = Type.Object({ user_id: Id })
const ChangePath = Type.Object({ user_id: Id, seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) })
const TaskPath = Type.Object({ user_id: Id, id: Id })
const SinceQuery = Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })), limit }, { additionalProperties: false })
const HistoryQuery = Type.Object({ limit, cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }, { additionalProperties: false })

const tags = ['changes']
const security = [{ accessToken: [] }]

/** The change log of one account; registered under its path, behind the guard. */
export async function changeRoutes (app: Service, { pool, cursors }: Deps): Promise<void> {
  app.get('/changes', {
    schema: { tags, security, summary: 'What was changed after a change, oldest first', params: AccountPath, querystring: SinceQuery, response: { 200: ChangesSince } },
  }, async ({ query: { since = 0, limit = 50 }, user: { sub: user_id } }) => {
    const found = await asUser(user_id, () => listChangesSince(pool, { user_id, since, limit: limit + 1 })) // one more tells whether there is more
    const items = found.slice(0, limit)
    return { items, since: items.at(-1)?.seq ?? since, has_more: found.length > limit }
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
