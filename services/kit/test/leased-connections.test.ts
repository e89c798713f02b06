import t from 'tap'
import { Type } from '@sinclair/typebox'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'slonik'
import { defineProblem } from '../src/problem.ts'
import { row } from '../src/row.ts'
import { asUser, asWriter } from '../src/scope.ts'
import { createTestDatabase } from '../src/test-database.ts'
import { addTenant, anything, openPool, refusal } from './tenants.ts'

const database = await createTestDatabase(t)
const ada = await addTenant(database)
const ownPid = sql.type(row(Type.Object({ pid: Type.Integer() })))`SELECT pg_backend_pid() AS pid`
const refused = defineProblem('test-refused', 409, 'Refused')

/** How many connections the role has, as the server sees it. */
const connections = async () => (await database.asSuperuser<{ count: number }>("SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service'"))[0]!.count

async function until (condition: () => Promise<boolean>) {
  while (!await condition()) await delay(50)
}

t.test('FR-033: one query after the other runs on one connection, and so does what follows a refusal of ours', async (t) => {
  const pool = await openPool(t, database, { size: 3 })
  const { pid } = await pool.one(ownPid)
  for (let n = 0; n < 5; n++) t.equal((await asUser(ada, () => pool.one(ownPid))).pid, pid)
  const problem = await refusal(asWriter(ada, () => pool.transaction(async (transaction) => {
    await transaction.query(sql.type(anything)`UPDATE tasks.tasks SET title = 'lost'`)
    throw refused()
  })))
  t.match(problem, { slug: 'test-refused' })
  t.equal((await pool.one(ownPid)).pid, pid, 'kept')
  t.same(await database.asSuperuser("SELECT 1 FROM tasks.tasks WHERE title = 'lost'"), [], 'and rolled back')
})

t.test('FR-033: a connection on which a statement failed is not used again', async (t) => {
  const pool = await openPool(t, database)
  const { pid } = await pool.one(ownPid)
  await refusal(pool.any(sql.type(anything)`SELECT 1 / 0`))
  t.not((await pool.one(ownPid)).pid, pid)
})

t.test('FR-033: as many run at once as there are connections, and all are served', async (t) => {
  const pool = await openPool(t, database, { size: 3 })
  const pids = await Promise.all(Array.from({ length: 30 }, async () => (await pool.one(ownPid)).pid))
  t.equal(new Set(pids).size, 3)
})

t.test('FR-033: a connection that is killed between two queries is replaced', async (t) => {
  const pool = await openPool(t, database)
  const { pid } = await pool.one(ownPid)
  await database.asSuperuser('SELECT pg_terminate_backend($1)', [pid])
  await until(async () => await pool.one(ownPid).then((answer) => answer.pid !== pid, () => false))
  t.pass('and the next request is answered')
})

t.test('a connection without work is closed, so that a serverless database can sleep', async (t) => {
  await until(async () => await connections() === 0)
  const pool = await openPool(t, database, { size: 2, idleSeconds: 1 })
  await Promise.all([pool.any(ownPid), pool.any(ownPid)])
  t.equal(await connections(), 2)
  await until(async () => await connections() === 0)
  t.equal((await pool.any(ownPid)).length, 1, 'and opened again')
})

t.test('a pool that ends lets go of its connections', async (t) => {
  const pool = await openPool(t, database, { size: 2 })
  await Promise.all([pool.any(ownPid), pool.any(ownPid)])
  await pool.end()
  await until(async () => await connections() === 0)
  t.match(await refusal(pool.any(ownPid)), Error)
})
