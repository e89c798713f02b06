import t from 'tap'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { exportJWK, generateKeyPair } from 'jose'
import { RemoteKeys } from '../src/tokens/remote-keys.ts'
import { startIssuer, startTasks } from './start-tasks.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** A verifier on a clock of its own. */
async function start (t: Parameters<typeof startIssuer>[0]) {
  const issuer = await startIssuer(t)
  const clock = { now: 0 }
  const keys = new RemoteKeys({ url: issuer.origin, log: { warn: () => {} }, now: () => clock.now })
  /** Waits for what goes on in the background. */
  const until = async (isSo: () => boolean | Promise<boolean>) => { while (!await isSo()) await delay(5) }
  const newKey = async (kid: string) => {
    const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true })
    return { privateKey, jwk: { ...await exportJWK(publicKey), kid, alg: 'EdDSA', use: 'sig' } }
  }
  const isKnown = (kid: string) => keys.publicKeyOf(kid).then(() => true, () => false)
  return { issuer, clock, keys, until, newKey, isKnown }
}

t.test('SEC-66: ten thousand unknown kids cause one fetch in thirty seconds', async (t) => {
  const { issuer, clock, keys } = await start(t)
  const ask = async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10_000 }, (_, n) => keys.publicKeyOf(`nobody-${n}`)))
    t.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.slug === 'not-signed-in'))
  }
  await ask()
  t.equal(issuer.fetches(), 1)
  clock.now = 29.9 * second
  await ask()
  t.equal(issuer.fetches(), 1)
  clock.now = 30 * second
  await ask()
  t.equal(issuer.fetches(), 2)
})

t.test('FR-126: a known key never waits for auth; the set is fetched again in the background', async (t) => {
  const { issuer, clock, keys, until, newKey, isKnown } = await start(t)
  const pem = await keys.publicKeyOf('test-key')
  issuer.jwks.keys.push((await newKey('next-key')).jwk)
  issuer.hold()
  clock.now = 5 * minute
  for (let n = 0; n < 100; n++) t.equal(await keys.publicKeyOf('test-key'), pem)
  await until(() => issuer.fetches() === 2)
  issuer.release()
  await until(() => isKnown('next-key'))
  t.equal(issuer.fetches(), 2, 'one for all of them, and none for the key it brought')
})

t.test('FR-126: a key that has left the set is not known any more', async (t) => {
  const { issuer, clock, keys, until, newKey, isKnown } = await start(t)
  await keys.publicKeyOf('test-key')
  issuer.jwks.keys.splice(0, 1, (await newKey('next-key')).jwk)
  clock.now = 5 * minute
  await keys.publicKeyOf('test-key')
  await until(async () => !await isKnown('test-key'))
  t.ok(await isKnown('next-key'))
})

t.test('SEC-66: with auth away known keys verify for a day, and a failed fetch is repeated after thirty seconds at the earliest', async (t) => {
  const { issuer, clock, keys, until } = await start(t)
  await keys.publicKeyOf('test-key')
  issuer.goAway()
  for (clock.now = 5 * minute; clock.now < 6 * minute; clock.now += second) {
    const due = 2 + Math.floor((clock.now - 5 * minute) / (30 * second))
    for (let n = 0; n < 5; n++) await keys.publicKeyOf('test-key')
    await until(() => issuer.fetches() === due)
    await keys.publicKeyOf('unknown').catch(({ slug }: { slug: string }) => t.equal(slug, 'keys-unavailable'))
    t.equal(issuer.fetches(), due)
  }
  clock.now = 24 * hour - 1
  await keys.publicKeyOf('test-key')
  clock.now = 24 * hour
  t.equal(await keys.publicKeyOf('test-key').catch(({ slug }: { slug: string }) => slug), 'keys-unavailable')
  issuer.comeBack()
  clock.now += 30 * second
  await keys.publicKeyOf('test-key')
})

