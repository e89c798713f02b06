import { connectionOptions } from '@daymark/kit/database'
import type { FastifyInstance } from 'fastify'
import Fastify from 'fastify'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { CommonQueryMethods, QuerySqlToken } from 'slonik'
import { type Completion, type NewTask, Task, TaskPage } from '../services/tasks/contracts.ts'
import type { Origin } from '../services/tasks/src/changes/origin.ts'
import { listTasks } from '../services/tasks/src/tasks/list-queries.ts'
import { findTask } from '../services/tasks/src/tasks/queries.ts'
import { completeTask, createTask } from '../services/tasks/src/tasks/write-task.ts'

// Fastify and pg by hand, under two prefixes. Neither has tokens, limits, row-level security, a lock, retries, ETags or a line in the log.

const { DATABASE_URL = '', DATABASE_CA_FILE, PORT } = process.env
const pool = new pg.Pool({ ...connectionOptions({ DATABASE_URL, DATABASE_CA_FILE }), max: 10 })
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString())

interface Of { Params: { user_id: string, id: string } }

/** Daymark's own statements, named: what it costs to keep the log and to write the JSON in the database is in them. */
async function sameStatements (app: FastifyInstance): Promise<void> {
  const rows = async ({ name, sql, values }: QuerySqlToken & { name?: string }) => (await pool.query({ name: name ?? '', text: sql, values: [...values] })).rows as unknown[]
  const first = async (query: QuerySqlToken) => (await rows(query))[0]
  const db = { any: rows, one: first, maybeOne: first } as unknown as CommonQueryMethods
  const originOf = (sub: string) => ({ id: 'bench', user: { sub }, headers: {} }) as Origin
  const json = 'application/json; charset=utf-8'

  app.get<Of>('/api/:user_id/tasks', async ({ params: { user_id } }, reply) => {
    const { items } = await listTasks(db, { user_id, status: 'all', sort: 'position', direction: 'asc', time_zone: 'UTC', words: [], after: null, limit: 50 })
    return reply.type(json).send(`{"items":[${items}],"next_cursor":null}`)
  })
  app.get<Of>('/api/:user_id/tasks/:id', async ({ params: { user_id, id } }, reply) => reply.type(json).send((await findTask(db, { user_id, id }))?.json))
  app.post<Of & { Body: NewTask }>('/api/:user_id/tasks', async ({ params: { user_id }, body }, reply) => reply.code(201).type(json).send((await createTask(db, originOf(user_id), body)).json))
  app.patch<Of & { Body: Completion }>('/api/:user_id/tasks/:id/complete', async ({ params: { user_id, id }, body }, reply) => reply.type(json).send((await completeTask(db, originOf(user_id), id, body)).json))
}

/** What a hand would write that wants nothing but the answer: rows serialised by schema, no version demanded, nothing remembered. */
async function plainStatements (app: FastifyInstance): Promise<void> {
  const columns = `id, user_id, list_id, parent_id, title, description, completed, completed_at, priority, due_date, due_at, time_zone, start_date,
    label_ids, position, version, created_at, updated_at`
  const run = async (name: string, text: string, values: unknown[]) => (await pool.query({ name, text, values })).rows as Task[]

  app.get<Of>('/api/:user_id/tasks', { schema: { response: { 200: TaskPage } } }, async ({ params: { user_id } }) => ({
    items: await run('list', `SELECT ${columns} FROM tasks.tasks WHERE user_id = $1 AND deleted_at IS NULL ORDER BY position, id LIMIT 50`, [user_id]),
    next_cursor: null,
  }))
  app.get<Of>('/api/:user_id/tasks/:id', { schema: { response: { 200: Task } } }, async ({ params: { user_id, id } }) =>
    (await run('get', `SELECT ${columns} FROM tasks.tasks WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`, [user_id, id]))[0])
  app.post<Of & { Body: NewTask }>('/api/:user_id/tasks', { schema: { response: { 201: Task } } }, async ({ params: { user_id }, body: { title, description } }, reply) =>
    reply.code(201).send((await run('create', `INSERT INTO tasks.tasks (user_id, id, title, description) VALUES ($1, $2, $3, $4) RETURNING ${columns}`, [user_id, randomUUID(), title, description]))[0]))
  app.patch<Of & { Body: Completion }>('/api/:user_id/tasks/:id/complete', { schema: { response: { 200: Task } } }, async ({ params: { user_id, id }, body: { completed } }) =>
    (await run('complete', `UPDATE tasks.tasks SET completed_at = CASE WHEN $3 THEN now() END, version = version + 1, updated_at = now()
      WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${columns}`, [user_id, id, completed]))[0])
}

const app = Fastify()
app.addSchema(Task)
await app.register(sameStatements, { prefix: '/same' })
await app.register(plainStatements, { prefix: '/plain' })
app.get('/readyz', async () => { await pool.query('SELECT'); return 'ready' })
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
process.on('SIGTERM', () => process.exit(0))
