import t from 'tap'
import fc from 'fast-check'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Teardown } from '@daymark/kit/test-database'
import type { Change, ChangesSince, Task } from '../contracts.ts'
import { changesOf } from './replay.ts'
import { startWire } from '@daymark/kit/test-wire'
import { startTasks, type User } from './start-tasks.ts'

type Tasks = Awaited<ReturnType<typeof startTasks>>
interface Event { event: string, id: string, data: { seq: number, action: string, object_id: string, reason?: string } }

/** A process of its own as far as the other can tell: another pool, another listener; it answers on a port. */
async function startProcess (t: Teardown, on?: Tasks, settings: Record<string, string> = {}, wired: { port?: number } = {}) {
  const listens = (database: Tasks['database']) => ({ DATABASE_LISTEN_URL: database.urlFor('tasks_service') })
  const first = on ?? await startTasks(t, { DATABASE_POOL_SIZE: '2' })
  const tasks = await startTasks(t, { ...listens(first.database), DATABASE_POOL_SIZE: '2', ...settings }, { on: first, ...wired })
  await tasks.app.listen({ host: '127.0.0.1', port: 0 })
  const origin = `http://127.0.0.1:${(tasks.app.server.address() as AddressInfo).port}`
  return { ...tasks, origin }
}
type Process = Awaited<ReturnType<typeof startProcess>>

const first = await startProcess(t)
const second = await startProcess(t, first)

/** An open stream of events, read one by one. */
async function follow ({ origin }: Pick<Process, 'origin'>, user: User, headers: Record<string, string> = {}) {
  const over = new AbortController()
  const response = await fetch(`${origin}/api/${user.id}/events`, { headers: { ...user.headers, ...headers }, signal: over.signal })
  const all = blocksOf(response)
  const blocks = { [Symbol.asyncIterator]: () => ({ next: () => all.next() }) } // a loop that is left does not end it
  return {
    status: response.status,
    headers: response.headers,
    body: () => response.json(),
    /** The next that is no comment, or what the stream ended with. */
    async next (): Promise<Event | undefined> {
      for await (const block of blocks) {
        const fields = new Map(block.split('\n').map((line) => { const [name = '', ...value] = line.split(': '); return [name, value.join(': ')] }))
        if (fields.has('event')) return { event: fields.get('event') ?? '', id: fields.get('id') ?? '', data: JSON.parse(fields.get('data') ?? '') as Event['data'] }
      }
      return undefined
    },
    /** The next of any kind. */
    block: async () => (await all.next()).value,
    async comment (): Promise<string> {
      for await (const block of blocks) if (block.startsWith(':')) return block
      throw new Error('The stream has ended')
    },
    drop: () => { over.abort() },
  }
}

async function * blocksOf ({ body }: Response) {
  let rest = ''
  const decoder = new TextDecoder()
  const reader = body!.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield part
  }
}

const rename = (on: Process, user: User, { id }: Task, title: string) => on.call('PATCH', `/api/${user.id}/tasks/${id}`, user, { title })
const numberOf = ({ headers }: Awaited<ReturnType<Process['call']>>) => Number(headers['daymark-change'])
const waitFor = (on: Process, user: User, since: number, wait = 25) => on.call('GET', `/api/${user.id}/changes?since=${since}&wait=${wait}`, user)
const ready = async (stream: Awaited<ReturnType<typeof follow>>) => { await stream.comment() }

for (const [where, writer] of [['of the same process', first], ['of another process on the same database', second]] as const) {
  t.test(`FR-241: a stream tells the change that a writer ${where} has made`, async (t) => {
    const ada = await first.signUp()
    const task = await first.createTask(ada)
    const stream = await follow(first, ada)
    t.equal(stream.status, 200)
    t.match(stream.headers.get('content-type'), /^text\/event-stream/)
    await ready(stream)
    const seq = numberOf(await rename(writer, ada, task, 'Other'))
    t.match(await stream.next(), { event: 'change', id: String(seq), data: { seq, object_id: task.id, action: 'updated', before: { title: task.title }, after: { title: 'Other' } } })
    stream.drop()
  })

  t.test(`FR-240: who waits for changes is answered when a writer ${where} has made one`, async (t) => {
    const ada = await first.signUp()
    const task = await first.createTask(ada)
    const waiting = waitFor(first, ada, 2)
    const seq = numberOf(await rename(writer, ada, task, 'Other'))
    t.match((await waiting).json<ChangesSince>(), { items: [{ seq }], since: seq, has_more: false })
  })
}

