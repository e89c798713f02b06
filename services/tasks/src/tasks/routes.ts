import { etagOf, isKnown } from '@daymark/kit/etag'
import { pageText, sendText } from '@daymark/kit/json-text'
import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { taskNotFound } from '../../problems.ts'
import { gone, ok } from '../changes/answers.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { pageOfTasks } from './list-tasks.ts'
import { changeMany } from './change-many.ts'
import { findTask } from './queries.ts'
import { completeTask, createTask, moveTask, restoreTask, trashTask, writeTask } from './write-task.ts'

/** Tasks of one account; registered under its path, behind the guard. */
export async function taskRoutes (app: Service, { pool, cursors }: Deps): Promise<void> {
  app.route({
    ...operations.listTasks,
    handler: async ({ query, headers, user: { sub: user_id } }, reply) => {
      const { page, etag } = await pageOfTasks(pool, cursors, user_id, query, headers['if-none-match'])
      reply.header('etag', etag)
      return page ? sendText(reply, pageText(page.items, page.rest)) : reply.code(304).send(null)
    },
  })

  app.route({
    ...operations.createTask,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const { id, json, headers } = await createTask(db, request, request.body)
      return { status: 201, headers: { ...headers, location: `/api/${request.user.sub}/tasks/${id}` }, json }
    }),
  })

  app.route({
    ...operations.changeTasks,
    handler: async (request, reply) => await answerOnce(pool, request, reply, async (db) => {
      const body = await changeMany(db, request, request.body)
      return { status: 200, headers: numbered(body.change_seq), body }
    }, { isOneStatement: false }),
  })

  app.route({
    ...operations.readTask,
    handler: async ({ params: { id }, headers, user: { sub: user_id } }, reply) => {
      const task = await asUser(user_id, () => findTask(pool, { user_id, id }))
      if (!task) throw taskNotFound()
      reply.header('etag', etagOf(task))
      if (isKnown(headers['if-none-match'], etagOf(task))) return reply.code(304).send(null)
      return sendText(reply, task.json)
    },
  })

  app.route({
    ...operations.replaceTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await writeTask(db, request, request.params.id, request.body))),
  })

  app.route({
    ...operations.patchTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await writeTask(db, request, request.params.id, request.body))),
  })

  app.route({
    ...operations.completeTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await completeTask(db, request, request.params.id, request.body ?? {}))),
  })

  app.route({
    ...operations.trashTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => gone(await trashTask(db, request, request.params.id))),
  })

  app.route({
    ...operations.moveTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await moveTask(db, request, request.params.id, request.body)), { isOneStatement: false }),
  })

  app.route({
    ...operations.restoreTask,
    handler: async (request, reply) =>
      await answerOnce(pool, request, reply, async (db) => ok(await restoreTask(db, request, request.params.id))),
  })
}
