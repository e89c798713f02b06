import t from 'tap'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { SessionPage, SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, refresh, internal, serviceToken, database } = await startAuth(t)

interface Feed { epoch: string, position: number, items: Array<{ position: number, kind: string, subject: string }> }
const read = async (query = '', token?: string) => internal.inject({ url: `/internal/revocations${query}`, headers: { 'x-service-token': token ?? await serviceToken() } })
const feed = async (query = '') => (await read(query)).json<Feed>()
const logIn = async (email: string) => (await call('POST', '/auth/login', { email, password })).json<SignedIn>()
const sessions = async (who: SignedIn) => (await call('GET', '/auth/sessions', undefined, bearer(who))).json<SessionPage>().items

t.test('SEC-47: the list shows device, address and times, marks the current one, and holds no secret', async (t) => {
  const ada = await signUp('ada@example.com')
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
  const other = (await call('POST', '/auth/login', { email: 'ada@example.com', password }, { 'user-agent': firefox })).json<SignedIn>()
  const items = await sessions(ada)
  t.same(items.map(({ id, is_current: isCurrent }) => ({ id, isCurrent })).sort((a, b) => a.id < b.id ? -1 : 1), [{ id: ada.session_id, isCurrent: true }, { id: other.session_id, isCurrent: false }])
  t.match(items.find(({ id }) => id === other.session_id), { device: 'Firefox on Linux', address: '127.0.0.1', created_at: /Z$/, last_seen_at: /Z$/, expires_at: /Z$/ })
  t.notMatch(JSON.stringify(items), /sealed|token|v1\./)
})

t.test('SEC-47, SEC-48: ending one, the others, someone else\'s', async (t) => {
  const [ada, mallory] = [await signUp('owner@example.com'), await signUp()]
  const [second, third, fourth] = [await logIn('owner@example.com'), await logIn('owner@example.com'), await logIn('owner@example.com')]
  t.equal((await call('DELETE', `/auth/sessions/${second.session_id}`, undefined, bearer(mallory))).statusCode, 404)
  t.equal((await call('DELETE', `/auth/sessions/${randomUUID()}`, undefined, bearer(ada))).statusCode, 404)
  t.equal((await call('DELETE', '/auth/sessions/nonsense', undefined, bearer(ada))).statusCode, 400)
  t.equal((await call('DELETE', `/auth/sessions/${second.session_id}`)).statusCode, 401)
  t.equal((await refresh(second.refresh_token)).statusCode, 200)

  t.equal((await call('DELETE', `/auth/sessions/${second.session_id}`, undefined, bearer(ada))).statusCode, 204)
  t.equal((await call('DELETE', `/auth/sessions/${second.session_id}`, undefined, bearer(ada))).statusCode, 404, 'it is gone')
  t.equal((await refresh(second.refresh_token)).statusCode, 401)

  t.equal((await call('DELETE', '/auth/sessions', undefined, bearer(third))).statusCode, 204)
  t.same((await sessions(third)).map(({ id }) => id), [third.session_id])
  for (const gone of [ada, fourth]) t.equal((await call('GET', '/auth/me', undefined, bearer(gone))).statusCode, 401)
  t.equal((await call('GET', '/auth/me', undefined, bearer(mallory))).statusCode, 200, 'nobody else\'s')
})

t.test('SEC-62: every end of a session is in the feed, once, in order', async (t) => {
  const before = await feed()
  const email = `${randomUUID()}@example.com`
  const first = await signUp(email)
  const [second, third, fourth] = [await logIn(email), await logIn(email), await logIn(email)]
  await call('POST', '/auth/logout', { refresh_token: first.refresh_token })
  await call('POST', '/auth/logout', { refresh_token: first.refresh_token })
  await call('DELETE', `/auth/sessions/${second.session_id}`, undefined, bearer(third))
  await call('DELETE', '/auth/sessions', undefined, bearer(third))
  const stale = (await refresh(third.refresh_token)).json<SignedIn>()
  await refresh(stale.refresh_token)
  await refresh(third.refresh_token) // two generations back
  const after = await feed(`?since=${before.position}&epoch=${before.epoch}`)
  t.same(after.items.map(({ position, subject }) => [position, subject]), [first, second, fourth, third].map(({ session_id: id }, index) => [before.position + 1 + index, id]))
  t.equal(after.position, before.position + 4)
})

t.test('SEC-62: a waiting reader is told at once; without news there is a beat', async (t) => {
  const ada = await signUp()
  const { epoch, position } = await feed()
  const beat = await feed(`?since=${position}&epoch=${epoch}&wait=1`)
  t.same(beat, { epoch, position, items: [] })
  const waiting = feed(`?since=${position}&epoch=${epoch}&wait=30`)
  await call('POST', '/auth/logout', { refresh_token: ada.refresh_token })
  t.match(await waiting, { position: position + 1, items: [{ kind: 'session', subject: ada.session_id }] })
})

t.test('SEC-62: a thousand parallel ends reach a reader who follows, none lost and none twice', async (t) => {
  const start = await feed()
  const users = await Promise.all(Array.from({ length: 4 }, () => signUp()))
  await database.asSuperuser(`
    INSERT INTO auth.sessions (id, user_id, sealed_token_key, idle_expires_at, absolute_expires_at)
    SELECT gen_random_uuid(), u.id::uuid, 'none', now() + interval '1 day', now() + interval '1 day' FROM unnest($1::text[]) u (id), generate_series(1, 250)`, [users.map(({ user }) => user.id)])
  const ids = await database.asSuperuser<{ id: string, user_id: string }>("SELECT id, user_id FROM auth.sessions WHERE sealed_token_key = 'none'")
  const over = new AbortController()
  const seen: number[] = []
  const subjects = new Set<string>()
  const reader = (async () => {
    let position = start.position
    while (!over.signal.aborted || seen.length < ids.length) {
      const page = await feed(`?since=${position}&epoch=${start.epoch}&wait=1`)
      for (const item of page.items) { seen.push(item.position); subjects.add(item.subject) }
      position = page.position
    }
  })()
  await Promise.all(ids.map(async ({ id, user_id: userId }) => {
    const end = () => call('DELETE', `/auth/sessions/${id}`, undefined, bearer(users.find(({ user }) => user.id === userId)!))
    while ((await end()).statusCode === 503); // a crowd that a slow machine cannot serve in time is asked to come again
  }))
  over.abort()
  await reader
  t.same(seen, seen.map((_, index) => start.position + 1 + index))
  t.same(subjects, new Set(ids.map(({ id }) => id)))
})

t.test('DESIGN 3: after a restore the old positions are void', async (t) => {
  const { epoch, position } = await feed()
  await database.asSuperuser('UPDATE auth.revocation_feed SET epoch = gen_random_uuid()')
  const response = await read(`?since=${position}&epoch=${epoch}`)
  t.equal(response.statusCode, 410)
  t.match(response.json(), { type: '/problems/epoch-changed' })
  t.equal((await read()).statusCode, 200)
})

t.test('SEC-68, SEC-81: the feed is for services, on the internal listener alone', async (t) => {
  const ada = await signUp()
  for (const token of ['', 'x', ada.access_token, await serviceToken({ aud: 'daymark-tasks' }), await serviceToken({}, {}, generateKeyPairSync('ed25519').privateKey)]) {
    t.equal((await read('', token)).statusCode, 401)
  }
  t.equal((await internal.inject({ url: '/internal/revocations', headers: bearer(ada) })).statusCode, 401)
  t.equal((await call('GET', '/internal/revocations', undefined, { 'x-service-token': await serviceToken() })).statusCode, 404)
})