t.test('FR-240: where there is something the answer comes at once, and where nothing comes, empty', async (t) => {
  const ada = await first.signUp()
  await first.createTask(ada)
  t.equal((await waitFor(first, ada, 0)).json<ChangesSince>().items.length, 2)
  t.same((await waitFor(first, ada, 2, 1)).json(), { items: [], since: 2, has_more: false })
  t.match((await waitFor(first, ada, 2, 26)).json(), { status: 400, errors: [{ pointer: '/querystring/wait' }] })
})

t.test('FR-241: a stream begins by telling the number behind which it does, so that one which breaks before the first change loses nothing', async (t) => {
  const ada = await first.signUp()
  const task = await first.createTask(ada)
  const response = await fetch(`${first.origin}/api/${ada.id}/events`, { headers: ada.headers })
  const blocks = blocksOf(response)
  let block = (await blocks.next()).value ?? ''
  while (!/^id: /m.test(block)) block = (await blocks.next()).value ?? ''
  t.equal(block, 'id: 2\nretry: 2000')
  await response.body?.cancel().catch(() => {})
  await blocks.return(undefined)
  const seq = numberOf(await rename(first, ada, task, 'While nobody followed'))
  const stream = await follow(first, ada, { 'last-event-id': '2' })
  t.match(await stream.next(), { event: 'change', id: String(seq) })
  stream.drop()
})

t.test('FR-241: nobody hears of another\'s changes', async (t) => {
  const [ada, bob] = [await first.signUp(), await first.signUp()]
  await first.createTask(ada)
  const stream = await follow(first, bob, { 'last-event-id': '0' })
  await ready(stream)
  await first.createTask(ada)
  await second.createTask(ada)
  await first.createTask(bob)
  const inbox = await stream.next()
  t.match([inbox, await stream.next()], [{ id: '1', data: { action: 'created', object_type: 'list' } }, { id: '2', data: { after: { title: String } } }])
  t.equal((await fetch(`${first.origin}/api/${ada.id}/events`, { headers: bob.headers })).status, 403)
  t.equal((await fetch(`${first.origin}/api/${ada.id}/events`)).status, 401)
  const odd = await follow(first, bob, { 'last-event-id': 'x' })
  t.match([odd.status, await odd.body()], [400, { errors: [{ pointer: '/headers/last-event-id' }] }])
  stream.drop()
})

t.test('FR-242: resumed by Last-Event-ID after any drops, between processes, a stream loses nothing and repeats nothing', async (t) => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), by: fc.nat(1), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('drop' as const), to: fc.nat(1) }),
  )
  const processes = [first, second]
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
    const user = await first.signUp()
    const task = await first.createTask(user)
    const seen: number[] = []
    let last = '0'
    let made = 2
    const writes: Array<Promise<unknown>> = []
    let stream = await follow(first, user, { 'last-event-id': last })
    const read = async () => {
      const next = await stream.next()
      if (next?.event !== 'change') throw new Error(`The stream ended: ${JSON.stringify(next)}`)
      seen.push(next.data.seq)
      last = next.id
    }
    for (const step of acts) {
      if (step.kind === 'write') {
        for (let n = 0; n < step.count; n++) writes.push(rename(processes[step.by]!, user, task, `${made} ${n} ${Math.random()}`))
        made += step.count
      } else if (step.kind === 'read') {
        for (let n = 0; n < step.count && seen.length < made; n++) await read()
      } else {
        stream.drop()
        stream = await follow(processes[step.to]!, user, { 'last-event-id': last })
      }
    }
    await Promise.all(writes)
    while (seen.length < made) await read()
    stream.drop()
    const log = (await changesOf(first.database, user)).map(({ seq }) => Number(seq))
    if (!t.strictSame(seen, log, 'each once, in order')) throw new Error('A change was lost or told twice')
  }), { numRuns: 25, endOnFailure: true })
})

