import t from 'tap'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { setTimeout as delay } from 'node:timers/promises'
import type { SigningKeyPage, SignedIn } from '../contracts.ts'
import { startAuth } from './start-auth.ts'

type Auth = Awaited<ReturnType<typeof startAuth>>
type State = SigningKeyPage['items'][number]['state']

const kidOf = ({ access_token: token }: SignedIn) => decodeProtectedHeader(token).kid
/** What another instance has changed is seen by each request that begins a second later. */
const untilSeen = () => delay(1010)

/** The keys as the database has them, and a way to let time pass for them. */
function keysOf ({ database }: Pick<Auth, 'database'>) {
  const ids = async (state: State) => (await database.asSuperuser<{ id: string }>('SELECT id FROM auth.signing_keys WHERE state = $1 ORDER BY state_since', [state])).map(({ id }) => id)
  return {
    ids,
    active: async () => (await ids('active'))[0],
    next: async () => (await ids('next'))[0],
    pass: (time: string) => database.asSuperuser('UPDATE auth.signing_keys SET state_since = state_since - $1::interval, created_at = created_at - $1::interval', [time]),
  }
}

const jwksOf = async ({ call }: Auth) => (await call('GET', '/.well-known/jwks.json')).json()
const published = async (auth: Auth): Promise<string[]> => (await jwksOf(auth)).keys.map(({ kid }: { kid: string }) => kid)

t.test('FR-121, FR-122: by hand the next key signs once it has been published for ten minutes, and the old one stays published', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const admin = await auth.makeAdmin()
  const rotate = () => auth.call('POST', '/admin/keys/rotate', undefined, auth.bearer(admin))
  const [first, second] = [await keys.active(), await keys.next()]
  t.same(await published(auth), [first, second], 'the very first signs at once, and the next is published')

  await keys.pass('8 minutes')
  const early = await rotate()
  t.equal(early.statusCode, 409)
  t.match(early.json(), { type: '/problems/next-key-too-new', detail: /may sign from \d{4}-/ })
  t.equal(await keys.active(), first)

  const etag = (await auth.call('GET', '/.well-known/jwks.json')).headers.etag
  await keys.pass('2 minutes')
  const answer = await rotate()
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { items: [{ kid: first, state: 'retired' }, { kid: second, state: 'active' }, { state: 'next', due_at: /Z$/ }], next_cursor: null })
  t.notMatch(answer.body, /sealed|private/)
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), second)
  t.same(await published(auth), [first, second, await keys.next()])
  t.not((await auth.call('GET', '/.well-known/jwks.json')).headers.etag, etag, 'the ETag follows the set')
  t.equal((await auth.call('GET', '/auth/me', undefined, auth.bearer(admin))).statusCode, 200, 'what the retired one signed is good')

  await keys.pass('1 hour')
  await untilSeen()
  t.same(await published(auth), [second, await keys.next()], 'an hour later it is gone')
  t.equal((await auth.call('GET', '/auth/me', undefined, auth.bearer(admin))).statusCode, 401)
})

t.test('FR-121: by schedule a key signs for thirty days; after a sleep of forty the next has long been published', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const [first, second] = [await keys.active(), await keys.next()]
  await keys.pass('29 days')
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), first)
  await keys.pass('11 days')
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), second)
  t.same(await keys.ids('retired'), [first])
})

t.test('FR-121: a new key is published for ten minutes before it signs, also where it is made late', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const first = await keys.active()
  await auth.database.asSuperuser("DELETE FROM auth.signing_keys WHERE state = 'next'") // as the release before left it
  await keys.pass('40 days')
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), first)
  const second = await keys.next()
  t.same(await published(auth), [first, second])
  await keys.pass('8 minutes')
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), first)
  await keys.pass('2 minutes')
  await untilSeen()
  t.equal(kidOf(await auth.signUp()), second)
})

t.test('SEC-64: ten instances that rotate at once, by schedule or by hand, rotate once', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const admin = await auth.makeAdmin()
  const instances = [auth, ...await Promise.all(Array.from({ length: 9 }, () => startAuth(t, { beside: auth, settings: { DATABASE_POOL_SIZE: '2' } })))]
  const [first, second] = [await keys.active(), await keys.next()]

  await keys.pass('31 days')
  await untilSeen()
  const signed = await Promise.all(instances.map((instance) => instance.refresh(admin.refresh_token)))
  t.same(signed.map((answer) => answer.statusCode), instances.map(() => 200))
  t.same({ retired: await keys.ids('retired'), active: await keys.ids('active') }, { retired: [first], active: [second] })
  t.equal((await keys.ids('next')).length, 1)

  const third = await keys.next()
  await keys.pass('10 minutes')
  const answers = await Promise.all(instances.map((instance) => instance.call('POST', '/admin/keys/rotate', undefined, instance.bearer(admin))))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array.from({ length: 9 }, () => 409)])
  t.same({ retired: await keys.ids('retired'), active: await keys.ids('active') }, { retired: [first, second], active: [third] })
  t.equal((await keys.ids('next')).length, 1)
})

