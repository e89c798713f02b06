import t from 'tap'
import { Type } from '@sinclair/typebox'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { type DatabasePool, sql } from 'slonik'
import { isDatabaseAway } from '../src/database.ts'
import { row } from '../src/row.ts'
import { asUser, asWriter } from '../src/scope.ts'
import { createTestDatabase, type TestDatabase } from '../src/test-database.ts'
import { findFreePort } from './ports.ts'
import { storms, unleash } from './storm.ts'
import { addTenants, anything, openPool, owned, refusal } from './tenants.ts'
import { startWire } from './wire.ts'

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find((path) => existsSync(path))

/** PgBouncer in transaction mode with two server connections, in front of the database; gives the service's URL through it. */
async function startPgBouncer (program: string, database: TestDatabase) {
  const server = new URL(database.urlFor('tasks_service'))
  const folder = mkdtempSync(`${tmpdir()}/daymark-pgbouncer-`)
  chmodSync(folder, 0o755) // the program's user must reach it; the port is loopback's and the password the test's
  const port = await findFreePort()
  const tls = database.caFile === undefined ? 'server_tls_sslmode = disable' : `server_tls_sslmode = verify-full\nserver_tls_ca_file = ${folder}/ca.crt`
  if (database.caFile !== undefined) copyFileSync(database.caFile, `${folder}/ca.crt`)
  writeFileSync(`${folder}/users`, `"tasks_service" "${decodeURIComponent(server.password)}"\n`)
  writeFileSync(`${folder}/pgbouncer.ini`, `[databases]
${database.name} = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users
admin_users = tasks_service
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
${tls}
`)
  const child = spawn(program, [...process.getuid?.() === 0 ? ['-u', 'postgres'] : [], `${folder}/pgbouncer.ini`], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => { said += chunk })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  })
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isUp = await Promise.race([once(socket, 'connect').then(() => true, () => false), ended.then(() => false)])
    socket.destroy()
    if (isUp) break
    if (attempt === 100 || child.exitCode !== null) throw new Error(`PgBouncer did not start: ${said}`)
    await delay(50)
  }
  Object.assign(server, { hostname: '127.0.0.1', port, search: '' })
  return server.href
}

if (program === undefined) t.plan(0, 'PgBouncer is not installed')
else await testBehind(program)