t.test('FR-243, SEC-62: a stream and a waiting request end with their session, within two seconds', async (t) => {
  const ada = await first.signUp()
  await first.createTask(ada)
  const claims = first.issuer.claimsOf(ada.id)
  const device = { id: ada.id, headers: { authorization: `Bearer ${await first.issuer.sign(claims)}` } }
  const [stream, spared] = [await follow(first, device), await follow(first, ada)]
  await ready(stream)
  await ready(spared)
  const waiting = waitFor(first, device, 2)
  await first.call('GET', `/api/${ada.id}/lists`, ada)
  const from = Date.now()
  first.issuer.revoke('session', claims.sid)
  t.match(await stream.next(), { event: 'end', data: { reason: 'revoked' } })
  t.ok(Date.now() - from < 2000)
  t.equal(await stream.next(), undefined, 'and nothing after it')
  t.equal((await waiting).statusCode, 401)
  t.equal((await follow(first, device)).status, 401)
  await first.createTask(ada)
  t.match(await spared.next(), { event: 'change' }, 'another session of theirs goes on')
  spared.drop()
})

t.test('FR-243: a stream ends when its token does, and so does a waiting request', async (t) => {
  const ada = await first.signUp()
  await first.createTask(ada)
  const now = Math.floor(Date.now() / 1000)
  const exp = now + 8
  const short = { id: ada.id, headers: { authorization: `Bearer ${await first.issuer.sign({ ...first.issuer.claimsOf(ada.id), exp })}` } }
  const stream = await follow(first, short)
  t.equal(stream.status, 200)
  const waiting = waitFor(first, short, 2)
  t.match(await stream.next(), { event: 'end', data: { reason: 'expired' } })
  t.ok(Date.now() >= exp * 1000)
  t.equal((await waiting).statusCode, 401)
})

/** A connection that asks for everything and then takes nothing: more has happened than fits between it and the service. */
async function stall ({ origin, app }: Pick<Process, 'origin' | 'app'>, user: User) {
  const { hostname, port } = new URL(origin)
  const accepted = once(app.server, 'connection') as Promise<[Socket]>
  const socket = connect(Number(port), hostname).on('error', () => {}).pause()
  socket.write(`GET /api/${user.id}/events HTTP/1.1\r\nhost: tasks\r\nauthorization: ${user.headers.authorization}\r\nlast-event-id: 0\r\n\r\n`)
  const [served] = await accepted
  while (served.writableLength === 0) await delay(20)
  return socket
}

/** A user of whom much is to be told: so many changes, each of 160 kB. */
async function withLongLog (changes: number) {
  const user = await first.signUp()
  await first.createTask(user)
  await first.database.asSuperuser(`
    INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
    SELECT user_id, c.seq + n, object_type, object_id, 'updated', jsonb_build_object('description', repeat('🌿', 20000)), jsonb_build_object('description', repeat('🌵', 19990) || n), actor_id, request_id
    FROM tasks.changes c, generate_series(1, $2::integer) n WHERE user_id = $1 AND seq = 2`, [user.id, changes])
  await first.database.asSuperuser('UPDATE tasks.accounts SET seq = seq + $2 WHERE user_id = $1', [user.id, changes])
  return user
}

