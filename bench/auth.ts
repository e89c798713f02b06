import { createTestDatabase, type TestDatabase } from '@daymark/kit/test-database'
import argon2 from 'argon2'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startChild } from '../local/children.ts'
import { environmentsOf } from '../local/environments.ts'
import { findFreePort } from '../local/ports.ts'
import { closeFolder, makeSecrets } from '../local/secrets.ts'
import { ensureTestServer } from '../local/test-server.ts'

const rounds = process.env['QUICK'] ? 1 : 5
const slices = 3
const sliceMilliseconds = 2000
const costMilliseconds = 5000
const concurrency = Math.max(1, availableParallelism() - 1) // as by default
const loggingIn = 8
const burst = 500
const samples = 200
const users = 1000
const password = 'correct horse battery staple'
const refreshEvery = 50

const median = (numbers: number[]) => quantile(numbers, 0.5)
const quantile = (numbers: number[], share: number) => numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? NaN
const ms = (value: number) => `${value.toFixed(1)} ms`

type Ends = (end: () => unknown) => void
interface Answer { status: number, headers: Record<string, unknown>, body: string, milliseconds: number }

/** A client of the service: sockets kept open, as many as are needed. */
function client (port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  return (path: string, body: object) => new Promise<Answer>((resolve, reject) => {
    const start = performance.now()
    const payload = JSON.stringify(body)
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, milliseconds: performance.now() - start })
      })
    })
    sent.on('error', reject).end(payload)
  })
}
type Post = ReturnType<typeof client>

/** The auth service as a process of its own, with its defaults but for the limits that one address would meet. */
async function startAuth (database: TestDatabase, teardown: Ends) {
  const [port, internalPort] = [await findFreePort(), await findFreePort()]
  const origins = { web: 'http://localhost:1', auth: `http://localhost:${port}`, tasks: 'http://localhost:2' }
  const child = await startChild({
    name: 'auth',
    file: 'services/auth/server.ts',
    environment: {
      ...environmentsOf({ origins, authInternal: 'http://127.0.0.1:3', smtpUrl: 'smtp://127.0.0.1:9', databaseCaFile: database.caFile ?? '', databaseUrlOf: database.urlFor }, makeSecrets()).auth,
      NODE_ENV: 'production',
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      PASSWORD_HASH_CONCURRENCY: String(concurrency),
      RATE_LIMIT_PER_MINUTE: '100000000',
      LOGIN_PER_ADDRESS: '100000000',
      LOGIN_PER_ADDRESS_AND_ACCOUNT: '100000000',
    },
    readyUrls: [`http://127.0.0.1:${port}/readyz`],
    report: () => {},
  })
  teardown(child.stop)
  return { post: client(port), pid: child.identity.pid }
}

/** Somebody whose tab refreshes again and again, whatever else goes on. Gives how long each refresh took. */
async function startRefreshing (post: Post, email: string) {
  const times: number[] = []
  let token = (JSON.parse((await post('/auth/login', { email, password })).body) as { refresh_token: string }).refresh_token
  const over = new AbortController()
  const refreshing = (async () => {
    while (!over.signal.aborted) {
      const answer = await post('/auth/refresh', { refresh_token: token })
      if (answer.status !== 200) throw new Error(`A refresh was answered by ${answer.status}`)
      token = (JSON.parse(answer.body) as { refresh_token: string }).refresh_token
      times.push(answer.milliseconds)
      await delay(Math.max(0, refreshEvery - answer.milliseconds))
    }
  })()
  return async () => {
    over.abort()
    await refreshing
    return times
  }
}

/** The milliseconds of processor time that a process has used so far: what a busy machine does not change. */
function processorTime (pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10 // told in hundredths of a second
}