t.test('SEC-66: a set that comes by a redirect, is too large or does not end is none, and who waits for it has an answer', async (t) => {
  const issuer = await startIssuer(t)
  const set = JSON.stringify(issuer.jwks)
  const answers: Record<string, RequestListener> = {
    '/well': (_request, response) => { response.end(set) },
    '/moved': (_request, response) => { response.writeHead(302, { location: '/well' }).end() },
    '/moved-for-good': (_request, response) => { response.writeHead(308, { location: issuer.origin }).end(set) },
    '/large': (_request, response) => { response.end(set.padEnd(64 * 1024 + 1)) },
    '/just-small-enough': (_request, response) => { response.end(set.padEnd(64 * 1024)) },
    '/endless': (_request, response) => { const more = () => { while (response.write(' '.repeat(65_536))); }; more(); response.on('drain', more) },
    '/silent': () => {},
    '/begun': (_request, response) => { response.write(set) },
  }
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(request.url!)
    answers[request.url!]!(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close(); server.closeAllConnections() })
  const outcomes = await Promise.all(Object.keys(answers).map(async (path) => {
    const keys = new RemoteKeys({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, log: { warn: () => {} } })
    return [path, await keys.publicKeyOf('test-key').then(() => 'known', ({ slug }: { slug: string }) => slug)]
  }))
  t.same(Object.fromEntries(outcomes), Object.fromEntries(Object.keys(answers).map((path) => [path, ['/well', '/just-small-enough'].includes(path) ? 'known' : 'keys-unavailable'])))
  t.same(visits.sort(), Object.keys(answers).sort(), 'each was asked once')
  t.equal(issuer.fetches(), 0, 'and nobody else')
})

t.test('FR-123, FR-126: a withdrawal is followed by one fetch at once, whatever cool-down is running', async (t) => {
  const { issuer, clock, keys, until, newKey, isKnown } = await start(t)
  await keys.publicKeyOf('test-key')
  t.notOk(await isKnown('next-key'))
  issuer.jwks.keys.splice(0, 1, (await newKey('next-key')).jwk)
  t.notOk(await isKnown('next-key'), 'a cool-down is running')
  keys.withdraw('test-key')
  t.ok(await isKnown('next-key'), 'who asks waits for that fetch')
  t.notOk(await isKnown('test-key'))
  t.equal(issuer.fetches(), 2)

  issuer.goAway()
  keys.withdraw('next-key')
  await until(() => issuer.fetches() === 3)
  issuer.comeBack()
  issuer.jwks.keys.splice(0, 1, (await newKey('third-key')).jwk)
  await until(async () => { clock.now += second; return await isKnown('third-key') })
  t.ok(clock.now <= 3 * second, 'a fetch that failed then is repeated within a second or two')
  t.equal(issuer.fetches(), 4)
})

t.test('FR-126: a fetch that was under way when the withdrawal was told is followed by another', async (t) => {
  const { issuer, keys, until, newKey, isKnown } = await start(t)
  const next = await newKey('next-key')
  issuer.hold()
  const early = keys.publicKeyOf('test-key')
  await until(() => issuer.fetches() === 1)
  keys.withdraw('test-key')
  issuer.release()
  await early.catch(() => {})
  issuer.jwks.keys.splice(0, 1, next.jwk) // at once: the next fetch is about to begin
  await until(() => isKnown('next-key'))
  t.notOk(await isKnown('test-key'))
})

t.test('SEC-62, FR-123: after a withdrawal the service refuses the old key, cached or not, and takes the new one', async (t) => {
  const { signUp, call, issuer } = await startTasks(t)
  const { newKey } = await start(t)
  const ada = await signUp()
  const path = `/api/${ada.id}/tasks`
  t.equal((await call('GET', path, ada)).statusCode, 200)
  const { privateKey, jwk } = await newKey('next-key')
  const fresh = { headers: { authorization: `Bearer ${await issuer.sign(issuer.claimsOf(ada.id), { kid: 'next-key' }, privateKey)}` } }
  t.equal((await call('GET', path, fresh)).statusCode, 401, 'nobody has published it')
  issuer.jwks.keys.splice(0, 1, jwk)
  const before = issuer.fetches()
  const told = performance.now()
  issuer.revoke('key', 'test-key')
  while ((await call('GET', path, fresh)).statusCode !== 200) await delay(10)
  t.comment(`the new key was taken after ${Math.round(performance.now() - told)} ms`)
  t.equal((await call('GET', path, ada)).statusCode, 401)
  t.equal((await call('POST', path, fresh, { title: 'x' })).statusCode, 201)
  t.equal(issuer.fetches(), before + 1)
})
