import { createTestDatabase, type TestDatabase } from '@daymark/kit/test-database'
import autocannon from 'autocannon'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../local/children.ts'
import { environmentsOf } from '../local/environments.ts'
import { findFreePort } from '../local/ports.ts'
import { closeFolder, makeSecrets } from '../local/secrets.ts'
import { ensureTestServer } from '../local/test-server.ts'

const rounds = process.env['QUICK'] ? 1 : 5
const slices = 4
const sliceSeconds = 1
/** V8 compiles what is hot, and goes on to compile it better, for some ten seconds. */
const warmUpSeconds = process.env['QUICK'] ? 2 : 10
const connections = 10
const users = 50
const tasksEach = 100

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

const row = (name: string, cells: string[]) => name.padEnd(20) + cells.map((cell) => cell.padStart(10)).join('')

interface User { id: string, headers: Record<string, string>, tasks: string[] }
type Ends = (end: () => unknown) => void

/** What is compared: Daymark, and by hand the same statements, and the plainest that give the answer. */
const sides = ['plain', 'same', 'daymark'] as const
type Sides<T> = Record<typeof sides[number], T>

/** The product as it is delivered, one process of each service, and either floor in one of its own, so that each rests as long between its turns; on one database. */
async function startAll (database: TestDatabase, adminUrl: string, teardown: Ends) {
  const [auth, authInternal, tasks, tasksInternal, same, plain] = [await findFreePort(), await findFreePort(), await findFreePort(), await findFreePort(), await findFreePort(), await findFreePort()]
  const origins = { web: 'http://localhost:1', auth: `http://localhost:${auth}`, tasks: `http://localhost:${tasks}` }
  const told = environmentsOf({ origins, authInternal: `http://127.0.0.1:${authInternal}`, smtpUrl: 'smtp://127.0.0.1:9', databaseCaFile: database.caFile ?? '', databaseUrlOf: database.urlFor }, makeSecrets())
  // The tokens outlive the run.
  const unlimited = { NODE_ENV: 'production', ACCESS_TOKEN_SECONDS: '900', RATE_LIMIT_PER_MINUTE: '1000000000', SIGN_UP_PER_ADDRESS: '1000000', LOG_LEVEL: 'info' }
  const start = async (name: string, file: string, port: number, environment: Record<string, string>) => {
    const child = await startChild({ name, file, environment: { PORT: String(port), ...environment }, readyUrls: [`http://127.0.0.1:${port}/readyz`], report: () => {}, logFile: join(tmpdir(), `daymark-bench-${process.pid}-${name}.log`) })
    teardown(child.stop)
    teardown(() => rmSync(join(tmpdir(), `daymark-bench-${process.pid}-${name}.log`), { force: true }))
  }
  await start('auth', 'services/auth/server.ts', auth, { ...told.auth, ...unlimited, INTERNAL_PORT: String(authInternal) })
  await start('tasks', 'services/tasks/server.ts', tasks, { ...told.tasks, ...unlimited, INTERNAL_PORT: String(tasksInternal) })
  const url = new URL(adminUrl)
  url.pathname = `/${database.name}`
  for (const [name, port] of Object.entries({ same, plain })) await start(name, 'bench/floor.ts', port, { DATABASE_URL: url.href, DATABASE_CA_FILE: database.caFile ?? '' })
  return { auth: `http://127.0.0.1:${auth}`, daymark: `http://127.0.0.1:${tasks}`, same: `http://127.0.0.1:${same}/same`, plain: `http://127.0.0.1:${plain}/plain` }
}

/** People with tokens of their own and tasks to work on. */
async function arrange (database: TestDatabase, { auth, daymark }: { auth: string, daymark: string }): Promise<User[]> {
  const found: User[] = []
  for (let n = 0; n < users; n++) {
    const answer = await fetch(`${auth}/auth/signup`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: `bench-${n}@example.com`, password: 'seven grey otters juggle lanterns' }) })
    const { user, access_token: token } = await answer.json() as { user: { id: string }, access_token: string }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    await fetch(`${daymark}/api/${user.id}/lists`, { headers })
    await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, list_id, title, description) SELECT user_id, gen_random_uuid(), id, 'Water the plants ' || g, 'The ones on the sill too' FROM tasks.lists, generate_series(1, $2::integer) g WHERE user_id = $1", [user.id, tasksEach])
    const tasks = await database.asSuperuser<{ id: string }>('SELECT id FROM tasks.tasks WHERE user_id = $1', [user.id])
    found.push({ id: user.id, headers, tasks: tasks.map(({ id }) => id) })
  }
  await database.asSuperuser('ANALYZE')
  return found
}

let turn = 0
const operations: Record<string, (user: User, task: string) => { method: 'GET' | 'POST' | 'PATCH', path: string, body?: string }> = {
  'list 50': ({ id }) => ({ method: 'GET', path: `/api/${id}/tasks?limit=50` }),
  get: ({ id }, task) => ({ method: 'GET', path: `/api/${id}/tasks/${task}` }),
  complete: ({ id }, task) => ({ method: 'PATCH', path: `/api/${id}/tasks/${task}/complete`, body: JSON.stringify({ completed: turn++ % 2 === 0 }) }),
  create: ({ id }) => ({ method: 'POST', path: `/api/${id}/tasks`, body: JSON.stringify({ title: 'Buy bread', description: 'Rye' }) }),
}

async function rateOf (url: string, people: User[], requestOf: typeof operations[string]): Promise<number> {
  const prefix = new URL(url).pathname.replace(/\/$/, '')
  const any = <T>(list: T[]) => list[Math.floor(Math.random() * list.length)]!
  const result = await autocannon({
    url,
    connections,
    duration: sliceSeconds,
    requests: [{
      setupRequest: (request) => {
        const user = any(people)
        const { path, ...asked } = requestOf(user, any(user.tasks))
        return { ...request, ...asked, headers: user.headers, path: prefix + path }
      },
    }],
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} refused, ${result.errors} failed`)
  return result.requests.total / result.duration
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
    const teardown: Ends = (end) => ends.push(end)
    const database = await createTestDatabase({ teardown })
    const started = await startAll(database, server.environment.TEST_DATABASE_ADMIN_URL, teardown)
    const people = await arrange(database, started)

    console.log(`Medians of ${rounds} rounds, in each ${slices} slices of ${sliceSeconds} s in turn, ${connections} connections, ${users} users of ${tasksEach} tasks, Node ${process.version}\n`)
    console.log(row('requests a second', ['plain SQL', 'same SQL', 'Daymark', 'of plain', 'of same']))
    for (const [name, requestOf] of Object.entries(operations)) {
      for (let second = 0; second < warmUpSeconds; second++) {
        for (const side of sides) await rateOf(started[side], people, requestOf)
      }
      const found: Array<Sides<number>> = []
      for (let round = 0; round < rounds; round++) {
        const sums = { plain: 0, same: 0, daymark: 0 }
        for (let slice = 0; slice < slices; slice++) {
          for (const side of sides) sums[side] += await rateOf(started[side], people, requestOf) / slices
        }
        found.push(sums)
      }
      const ratioTo = (side: 'plain' | 'same') => median(found.map((rates) => rates.daymark / rates[side])).toFixed(2)
      console.log(row(name, [...sides.map((side) => Math.round(median(found.map((rates) => rates[side]))).toLocaleString('en')), ratioTo('plain'), ratioTo('same')]))
    }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

await main()