async function throughput (post: Post, pid: number, database: TestDatabase, hash: string, emails: string[], teardown: Ends) {
  const alone = fork(join(import.meta.dirname, 'argon2-alone.ts'), [String(concurrency), hash, password])
  teardown(() => alone.kill())
  const aloneFor = async (milliseconds: number) => {
    alone.send(milliseconds)
    return (await once(alone, 'message'))[0] as number
  }
  let next = 0
  const logInsFor = async (milliseconds: number) => {
    const start = performance.now()
    let done = 0
    await Promise.all(Array.from({ length: loggingIn }, async () => {
      while (performance.now() < start + milliseconds) {
        const { status } = await post('/auth/login', { email: emails[next++ % emails.length], password })
        if (status !== 200) throw new Error(`A log-in was answered by ${status}`)
        done++
      }
    }))
    return done / (performance.now() - start) * 1000
  }
  await aloneFor(500)
  await logInsFor(1000)
  const databasePids = (await database.asSuperuser<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE usename = 'auth_service'")).map(({ pid }) => pid)
  const costOf = async (pids: number[], work: () => Promise<number>) => {
    const before = pids.map(processorTime)
    const done = await work()
    return pids.map((pid, n) => (processorTime(pid) - before[n]!) / done)
  }
  const [hashCost = NaN] = await costOf([alone.pid!], async () => await aloneFor(costMilliseconds) * costMilliseconds / 1000)
  const [authCost = NaN, ...databaseCosts] = await costOf([pid, ...databasePids], async () => await logInsFor(costMilliseconds) * costMilliseconds / 1000)
  const [ratios, rates, refreshes]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round++) {
    let [hashes, logIns] = [0, 0]
    for (let slice = 0; slice < slices; slice++) { // by turns: what else the machine does falls on both alike
      hashes += await aloneFor(sliceMilliseconds) / slices
      const stop = await startRefreshing(post, emails[next++ % emails.length]!)
      logIns += await logInsFor(sliceMilliseconds) / slices
      refreshes.push(...await stop())
    }
    ratios.push(logIns / hashes)
    rates.push(logIns)
  }
  console.log(`\nLog-ins against argon2 alone, ${concurrency} at once, medians of ${rounds} rounds of ${slices} slices of ${sliceMilliseconds / 1000} s in turn`)
  console.log(`  log-ins a second          ${median(rates).toFixed(1)}, ${(100 * median(ratios)).toFixed(0)} % of argon2 alone (rounds: ${ratios.map((ratio) => (100 * ratio).toFixed(0)).join(', ')})`)
  console.log(`  /auth/refresh meanwhile   p50 ${ms(median(refreshes))}, p99 ${ms(quantile(refreshes, 0.99))} (${refreshes.length})`)
  const databaseCost = databaseCosts.reduce((sum, cost) => sum + cost, 0)
  console.log(`  processor time each       argon2 ${ms(hashCost)}, the rest of auth ${ms(authCost - hashCost)}, PostgreSQL ${ms(databaseCost)}`)
}

const residentMegabytes = (pid: number) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

async function crowd (post: Post, pid: number, emails: string[]) {
  const seen: Array<{ before: number, peak: number, accepted: number, refused: number, slowestRefusal: number, refreshes: number[] }> = []
  for (let round = 0; round < rounds; round++) {
    const before = residentMegabytes(pid)
    let peak = before
    const watch = setInterval(() => { peak = Math.max(peak, residentMegabytes(pid)) }, 20)
    const stop = await startRefreshing(post, emails[0]!)
    const answers = await Promise.all(Array.from({ length: burst }, (_, n) => post('/auth/login', { email: emails[1 + (round * burst + n) % (emails.length - 1)], password })))
    const refreshes = await stop()
    clearInterval(watch)
    const of = (wanted: number) => answers.filter(({ status }) => status === wanted)
    if (of(200).length + of(503).length !== burst || of(503).some(({ headers }) => headers['retry-after'] === undefined)) throw new Error(`The answers were ${[...new Set(answers.map(({ status }) => status))].join(', ')}`)
    seen.push({ before, peak, accepted: of(200).length, refused: of(503).length, slowestRefusal: Math.max(...of(503).map(({ milliseconds }) => milliseconds)), refreshes })
    await delay(1000)
  }
  const middle = (of: (round: typeof seen[number]) => number) => median(seen.map(of))
  console.log(`\n${burst} log-ins at once, medians of ${rounds} rounds`)
  console.log(`  answers                   ${middle((round) => round.accepted)} by 200, ${middle((round) => round.refused)} by 503 with Retry-After, the slowest of those after ${ms(middle((round) => round.slowestRefusal))}`)
  console.log(`  resident memory           ${middle((round) => round.before).toFixed(0)} MB before, ${middle((round) => round.peak).toFixed(0)} MB at most (rounds: ${seen.map(({ peak }) => peak.toFixed(0)).join(', ')})`)
  const refreshes = seen.flatMap((round) => round.refreshes)
  console.log(`  /auth/refresh meanwhile   p50 ${ms(median(refreshes))}, p99 ${ms(quantile(refreshes, 0.99))} (${refreshes.length})`)
}

