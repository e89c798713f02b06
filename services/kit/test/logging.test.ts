import t from 'tap'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { sql } from 'slonik'
import { loggerOptions, OneLinePerRequest } from '../src/logging.ts'
import { problems, unacceptable } from '../src/problem.ts'
import { row } from '../src/row.ts'
import { asUser } from '../src/scope.ts'
import { createTestDatabase } from '../src/test-database.ts'
import { addTenant, anything, openPool, refusal } from './tenants.ts'

const database = await createTestDatabase(t)
const ada = await addTenant(database)
const pool = await openPool(t, database)
const secret = `secret-${randomUUID()}`

/** A service whose one route fails with `error`; gives all that is logged of a request to it. */
async function logOf (fail: () => unknown, headers: Record<string, string> = {}) {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => { lines.push(String(chunk)); done() } })
  const app = Fastify({ logger: { ...loggerOptions({ LOG_LEVEL: 'trace' }) as object, stream }, logController: new OneLinePerRequest() })
  await app.register(problems)
  app.post('/fail', { schema: { body: Type.Object({ title: Type.String({ maxLength: 5 }) }), querystring: Type.Object({ q: Type.Optional(Type.String()) }) } }, async () => await fail())
  const response = await app.inject({ method: 'POST', url: `/fail?q=${secret}`, headers, payload: { title: headers['x-title'] ?? 'x' } })
  await app.close()
  return { log: lines.join(''), entries: lines.map((line) => JSON.parse(line) as Record<string, unknown>), response }
}

const asAda = (work: () => Promise<unknown>) => () => asUser(ada, work)
const tooLong = asAda(() => pool.query(sql.type(anything)`INSERT INTO tasks.lists (user_id, id, name) VALUES (${ada}, ${randomUUID()}, ${secret.repeat(9)})`))
const failures: Record<string, () => Promise<unknown>> = {
  'a row that does not fit its schema': asAda(() => pool.any(sql.type(row(Type.Object({ title: Type.Integer() })))`SELECT ${secret}::text AS title`)),
  'a unique violation': asAda(async () => {
    await database.asSuperuser('CREATE UNIQUE INDEX IF NOT EXISTS one_title ON tasks.tasks (title) WHERE version > 1000')
    const insert = () => pool.query(sql.type(anything)`INSERT INTO tasks.tasks (user_id, id, title, version) VALUES (${ada}, ${randomUUID()}, ${secret}, 1001)`)
    await insert()
    await insert()
  }),
  'a value of the wrong form': asAda(() => pool.query(sql.type(anything)`SELECT 1 FROM tasks.tasks WHERE id = ${secret}::uuid`)),
  'a check violation': tooLong,
  'a null violation': asAda(() => pool.query(sql.type(anything)`INSERT INTO tasks.tasks (user_id, id, title, description) VALUES (${ada}, ${randomUUID()}, ${secret}, NULL)`)),
  'no row': asAda(() => pool.one(sql.type(anything)`SELECT 1 FROM tasks.tasks WHERE title = ${`not ${secret}`}`)),
  'a violation that a use case explains': asAda(() => tooLong().catch((error: unknown) => { throw unacceptable({ cause: error }) })),
  'a violation inside another error': asAda(() => tooLong().catch((error: unknown) => { throw new Error('outer', { cause: error }) })),
}

for (const [what, fail] of Object.entries(failures)) {
  t.test(`${what} is logged without the data it is about`, async (t) => {
    const { log, entries, response } = await logOf(fail)
    t.ok(response.statusCode >= 400)
    t.ok(entries.some(({ err }) => err !== undefined), 'it is logged')
    t.notMatch(log, secret, 'not the data')
    t.notMatch(log, 'Failing row')
    t.notMatch(response.body, secret)
  })
}

t.test('an error that no request met is logged without its data, too', async (t) => {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => { lines.push(String(chunk)); done() } })
  const app = Fastify({ logger: { ...loggerOptions({ LOG_LEVEL: 'info' }) as object, stream } })
  const taken = () => database.asSuperuser('INSERT INTO auth.users (id, email, email_key, password_hash) VALUES (gen_random_uuid(), $1, $1, $1)', [`${secret}@example.com`])
  await taken()
  const errors = await Promise.all([refusal(taken()), ...Object.values(failures).map((fail) => refusal(fail()))])
  for (const err of errors) {
    app.log.error({ err }, 'directly')
    app.log.error({ err: new Error('outer', { cause: err }) }, 'as a cause')
  }
  await app.close()
  t.equal(lines.length, 2 * errors.length)
  for (const line of lines) t.notMatch(line, secret)
})

t.test('credentials, refused input and searches are not logged', async (t) => {
  const { log, response } = await logOf(() => { throw new Error('on purpose') }, { authorization: `Bearer ${secret}`, cookie: `session=${secret}`, 'x-service-token': secret })
  t.equal(response.statusCode, 500)
  t.match(log, '"url":"/fail"')
  t.notMatch(log, secret)
  const refused = await logOf(() => ({}), { 'x-title': secret })
  t.equal(refused.response.statusCode, 400)
  t.match(refused.log, 'invalid-request')
  t.notMatch(refused.log, secret)
})
