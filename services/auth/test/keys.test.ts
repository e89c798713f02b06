import t from 'tap'
import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { password, startAuth } from './start-auth.ts'

const first = await startAuth(t)
const { call, signUp, database, settings, serviceToken } = first

t.test('FR-015, SEC-65: the JWKS verifies our tokens, holds public members alone, and is cached for five minutes at most', async (t) => {
  const response = await call('GET', '/.well-known/jwks.json')
  const jwks = response.json()
  t.equal(jwks.keys.length, 2, 'the one that signs, and the next')
  for (const key of jwks.keys) t.same(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  t.match(response.headers, { 'cache-control': 'public, max-age=300', etag: /^"/ })
  for (const known of [response.headers.etag, `W/${response.headers.etag}`, `"a,b", ${response.headers.etag}`, '*']) {
    t.equal((await call('GET', '/.well-known/jwks.json', undefined, { 'if-none-match': String(known) })).statusCode, 304, String(known))
  }
  t.equal((await call('GET', '/.well-known/jwks.json', undefined, { 'if-none-match': '"a,b"' })).statusCode, 200)
  const ada = await signUp()
  const { payload } = await jwtVerify(ada.access_token, createLocalJWKSet(jwks), { issuer: 'http://localhost:3001', audience: 'daymark-tasks', typ: 'at+jwt', algorithms: ['EdDSA'] })
  t.equal(payload.sub, ada.user.id)
})

t.test('SEC-65: the private key is sealed at rest, bound to its id', async (t) => {
  const [row] = await database.asSuperuser<{ id: string, sealed_private_key: string }>("SELECT id, sealed_private_key FROM auth.signing_keys WHERE state = 'active'")
  t.match(row?.sealed_private_key, /^test\.[\w-]+$/)
  const stranger = await startAuth(t)
  await t.rejects(startAuth(t, { beside: { database, settings: stranger.settings } }), 'another key-encryption key does not open it')
  await database.asSuperuser("UPDATE auth.signing_keys SET id = 'moved' WHERE state = 'active'")
  await t.rejects(startAuth(t, { beside: { database, settings } }), 'nor does ours under another id')
  await database.asSuperuser("UPDATE auth.signing_keys SET id = $1 WHERE id = 'moved'", [row?.id])
})

t.test('SEC-64: ten instances starting at once on an empty database share one active key', async (t) => {
  await database.asSuperuser('DELETE FROM auth.signing_keys')
  const instances = await Promise.all(Array.from({ length: 10 }, () => startAuth(t, { beside: { database, settings } })))
  t.equal((await database.asSuperuser("SELECT 1 FROM auth.signing_keys WHERE state = 'active'")).length, 1)
  const sets = await Promise.all(instances.map(async (instance) => (await instance.call('GET', '/.well-known/jwks.json')).body))
  t.equal(new Set(sets).size, 1)
  const ada = await instances[0]!.signUp()
  for (const instance of instances) t.equal((await instance.call('GET', '/auth/me', undefined, instance.bearer(ada))).statusCode, 200)
})

t.test('SEC-64: the database itself has no two active keys, nor two next ones', async (t) => {
  for (const [from, to] of [['next', 'active'], ['active', 'next']]) {
    await t.rejects(database.asSuperuser('UPDATE auth.signing_keys SET state = $2 WHERE state = $1', [from, to]), { code: '23505' }, `${from} becomes ${to}`)
  }
})

t.test('SEC-67: the metadata names the issuer and where its keys are', async (t) => {
  const { issuer, jwks_uri: keysUrl } = (await call('GET', '/.well-known/oauth-authorization-server')).json()
  t.equal(issuer, 'http://localhost:3001')
  t.equal(keysUrl, `${issuer}/.well-known/jwks.json`)
  t.equal(JSON.parse(Buffer.from((await signUp()).access_token.split('.')[1]!, 'base64url').toString()).iss, issuer, 'to the letter')
})

const addressOf = async (headers: Record<string, string>) => {
  const email = `${Math.random()}@example.com`
  const response = await call('POST', '/auth/signup', { email, password }, headers)
  if (response.statusCode !== 201) return response.statusCode
  const [row] = await database.asSuperuser('SELECT host(s.address) AS address, s.user_agent FROM auth.sessions s WHERE id = $1', [response.json().session_id])
  return row
}
const forwarded = { 'x-client-address': '203.0.113.7', 'x-client-user-agent': 'Firefox', 'user-agent': 'node' }

t.test('SEC-34, SEC-35: a forwarded address is believed under a service token alone', async (t) => {
  t.same(await addressOf({ ...forwarded, 'x-service-token': await serviceToken() }), { address: '203.0.113.7', user_agent: 'Firefox' })
  t.same(await addressOf(forwarded), { address: '127.0.0.1', user_agent: 'node' })
  t.same(await addressOf({ 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7', 'user-agent': 'node' }), { address: '127.0.0.1', user_agent: 'node' })
  t.same(await addressOf({ ...forwarded, 'x-client-address': 'nowhere', 'x-service-token': await serviceToken() }), { address: '127.0.0.1', user_agent: 'Firefox' })
  t.same(await addressOf({ ...forwarded, 'x-client-address': 'fe80::1%eth0', 'x-service-token': await serviceToken() }), { address: 'fe80::1', user_agent: 'Firefox' })
})

t.test('SEC-34: behind a trusted proxy an address may come with a port or brackets, and what is none falls back to the peer', async (t) => {
  const behind = await startAuth(t, { settings: { TRUSTED_PROXIES: '127.0.0.1' } })
  for (const [header, address] of [['203.0.113.7', '203.0.113.7'], ['203.0.113.7:5678', '203.0.113.7'], ['[2001:db8::1]:443', '2001:db8::1'], ['unknown', '127.0.0.1'], ['1:2:3:4:5:6:7:8:9::1', '127.0.0.1'], ['6.6.6.6, 203.0.113.7', '203.0.113.7']] as const) {
    const response = await behind.call('POST', '/auth/signup', { email: `${Math.random()}@example.com`, password }, { 'x-forwarded-for': header })
    t.equal(response.statusCode, 201, header)
    const [row] = await behind.database.asSuperuser('SELECT host(address) AS address FROM auth.sessions WHERE id = $1', [response.json().session_id])
    t.same(row, { address }, header)
  }
})

t.test('SEC-35: who forwards no address shares one bucket with all who do not, and is never without a limit', async (t) => {
  const strict = await startAuth(t, { settings: { SIGN_UP_PER_ADDRESS: '3' } })
  const signUpAs = async (headers: Record<string, string>) => (await strict.call('POST', '/auth/signup', { email: `${Math.random()}@example.com`, password }, { 'x-service-token': await strict.serviceToken(), ...headers })).statusCode
  for (const headers of [{}, { 'x-client-address': 'nowhere' }, { 'x-client-address': '' }] as Array<Record<string, string>>) t.equal(await signUpAs(headers), 201)
  for (const headers of [{}, { 'x-client-address': 'elsewhere' }] as Array<Record<string, string>>) t.equal(await signUpAs(headers), 429)
  t.equal(await signUpAs({ 'x-client-address': '203.0.113.7' }), 201)
})

t.test('SEC-68: a service token that is old, long-lived, foreign or of another kind is refused', async (t) => {
  const now = Math.floor(Date.now() / 1000)
  const ada = await signUp()
  for (const [why, token] of [
    ['expired', await serviceToken({ iat: now - 120, exp: now - 60 })],
    ['older than a minute', await serviceToken({ iat: now - 120, exp: now + 60 })],
    ['for another service', await serviceToken({ aud: 'daymark-tasks' })],
    ['of another type', await serviceToken({}, { typ: 'at+jwt' })],
    ['under an unknown name', await serviceToken({}, { kid: 'tasks' })],
    ['signed by a stranger', await serviceToken({}, {}, generateKeyPairSync('ed25519').privateKey)],
    ['without an id', await serviceToken({ jti: undefined })],
    ['an access token', ada.access_token],
    ['nonsense', 'x'],
  ] as const) t.equal(await addressOf({ ...forwarded, 'x-service-token': token }), 401, why)
})