async function testBehind (program: string) {
  const database = await createTestDatabase(t)
  const tenants = await addTenants(database, 6)
  const url = await startPgBouncer(program, database)
  const place = row(Type.Object({ scope: Type.Union([Type.String(), Type.Null()]) }))
  const look = sql.type(place)`SELECT current_setting('app.user_id', true) AS scope`
  const list = sql.type(owned)`SELECT user_id FROM tasks.tasks`
  const onEach = (pools: DatabasePool[], work: (pool: DatabasePool, tenant: string) => Promise<unknown>) =>
    Promise.all(pools.flatMap((pool) => tenants.map((tenant) => work(pool, tenant))))

  t.test('FR-032: many clients over two server connections never meet another\'s rows nor scope', async (t) => {
    const pools = await Promise.all(Array.from({ length: 4 }, () => openPool(t, database, { url, size: 4 })))
    const scopes = new Set<string | null>()
    for (let round = 0; round < 5; round++) {
      await onEach(pools, async (pool, tenant) => {
        const rows = await asUser(tenant, () => pool.any(list))
        if (rows.length < 2 || rows.some(({ user_id }) => user_id !== tenant)) t.fail('a read met someone else\'s rows, or none')
        const { scope } = await pool.one(look)
        scopes.add(scope)
        if (await pool.any(list).then(() => true, () => false)) t.fail('without a scope it was not an error')
        const written = await asWriter(tenant, () => pool.transaction(async (tx) => {
          const { scope } = await tx.one(look)
          if (scope !== tenant) t.fail('a transaction lost its scope')
          return await tx.any(sql.type(owned)`UPDATE tasks.accounts SET seq = seq + 1 RETURNING user_id`)
        }))
        if (written.length !== 1 || written[0]?.user_id !== tenant) t.fail('a write met someone else\'s account')
      })
    }
    // It replaces one whose client left in the middle, so that over time there are more than two.
    const [open] = await database.asSuperuser<{ count: number }>("SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service'")
    t.ok(open !== undefined && open.count <= 2, `${open?.count} server connections serve all clients`)
    t.same([...scopes].filter((scope) => scope !== null && scope !== ''), [], 'a scope ends with its transaction')
    const seqs = await database.asSuperuser<{ seq: string }>('SELECT seq FROM tasks.accounts')
    t.ok(seqs.every(({ seq }) => Number(seq) === 5 * pools.length), 'no write was lost')
  })

  t.test('FR-032: no storm of errors, transactions and terminations shows another\'s rows', async (t) => {
    let served = 0
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), storms(tenants.length), async (size, clients) => {
      const ends: Array<() => unknown> = []
      const pool = await openPool({ teardown: (end) => ends.push(end) }, database, { url, size })
      const weather = await unleash(pool, tenants, clients)
      for (const end of ends) await end()
      served += weather.served
      if (weather.faults.length > 0) throw new Error(weather.faults.join('; '))
    }), { numRuns: 10, endOnFailure: true })
    t.ok(served > 50, `${served} statements were served`)
    t.same(await database.asSuperuser("SELECT 1 FROM tasks.tasks WHERE title = 'planted'"), [])
  })

  t.test('FR-043: a server that goes away behind the pooler is a database that is away', async (t) => {
    const pool = await openPool(t, database, { url, size: 2 })
    const running = refusal(pool.any(sql.type(anything)`SELECT pg_sleep(60)`))
    let ended: unknown[] = []
    while (ended.length === 0) {
      ended = await database.asSuperuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND query LIKE '%pg_sleep(60)%' AND state = 'active'")
    }
    t.ok(isDatabaseAway(await running))
    t.ok(await pool.one(look), 'the next is served')
  })

  t.test('FR-043: a pooler that lets go of its clients, or takes none, is a database that is away', async (t) => {
    const { hostname, port, username, password } = new URL(url)
    const control = new pg.Client({ host: hostname, port: Number(port), user: username, password: decodeURIComponent(password), database: 'pgbouncer' })
    await control.connect()
    t.teardown(() => control.end())
    const pool = await openPool(t, database, { url, size: 1 })
    const running = refusal(pool.any(sql.type(anything)`SELECT pg_sleep(60)`))
    while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND query LIKE '%pg_sleep(60)%' AND state = 'active'")).length === 0);
    await control.query(`KILL ${database.name}`)
    t.ok(isDatabaseAway(await running), 'of a query that was under way')
    await control.query(`RESUME ${database.name}`)
    await control.query(`DISABLE ${database.name}`)
    t.ok(isDatabaseAway(await refusal(pool.one(look))), 'where it is disabled')
    await control.query(`ENABLE ${database.name}`)
    await control.query('SET max_client_conn = 1')
    t.ok(isDatabaseAway(await refusal(pool.one(look))), 'with no room for one more')
    await control.query('SET max_client_conn = 100')
    t.ok(await pool.one(look), 'it is served again')
  })

  t.test('nothing is asked for at start-up that a pooler refuses', async (t) => {
    const { hostname, port, username, password, pathname } = new URL(url)
    const demanding = new pg.Client({ host: hostname, port: Number(port), user: username, password: decodeURIComponent(password), database: pathname.slice(1), statement_timeout: 1000 })
    t.match(await refusal(demanding.connect()), { message: /unsupported startup parameter/ }, 'this pooler refuses a timeout')
    const wire = await startWire(t, database)
    const pool = await openPool(t, database, { url: wire.url })
    await pool.one(look)
    t.same([...new Set(wire.startups.flatMap((startup) => Object.keys(startup)))].sort(), ['client_encoding', 'database', 'user'])
  })
}
