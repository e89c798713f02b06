import { connectionOptions } from '@daymark/kit/database'
import Fastify from 'fastify'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { Task, TaskPage } from '../services/tasks/contracts.ts'

// What a hand would write that wants nothing but speed: Fastify, pg, named statements, rows serialised by schema. No token, no
// row-level security, no lock, no log, no version demanded, no limit.

const { DATABASE_URL = '', DATABASE_CA_FILE, PORT } = process.env
const pool = new pg.Pool({ ...connectionOptions({ DATABASE_URL, DATABASE_CA_FILE }), max: 10 })
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString())

const columns = `id, user_id, list_id, parent_id, title, description, completed, completed_at, priority, due_date, due_at, time_zone, start_date,
  label_ids, position, version, created_at, updated_at`
const run = async (name: string, text: string, values: unknown[]) => (await pool.query({ name, text, values })).rows as Task[]

const app = Fastify()
app.addSchema(Task)
app.get<{ Params: { user_id: string } }>('/api/:user_id/tasks', { schema: { response: { 200: TaskPage } } }, async ({ params }) => ({
  items: await run('list', `SELECT ${columns} FROM tasks.tasks WHERE user_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 50`, [params.user_id]),
  next_cursor: null,
}))
app.get<{ Params: { user_id: string, id: string } }>('/api/:user_id/tasks/:id', { schema: { response: { 200: Task } } }, async ({ params }) =>
  (await run('get', `SELECT ${columns} FROM tasks.tasks WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`, [params.user_id, params.id]))[0])
app.post<{ Params: { user_id: string }, Body: { title: string } }>('/api/:user_id/tasks', { schema: { response: { 201: Task } } }, async ({ params, body }, reply) => {
  const [task] = await run('create', `INSERT INTO tasks.tasks (user_id, id, title) VALUES ($1, $2, $3) RETURNING ${columns}`, [params.user_id, randomUUID(), body.title])
  return reply.code(201).send(task)
})
app.patch<{ Params: { user_id: string, id: string }, Body: { completed: boolean } }>('/api/:user_id/tasks/:id/complete', { schema: { response: { 200: Task } } }, async ({ params, body }) =>
  (await run('complete', `UPDATE tasks.tasks SET completed_at = CASE WHEN $3 THEN now() END, version = version + 1, updated_at = now()
    WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING ${columns}`, [params.user_id, params.id, body.completed]))[0])
app.get('/readyz', async () => { await pool.query('SELECT'); return 'ready' })
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
process.on('SIGTERM', () => process.exit(0))
