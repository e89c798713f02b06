import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Id, Label, LabelPage, LabelPatch, NewLabel } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { labelNotFound } from '../../problems.ts'
import { gone, idempotent, ok, unlessStale } from '../changes/answers.ts'
import { etagOf, isKnown } from '@daymark/kit/etag'
import { answerOnce } from '../idempotency/answer-once.ts'
import { findLabel, listLabels } from './queries.ts'
import { createLabel, deleteLabel, writeLabel } from './write-label.ts'

const AccountPath = Type.Object({ user_id: Id })
const LabelPath = Type.Object({ user_id: Id, id: Id })
const tags = ['labels']
const security = [{ accessToken: [] }]

/** Labels of one account; registered under its path, behind the guard. */
export async function labelRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.get('', {
    schema: { tags, security, summary: 'The labels of an account, by name', params: AccountPath, response: { 200: LabelPage } },
  }, async ({ user: { sub: user_id } }) => ({ items: [...await asUser(user_id, () => listLabels(pool, { user_id }))], next_cursor: null }))

  app.post('', {
    schema: { tags, security, summary: 'Make a label', params: AccountPath, headers: idempotent, body: NewLabel, response: { 201: Label } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
    const { object, headers } = await createLabel(db, request, request.body)
    return { status: 201, headers: { ...headers, location: `/api/${object.user_id}/labels/${object.id}` }, body: object }
  }))

  app.get('/:id', {
    schema: { tags, security, summary: 'Read a label', params: LabelPath, response: { 200: Label, 304: Type.Null() } },
  }, async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
    const label = await asUser(user_id, () => findLabel(pool, { user_id, id }))
    if (!label) throw labelNotFound()
    reply.header('etag', etagOf(label))
    if (isKnown(headers['if-none-match'], etagOf(label))) return reply.code(304).send(null)
    return label
  })

  app.patch('/:id', {
    schema: { tags, security, summary: 'Change some fields of a label (JSON merge patch)', params: LabelPath, headers: unlessStale, body: LabelPatch, response: { 200: Label } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await writeLabel(db, request, request.params.id, request.body))))

  app.delete('/:id', {
    schema: { tags, security, summary: 'Delete a label, and take it off its tasks', params: LabelPath, headers: unlessStale, response: { 204: Type.Null() } },
  }, async (request, reply) =>
    await answerOnce(pool, request, reply, async (db) => gone(await deleteLabel(db, request, request.params.id)), { isOneStatement: false }))
}
