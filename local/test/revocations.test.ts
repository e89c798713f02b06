import { createTestDatabase } from '@daymark/kit/test-database'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startProduct } from '../product.ts'

const manyRequests = { RATE_LIMIT_PER_MINUTE: '1000000' }
const database = await createTestDatabase(t)
const product = await startProduct({
  databaseUrlOf: database.urlFor,
  databaseCaFile: database.caFile ?? '',
  settings: { auth: { ...manyRequests, SIGN_UP_PER_ADDRESS: '1000', LOGIN_PER_ADDRESS: '1000' }, tasks: manyRequests },
  report: () => {},
})
t.teardown(() => product.stop())

interface SignedIn { user: { id: string, email: string }, session_id: string, access_token: string, refresh_token: string }
const password = 'a quiet morning on the river, 1974'

async function ask (method: string, url: string, who?: SignedIn, body?: object) {
  const response = await fetch(url, {
    method,
    headers: { ...who && { authorization: `Bearer ${who.access_token}` }, ...body && { 'content-type': 'application/json' } },
    ...body && { body: JSON.stringify(body) },
  })
  return { status: response.status, body: await response.text() }
}
const auth = async (method: string, path: string, who?: SignedIn, body?: object) => await ask(method, product.authUrl + path, who, body)
const signedIn = async (path: string, email: string) => JSON.parse((await auth('POST', path, undefined, { email, password })).body) as SignedIn
const logIn = (email: string) => signedIn('/auth/login', email)
const tasksOf = ({ user }: SignedIn) => `${product.tasksUrl}/api/${user.id}/tasks`

/** How many requests the auth service has answered on its public listener, but for those for its keys, which are fetched now and then. */
async function answeredByAuth () {
  const metrics = await (await fetch(`http://127.0.0.1:${product.ports.authInternal}/metrics`)).text()
  return [...metrics.matchAll(/^http_request_duration_seconds_count\{(?![^}]*jwks)[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** People who use their tasks without a pause; counts their requests, and whoever is turned away. */
function startLoad (people: SignedIn[]) {
  const seen = { requests: 0, refused: [] as number[] }
  const over = new AbortController()
  const loops = people.flatMap((who) => [
    async () => await ask('GET', tasksOf(who), who),
    async () => await ask('POST', tasksOf(who), who, { title: 'Water the plants' }),
  ]).map(async (request) => {
    while (!over.signal.aborted) {
      const { status } = await request()
      seen.requests++
      if (status >= 300) seen.refused.push(status)
    }
  })
  return {
    seen,
    async stop () {
      over.abort()
      await Promise.all(loops)
    },
  }
}

t.test('SEC-62, SEC-48: under load an ended session is refused by the tasks service, nobody else is, and auth is asked nothing', async (t) => {
  const people = await Promise.all(Array.from({ length: 4 }, () => signedIn('/auth/signup', `${randomUUID()}@example.com`)))
  const [ada] = people as [SignedIn]
  const load = startLoad(people)
  const ends: Record<string, (who: SignedIn) => Promise<{ status: number }>> = {
    'ended by its owner': (who) => auth('DELETE', `/auth/sessions/${who.session_id}`, ada),
    'ended with all others': () => auth('DELETE', '/auth/sessions', ada),
    'logged out': (who) => auth('POST', '/auth/logout', undefined, { refresh_token: who.refresh_token }),
  }
  const waits: number[] = []
  for (const [how, end] of Object.entries(ends)) {
    for (let round = 0; round < 3; round++) {
      const who = await logIn(ada.user.email)
      t.equal((await ask('GET', tasksOf(who), who)).status, 200)
      t.equal((await end(who)).status, 204, how)
      const start = performance.now()
      while ((await ask('GET', tasksOf(who), who)).status !== 401) {
        if (performance.now() - start > 60_000) throw new Error(`A session that was ${how} is let in still`)
        await delay(5)
      }
      waits.push(performance.now() - start)
      t.equal((await ask('POST', tasksOf(who), who, { title: 'x' })).status, 401)
    }
  }
  const [asked, served] = [await answeredByAuth(), load.seen.requests]
  while (load.seen.requests < served + 200) await delay(20)
  t.equal(await answeredByAuth(), asked, 'two hundred requests of the tasks service are none of auth')
  await load.stop()
  t.same(load.seen.refused, [])
  t.comment(`refused after ${Math.round(Math.max(...waits))} ms at most, beside ${load.seen.requests} requests`)
})
