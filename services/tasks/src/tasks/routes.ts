import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { BulkChange, BulkResult, Completion, Id, Move, NewTask, Task, TaskPage, TaskPatch, TaskQuery, TaskReplacement } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { taskNotFound } from '../../problems.ts'
import { etagOf, isKnown } from '@daymark/kit/etag'
import { gone, idempotent, ok, unlessStale } from '../changes/answers.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { pageOfTasks } from './list-tasks.ts'
import { changeMany } from './change-many.ts'
import { findTask } from './queries.ts'
import { completeTask, createTask, moveTask, restoreTask, trashTask, writeTask } from './write-task.ts'

const AccountPath = Type.Object({ user_id: Id })
const TaskPath = Type.Object({ user_id: Id, id: Id })

const tags = ['tasks']
const security = [{ accessToken: [] }]

const { $id: _, ...completion } = Completion
/** As one schema, so that what is wrong with a body is told field by field. */
const OptionalCompletion = Type.Unsafe<Completion | null>({ ...completion, type: ['object', 'null'] })

/** Tasks of one account; registered under its path, behind the guard. */
export async function taskRoutes (app: Service, { pool, cursors }: Deps): Promise<void> {
  app.get('', {
    schema: { tags, security, summary: 'List tasks, filtered and sorted', params: AccountPath, querystring: TaskQuery, response: { 200: TaskPage, 304: Type.Null() } },
  }, async ({ query, headers, user: { sub: user_id } }, reply) => {
    const { page, etag } = await pageOfTasks(pool, cursors, user_id, query, headers['if-none-match'])
    reply.header('etag', etag)
    return page ?? reply.code(304).send(null)
  })

  app.post('', {
    schema: { tags, security, summary: 'Create a task', params: AccountPath, headers: idempotent, body: NewTask, response: { 201: Task } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
    const { object, headers } = await createTask(db, request, request.body)
    return { status: 201, headers: { ...headers, location: `/api/${object.user_id}/tasks/${object.id}` }, body: object }
  }))

  app.post('/bulk', {
    schema: { tags, security, summary: 'Change up to 1,000 tasks at once, as one change to take back', params: AccountPath, headers: idempotent, body: BulkChange, response: { 200: BulkResult } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
    const body = await changeMany(db, request, request.body)
    return { status: 200, headers: numbered(body.change_seq), body }
  }, { isOneStatement: false }))

  app.get('/:id', {
    schema: { tags, security, summary: 'Read a task', params: TaskPath, response: { 200: Task, 304: Type.Null() } },
  }, async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
    const task = await asUser(user_id, () => findTask(pool, { user_id, id }))
    if (!task) throw taskNotFound()
    reply.header('etag', etagOf(task))
    if (isKnown(headers['if-none-match'], etagOf(task))) return reply.code(304).send(null)
    return task
  })

  app.put('/:id', {
    schema: { tags, security, summary: 'Replace a task', params: TaskPath, headers: unlessStale, body: TaskReplacement, response: { 200: Task } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await writeTask(db, request, request.params.id, request.body))))

  app.patch('/:id', {
    schema: { tags, security, summary: 'Change some fields of a task (JSON merge patch)', params: TaskPath, headers: unlessStale, body: TaskPatch, response: { 200: Task } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await writeTask(db, request, request.params.id, request.body))))

  app.patch('/:id/complete', {
    schema: {
      tags, security, summary: 'Complete a task, or reopen it', params: TaskPath, headers: unlessStale, body: OptionalCompletion, response: { 200: Task },
    },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await completeTask(db, request, request.params.id, request.body ?? {}))))

  app.delete('/:id', {
    schema: { tags, security, summary: 'Move a task and its subtasks to the trash', params: TaskPath, headers: unlessStale, response: { 204: Type.Null() } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => gone(await trashTask(db, request, request.params.id))))

  app.post('/:id/move', {
    schema: { tags, security, summary: 'Move a task to another place in the manual order', params: TaskPath, headers: unlessStale, body: Move, response: { 200: Task } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await moveTask(db, request, request.params.id, request.body)), { isOneStatement: false }))

  app.post('/:id/restore', {
    schema: { tags, security, summary: 'Take a task out of the trash, with what went there with it', params: TaskPath, headers: unlessStale, response: { 200: Task } },
  }, async (request, reply) => await answerOnce(pool, request, reply, async (db) => ok(await restoreTask(db, request, request.params.id))))
}
