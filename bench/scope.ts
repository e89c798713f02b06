import { openDatabase } from '@daymark/kit/database'
import { row } from '@daymark/kit/row'
import { asUser } from '@daymark/kit/scope'
import { createTestDatabase } from '@daymark/kit/test-database'
import { Type } from '@sinclair/typebox'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'slonik'
import { closeFolder } from '../local/secrets.ts'
import { ensureTestServer } from '../local/test-server.ts'

const rounds = 5
const slices = 8
const sliceSeconds = 0.1
const connections = 10
const tenants = 50
const tasksEach = 100

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** How often per second ten workers get `work` done. */
async function rateOf (work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  let done = 0
  await Promise.all(Array.from({ length: connections }, async () => {
    while (performance.now() < start + sliceSeconds * 1000) {
      await work()
      done++
    }
  }))
  return done / (performance.now() - start) * 1000
}

type Database = Awaited<ReturnType<typeof createTestDatabase>>

/** Tasks of many tenants, and the same in a table without row-level security. */
async function arrange (database: Database) {
  await database.asSuperuser(`
    INSERT INTO auth.users (id, email, email_key, password_hash)
    SELECT gen_random_uuid(), mail, mail, 'none' FROM generate_series(1, $1::integer) g, concat(g, '@example.com') mail`, [tenants])
  await database.asSuperuser('INSERT INTO tasks.accounts (user_id) SELECT id FROM auth.users')
  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, title) SELECT user_id, gen_random_uuid(), 'Water the plants ' || g FROM tasks.accounts, generate_series(1, $1::integer) g", [tasksEach])
  await database.asSuperuser('CREATE TABLE tasks.plain_tasks (LIKE tasks.tasks INCLUDING ALL)')
  const columns = 'user_id, id, title, version, created_at, deleted_at'
  await database.asSuperuser(`INSERT INTO tasks.plain_tasks (${columns}) SELECT ${columns} FROM tasks.tasks`)
  await database.asSuperuser('GRANT SELECT ON tasks.plain_tasks TO tasks_service')
  await database.asSuperuser('ANALYZE tasks.tasks, tasks.plain_tasks')
  return await database.asSuperuser<{ user_id: string, id: string }>('SELECT user_id, id FROM tasks.tasks')
}

const taskRow = row(Type.Object({ id: Type.String(), title: Type.String(), version: Type.Integer() }))

/** What is compared: each way of reading, as a piece of work done again and again. */
async function contestants (database: Database, teardown: (end: () => unknown) => void) {
  const tasks = await arrange(database)
  const any = () => tasks[Math.floor(Math.random() * tasks.length)]!
  const table = { plain: sql.identifier(['tasks', 'plain_tasks']), guarded: sql.identifier(['tasks', 'tasks']) }
  const reads = {
    'one task': (of: keyof typeof table, { user_id, id }: ReturnType<typeof any>) => sql.prepared(`one_${of}`, taskRow)`
      SELECT id, title, version FROM ${table[of]} WHERE user_id = ${user_id} AND id = ${id}`,
    'a list of 50': (of: keyof typeof table, { user_id }: ReturnType<typeof any>) => sql.prepared(`list_${of}`, taskRow)`
      SELECT id, title, version FROM ${table[of]} WHERE user_id = ${user_id} AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 50`,
  }
  const found = []
  for (const named of [false, true]) {
    const pool = await openDatabase({
      DATABASE_URL: database.urlFor('tasks_service'),
      DATABASE_CA_FILE: database.caFile,
      DATABASE_POOL_SIZE: connections,
      DATABASE_IDLE_SECONDS: 60,
      DATABASE_CONNECT_SECONDS: 10,
      DATABASE_NAMED_STATEMENTS: named,
    })
    teardown(() => pool.end())
    for (const [what, read] of Object.entries(reads)) {
      const ways: Record<string, () => Promise<unknown>> = {
        'no row-level security': () => pool.many(read('plain', any())),
        scoped: () => { const task = any(); return asUser(task.user_id, () => pool.many(read('guarded', task))) },
        'begin, set, query, commit': () => { const task = any(); return asUser(task.user_id, () => pool.transaction((tx) => tx.many(read('guarded', task)))) },
      }
      for (const [way, work] of Object.entries(ways)) found.push({ group: `${what}, ${named ? 'named' : 'unnamed'} statements`, way, work, rates: [] as number[] })
    }
  }
  return found
}

async function main () {
  const ends: Array<() => unknown> = []
  const folder = mkdtempSync(join(tmpdir(), 'daymark-bench-'))
  closeFolder(folder)
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const server = await ensureTestServer(folder, process.env)
    ends.push(server.stop)
    Object.assign(process.env, server.environment)
    const database = await createTestDatabase({ teardown: (end) => ends.push(end) })
    const found = await contestants(database, (end) => ends.push(end))
    for (const { work } of found) for (let i = 0; i < 200; i++) await work() // plans and code are warm
    const groups = Map.groupBy(found, ({ group }) => group)
    for (let round = 0; round < rounds; round++) {
      for (const members of groups.values()) {
        // In short slices by turns: what else the machine does falls on all of them alike.
        const sums = members.map(() => 0)
        for (let slice = 0; slice < slices; slice++) {
          for (const [i, { work }] of members.entries()) sums[i]! += await rateOf(work) / slices
        }
        for (const [i, { rates }] of members.entries()) rates.push(sums[i]!)
      }
    }

    const [settings] = await database.asSuperuser<{ server_version: string }>('SHOW server_version')
    console.log(`Medians of ${rounds} rounds, in each ${slices} slices of ${sliceSeconds} s in turn, ${connections} connections over TLS, PostgreSQL ${settings?.server_version}, Node ${process.version}`)
    for (const [group, members] of groups) {
      console.log(`\n${group.padEnd(42)}${'per second'.padStart(12)}${'ratio'.padStart(8)}`)
      for (const { way, rates } of members) {
        const ratio = median(rates.map((rate, round) => rate / members[0]!.rates[round]!))
        console.log(`  ${way.padEnd(40)}${Math.round(median(rates)).toLocaleString('en').padStart(12)}${ratio.toFixed(2).padStart(8)}`)
      }
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

await main()