for (const [why, seconds] of [['session ends', 300], ['token expires', 6]] as const) {
  t.test(`FR-243: a reader that takes nothing loses its place when its ${why}`, async (t) => {
    const narrow = await startProcess(t, first, { LIVE_PER_USER: '1' })
    const ada = await withLongLog(60)
    const claims = { ...narrow.issuer.claimsOf(ada.id), exp: Math.floor(Date.now() / 1000) + seconds }
    const socket = await stall(narrow, { id: ada.id, headers: { authorization: `Bearer ${await narrow.issuer.sign(claims)}` } })
    const isFull = async () => (await waitFor(narrow, ada, 1_000_000, 1)).statusCode === 429
    t.ok(await isFull())
    if (seconds === 300) narrow.issuer.revoke('session', claims.sid)
    while (await isFull()) await delay(50)
    socket.destroy()
  })
}

t.test('FR-247: a reader that takes nothing does not keep a service from stopping', async (t) => {
  const stopping = await startProcess(t, first)
  const socket = await stall(stopping, await withLongLog(60))
  await stopping.app.close()
  t.pass('it stopped')
  socket.destroy()
})

t.test('FR-241: readers that take nothing hold little in memory, and one that takes long misses nothing of it', async (t) => {
  const ada = await withLongLog(100)
  setFlagsFromString('--expose-gc')
  const used = () => {
    (runInNewContext('gc') as () => void)()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  const sockets: Socket[] = []
  while (sockets.length < 15) sockets.push(await stall(first, ada))
  const each = (used() - before) / sockets.length
  t.ok(each < 1_500_000, `each holds ${Math.round(each / 1000)} kB`)
  for (const socket of sockets) socket.destroy()
  const slow = await follow(first, ada, { 'last-event-id': '0' })
  await delay(500)
  for (let seq = 1; seq <= 102; seq++) t.equal((await slow.next())?.data.seq, seq)
  slow.drop()
})

t.test('FR-244: one account, and all together, can have so many waiting; who goes makes room', async (t) => {
  const small = await startProcess(t, first, { LIVE_PER_USER: '2', LIVE_TOTAL: '3' })
  const [ada, bob] = [await small.signUp(), await small.signUp()]
  for (const user of [ada, bob]) await small.createTask(user)
  const [one, two] = [await follow(small, ada), await follow(small, ada)]
  for (const stream of [one, two]) await ready(stream)
  const third = await follow(small, ada)
  t.equal(third.status, 429)
  t.ok(third.headers.get('retry-after'))
  t.match(await third.body(), { type: '/problems/too-many-requests', detail: /At most 2/ })
  t.equal((await waitFor(small, ada, 2)).statusCode, 429, 'a waiting request counts as well')
  t.equal((await waitFor(small, ada, 0)).statusCode, 200, 'one that need not wait does not')
  const other = await follow(small, bob)
  await ready(other)
  const full = await follow(small, bob)
  t.equal(full.status, 503)
  t.ok(full.headers.get('retry-after'))
  one.drop()
  let again = await follow(small, ada)
  while (again.status !== 200) again = await follow(small, ada)
  for (const stream of [two, other, again]) stream.drop()
})

t.test('FR-245: a listening connection that is killed is made again, and nothing is lost meanwhile', async (t) => {
  const ada = await first.signUp()
  const task = await first.createTask(ada)
  const stream = await follow(first, ada)
  await ready(stream)
  const listeners = async () => (await first.database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'daymark notifications'")).length
  const listens = async () => { while (await listeners() === 0) await new Promise((resolve) => setTimeout(resolve, 50)) }
  for (let round = 0; round < 3; round++) {
    await listens()
    const killed = await first.database.asSuperuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'daymark notifications'")
    t.ok(killed.length > 0, 'something listened')
    const during = numberOf(await rename(second, ada, task, `During ${round}`))
    t.match(await stream.next(), { data: { seq: during } }, 'what was written in between is found by asking')
    await listens()
    const after = numberOf(await rename(second, ada, task, `After ${round}`))
    t.match(await stream.next(), { data: { seq: after } })
  }
  stream.drop()
})

t.test('FR-242: a change is told also where the answer to its commit was lost', async (t) => {
  const wire = await startWire(t)
  const wired = await startProcess(t, first, {}, { port: wire.port })
  const ada = await first.signUp()
  const task = await first.createTask(ada)
  await wired.call('GET', `/api/${ada.id}/tasks`, ada) // a connection is there
  const stream = await follow(first, ada)
  await ready(stream)
  t.match(await stream.block(), /^id: 2\nretry/)
  await delay(2000) // it looks once more while it begins to listen
  wire.loseAnswers()
  t.equal((await rename(wired, ada, task, 'Other')).statusCode, 503)
  t.match(await stream.block(), /^id: 3\n/, 'before anything else, such as what is sent every 15 seconds')
  stream.drop()
})

t.test('FR-245: where only a pooler can be reached, who waits is served by asking', async (t) => {
  const pooled = await startProcess(t, first, { DATABASE_LISTEN_URL: '' })
  const ada = await first.signUp()
  const task = await first.createTask(ada)
  const stream = await follow(pooled, ada)
  await ready(stream)
  const seq = numberOf(await rename(second, ada, task, 'Other'))
  t.match(await stream.next(), { data: { seq } })
  stream.drop()
})

t.test('FR-246: many who wait hold no connection of the database: others are served', async (t) => {
  const ada = await first.signUp()
  const task = await first.createTask(ada)
  const streams = await Promise.all(Array.from({ length: 15 }, () => follow(first, ada)))
  for (const stream of streams) await ready(stream)
  t.equal((await first.call('GET', `/api/${ada.id}/tasks/${task.id}`, ada)).statusCode, 200)
  const busy = async () => (await first.database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND state <> 'idle'")).length
  while (await busy() > 0) { /* their first look is over soon */ }
  const seq = numberOf(await rename(second, ada, task, 'Other'))
  for (const stream of streams) t.match(await stream.next(), { data: { seq } })
  for (const stream of streams) stream.drop()
})

t.test('FR-246: the database is asked while somebody waits, and with nobody waiting for nothing', async (t) => {
  const pooled = await startProcess(t, first, { DATABASE_LISTEN_URL: '' })
  const ada = await pooled.signUp()
  const stream = await follow(pooled, ada)
  await ready(stream)
  const asked = async () => (await first.database.asSuperuser<{ at: Date | null }>("SELECT max(query_start) AS at FROM pg_stat_activity WHERE query LIKE '%tasks.last_changes(%' AND pid <> pg_backend_pid() AND datname = current_database()"))[0]?.at?.getTime() ?? 0
  const begun = await asked()
  while (await asked() === begun) await new Promise((resolve) => setTimeout(resolve, 100))
  stream.drop()
  for (let before = 0, now = await asked(); before !== now; before = now, now = await asked()) await new Promise((resolve) => setTimeout(resolve, 2500)) // ends where it stops
  t.pass('it stopped')
})

t.test('FR-241: a stream that nothing happens on is kept alive', async (t) => {
  const ada = await first.signUp()
  const stream = await follow(first, ada)
  await ready(stream)
  t.match(await stream.comment(), /^:/)
  stream.drop()
})

t.test('FR-247: a stopping service ends its streams, and answers who waits', async (t) => {
  const stopping = await startProcess(t, first, { LIVE_PER_USER: '2' })
  const ada = await stopping.signUp()
  await stopping.createTask(ada)
  const stream = await follow(stopping, ada)
  await ready(stream)
  // One of those below may have its place just then.
  const wait = async (): Promise<Response> => {
    const answer = await fetch(`${stopping.origin}/api/${ada.id}/changes?since=2&wait=25`, { headers: ada.headers })
    return answer.status === 429 ? await wait() : answer
  }
  const waiting = wait()
  for (let more = await follow(stopping, ada); more.status !== 429; more = await follow(stopping, ada)) more.drop() // until both are in
  const closed = stopping.app.close()
  t.match(await stream.next(), { event: 'end', data: { reason: 'closing' } })
  t.equal(await stream.next(), undefined)
  t.match(await (await waiting).json() as ChangesSince, { items: [] as Change[] })
  await closed
})