t.test('SEC-63: three rotations under constant load on three instances: no verifier, fresh or ten minutes old, refuses a valid token', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const admin = await auth.makeAdmin()
  const instances = [auth, await startAuth(t, { beside: auth }), await startAuth(t, { beside: auth })] as const
  const any = () => instances[Math.floor(Math.random() * instances.length)]!
  const verifier = async () => createLocalJWKSet(await jwksOf(any()))
  const old = await Promise.all(Array.from({ length: 5 }, verifier))
  /** A verifier's set is at most ten minutes old: within as long each has asked again. */
  const tenMinutes = async () => {
    for (const index of old.keys()) old[index] = await verifier()
    await keys.pass('10 minutes')
  }

  const over = new AbortController()
  const seen = new Map<string, number>()
  const problems: string[] = []
  const load = instances.map(async (instance) => {
    let { refresh_token: token } = await auth.signUp()
    const earlier: string[] = []
    while (!over.signal.aborted) {
      const answer = await instance.refresh(token)
      if (answer.statusCode !== 200) { problems.push(answer.body); break }
      const signedIn = answer.json<SignedIn>()
      token = signedIn.refresh_token
      earlier.push(signedIn.access_token)
      seen.set(kidOf(signedIn)!, (seen.get(kidOf(signedIn)!) ?? 0) + 1)
      for (const verify of [await verifier(), old[seen.size % old.length]!]) {
        for (const accessToken of [signedIn.access_token, earlier[Math.floor(Math.random() * earlier.length)]!]) {
          await jwtVerify(accessToken, verify, { issuer: 'http://localhost:3001', audience: 'daymark-tasks' }).catch((error: Error) => problems.push(error.message))
        }
      }
      const other = await any().call('GET', '/auth/me', undefined, auth.bearer(signedIn))
      if (other.statusCode !== 200) problems.push(other.body)
    }
  })
  const untilUsed = async (kid: string | undefined) => { while ((seen.get(kid ?? '') ?? 0) < 5 && problems.length === 0) await delay(20) }
  await untilUsed(await keys.active())
  for (let rotation = 1; rotation <= 3; rotation++) {
    await tenMinutes()
    const answer = await any().call('POST', '/admin/keys/rotate', undefined, auth.bearer(admin))
    t.equal(answer.statusCode, 200)
    await untilUsed(await keys.active())
  }
  over.abort()
  await Promise.all(load)
  t.same(problems, [])
  t.equal(seen.size, 4)
  t.comment(`${[...seen.values()].reduce((sum, count) => sum + count)} tokens, each verified by a fresh and by an old set`)
})

t.test('FR-124: what one instance changes another signs by within a second, and nobody asks the database while nobody asks them', async (t) => {
  const auth = await startAuth(t)
  const other = await startAuth(t, { beside: auth })
  const keys = keysOf(auth)
  const admin = await auth.makeAdmin()
  await other.signUp()
  await keys.pass('10 minutes')
  await auth.call('POST', '/admin/keys/rotate', undefined, auth.bearer(admin))
  await untilSeen()
  t.equal(kidOf(await other.signUp()), await keys.active())

  const lastQuery = async () => (await auth.database.asSuperuser<{ at: string }>("SELECT max(query_start)::text AS at FROM pg_stat_activity WHERE usename = 'auth_service' AND datname = current_database()"))[0]?.at
  const isQuiet = async () => {
    const before = await lastQuery()
    await delay(3000)
    return await lastQuery() === before
  }
  let looks = 1
  while (!await isQuiet() && looks < 10) looks++ // what the last requests began in the background ends
  t.ok(looks < 10)
})