async function timing (post: Post, database: TestDatabase, emails: string[]) {
  const third = Math.floor(emails.length / 3)
  const [wrong, locked, disabled] = [emails.slice(0, third), emails.slice(third, 2 * third), emails.slice(2 * third)]
  await database.asSuperuser("UPDATE auth.users SET status = 'disabled' WHERE email_key = ANY ($1)", [disabled])
  await database.asSuperuser("INSERT INTO auth.login_back_offs (bucket, failures, blocked_until) SELECT encode(sha256(convert_to(email, 'UTF8')), 'hex'), 30, now() + interval '1 hour' FROM unnest($1::text[]) email ON CONFLICT (bucket) DO UPDATE SET blocked_until = excluded.blocked_until", [locked])
  const attempts: Record<string, (n: number) => object> = {
    'an unknown address': (n) => ({ email: `nobody-${n}@example.com`, password }),
    'a wrong password': (n) => ({ email: wrong[n], password: 'not the password' }),
    'a locked account': (n) => ({ email: locked[n], password }),
    'a disabled account': (n) => ({ email: disabled[n], password }),
  }
  const times = new Map(Object.keys(attempts).map((name) => [name, [] as number[]]))
  for (let n = -5; n < samples; n++) {
    for (const [name, attempt] of Object.entries(attempts).sort(() => Math.random() - 0.5)) {
      const { status, milliseconds } = await post('/auth/login', attempt((n + samples) % samples))
      if (status !== 401) throw new Error(`${name} was answered by ${status}`)
      if (n >= 0) times.get(name)?.push(milliseconds)
    }
  }
  console.log(`\nLog-ins that are refused, one at a time, ${samples} of each, interleaved`)
  const medians = [...times].map(([name, all]) => {
    console.log(`  ${name.padEnd(26)}p50 ${ms(median(all))}`)
    return median(all)
  })
  console.log(`  ${'greatest difference'.padEnd(26)}${ms(Math.max(...medians) - Math.min(...medians))}`)
}

async function main () {
  const ends: Array<() => unknown> = []
  const teardown: Ends = (end) => ends.push(end)
  const folder = mkdtempSync(join(tmpdir(), 'daymark-bench-'))
  closeFolder(folder)
  teardown(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const server = await ensureTestServer(folder, process.env)
    teardown(server.stop)
    Object.assign(process.env, server.environment)
    const database = await createTestDatabase({ teardown })
    const hash = await argon2.hash(password, { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 })
    await database.asSuperuser(`
      INSERT INTO auth.users (id, email, email_key, password_hash)
      SELECT gen_random_uuid(), mail, mail, $2 FROM generate_series(1, $1::integer) g, concat(g, '@example.com') mail`, [users, hash])
    const emails = (await database.asSuperuser<{ email: string }>('SELECT email FROM auth.users ORDER BY email')).map(({ email }) => email)
    const { post, pid } = await startAuth(database, teardown)
    const [settings] = await database.asSuperuser<{ server_version: string }>('SHOW server_version')
    console.log(`argon2id m=19456 t=2 p=1; one auth process, its load from another, PostgreSQL ${settings?.server_version} over TLS, Node ${process.version}`)
    await delay(1000) // until what the start needed is given back
    console.log(`  resident memory at rest   ${residentMegabytes(pid).toFixed(0)} MB`)
    await throughput(post, pid, database, hash, emails, teardown)
    await crowd(post, pid, emails)
    await timing(post, database, emails)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

await main()