t.test('FR-123, SEC-62: a withdrawn key\'s tokens are refused everywhere, and log-ins go on at once under the next', async (t) => {
  const auth = await startAuth(t)
  const other = await startAuth(t, { beside: auth })
  const keys = keysOf(auth)
  const ada = await auth.makeAdmin()
  const me = (instance: Auth, who: SignedIn) => instance.call('GET', '/auth/me', undefined, auth.bearer(who))
  const withdraw = (kid: string | undefined, who: SignedIn) => auth.call('DELETE', `/admin/keys/${kid}`, undefined, auth.bearer(who))
  const feed = async () => (await auth.internal.inject({ url: '/internal/revocations', headers: { 'x-service-token': await auth.serviceToken() } })).json().items
  for (const instance of [auth, other]) t.equal((await me(instance, ada)).statusCode, 200, 'the verification is cached from here on')

  t.equal((await withdraw('nobody', ada)).statusCode, 404)
  const [first, second] = [await keys.active(), await keys.next()]
  const answer = await withdraw(first, ada)
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { items: [{ kid: second, state: 'active' }, { state: 'next' }] })
  t.match(await feed(), [{ kind: 'key', subject: first }])
  t.same(await auth.database.asSuperuser('SELECT 1 FROM auth.signing_keys WHERE id = $1', [first]), [], 'its private half is gone')
  await untilSeen()
  for (const instance of [auth, other]) {
    t.equal((await me(instance, ada)).statusCode, 401)
    t.same(await published(instance), [second, await keys.next()])
    t.equal(kidOf(await instance.signUp()), second)
  }
  const renewed = await other.refresh(ada.refresh_token)
  t.equal(renewed.statusCode, 200, 'the sessions themselves go on')
  t.equal((await me(auth, renewed.json())).statusCode, 200)
  t.equal((await withdraw(first, renewed.json())).statusCode, 404, 'it is gone')

  await auth.database.asSuperuser("DELETE FROM auth.signing_keys WHERE state = 'next'")
  t.equal((await withdraw(second, renewed.json())).statusCode, 200)
  const third = await keys.active()
  t.ok(third, 'without a next key one is made')
  await untilSeen()
  t.equal(kidOf(await other.signUp()), third)

  const last = (await auth.refresh(renewed.json().refresh_token)).json<SignedIn>()
  t.equal((await withdraw(await keys.next(), last)).statusCode, 200)
  t.equal(await keys.active(), third, 'withdrawing the next one changes nothing for the active one')
  t.ok(await keys.next())
})

t.test('SEC-87, FR-122: who changed which key is on record', async (t) => {
  const auth = await startAuth(t)
  const keys = keysOf(auth)
  const admin = await auth.makeAdmin()
  const events = async () => (await auth.database.asSuperuser<{ event: unknown }>(`
    SELECT jsonb_build_object('action', action, 'actor', actor_id, 'session', session_id, 'details', details, 'request', request_id) AS event
    FROM auth.audit_events WHERE action LIKE 'key.%' ORDER BY id`)).map(({ event }) => event)
  const [first, second] = [await keys.active(), await keys.next()]
  await keys.pass('10 minutes')
  await auth.call('POST', '/admin/keys/rotate', undefined, { ...auth.bearer(admin), 'x-request-id': 'rotation-1' })
  const third = await keys.next()
  await auth.call('DELETE', `/admin/keys/${second}`, undefined, { ...auth.bearer(admin), 'x-request-id': 'withdrawal-1' })
  const fourth = await keys.next()
  const byItself = { actor: null, session: null, request: 'schedule' }
  const byRequest = (request: string) => ({ actor: admin.user.id, session: admin.session_id, request })
  t.same(await events(), [
    { action: 'key.created', details: { kid: first, state: 'active' }, ...byItself },
    { action: 'key.created', details: { kid: second, state: 'next' }, ...byItself },
    { action: 'key.activated', details: { kid: second, retired: first }, ...byRequest('rotation-1') },
    { action: 'key.created', details: { kid: third, state: 'next' }, ...byRequest('rotation-1') },
    { action: 'key.withdrawn', details: { kid: second }, ...byRequest('withdrawal-1') },
    { action: 'key.activated', details: { kid: third }, ...byRequest('withdrawal-1') },
    { action: 'key.created', details: { kid: fourth, state: 'next' }, ...byRequest('withdrawal-1') },
  ])
})

t.test('FR-120, FR-122: the keys are for admins who have just logged in', async (t) => {
  const auth = await startAuth(t)
  const [ada, late] = [await auth.signUp(), await auth.makeAdmin()]
  await auth.database.asSuperuser("UPDATE auth.sessions SET authenticated_at = authenticated_at - interval '11 minutes' WHERE id = $1", [late.session_id])
  for (const [method, url] of [['GET', '/admin/keys'], ['POST', '/admin/keys/rotate'], ['DELETE', `/admin/keys/${await keysOf(auth).active()}`]] as const) {
    t.equal((await auth.call(method, url)).statusCode, 401)
    t.match((await auth.call(method, url, undefined, auth.bearer(late))).json(), { status: 403, type: '/problems/step-up-needed' })
    const refused = await auth.call(method, url, undefined, auth.bearer(ada))
    t.equal(refused.statusCode, 403)
    t.match(refused.json(), { type: '/problems/admins-only' })
  }
})

t.test('FR-124: with the database away, the keys of before are published', async (t) => {
  const auth = await startAuth(t)
  const before = await published(auth)
  await auth.pool.end()
  t.same(await published(auth), before)
})
