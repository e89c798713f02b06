import t from 'tap'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHmac, createPublicKey, generateKeyPairSync, KeyObject, randomUUID, sign } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startTasks } from './start-tasks.ts'

const { signUp, call, issuer } = await startTasks(t)
const ada = await signUp()
const path = `/api/${ada.id}/tasks`
const claims = issuer.claimsOf(ada.id)
const now = claims.iat
const base64url = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const stranger = generateKeyPairSync('ed25519').privateKey
const publicKey = createPublicKey({ key: { ...issuer.jwks.keys[0] }, format: 'jwk' })
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const good = await issuer.sign(claims)
const [head = '', body = '', mac = ''] = good.split('.')
/** Signs bytes that no library would. */
const signRaw = async (payload: string | Buffer) => {
  const signed = `${head}.${Buffer.from(payload).toString('base64url')}`
  return `${signed}.${sign(null, Buffer.from(signed), KeyObject.from(issuer.privateKey)).toString('base64url')}`
}
const without = (name: keyof typeof claims) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name))
const hmac = (key: string | Buffer, alg: string) => {
  const signed = `${base64url({ alg, typ: 'at+jwt', kid: 'test-key' })}.${body}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}
/** The same signature in another spelling: S + L verifies where RFC 8032, 5.1.7 is not kept to. */
function withLargerS (signature: string) {
  const bytes = Buffer.from(signature, 'base64url')
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = bytes.subarray(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + order
  for (let n = 0; n < 32; n++) bytes[32 + n] = Number((s >> BigInt(8 * n)) & 255n)
  return bytes.toString('base64url')
}

await call('GET', path, ada) // the key is known from here on

const refused: Array<{ why: string, token: string }> = [
  { why: 'SEC-53: alg none', token: `${base64url({ alg: 'none', typ: 'at+jwt', kid: 'test-key' })}.${body}.` },
  { why: 'SEC-53: alg none with a signature', token: `${base64url({ alg: 'none', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: alg nOnE', token: `${base64url({ alg: 'nOnE', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: alg None', token: `${base64url({ alg: 'None', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: alg RS256', token: `${base64url({ alg: 'RS256', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: alg PS256', token: `${base64url({ alg: 'PS256', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: no alg', token: `${base64url({ typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: alg eddsa in the wrong case', token: `${base64url({ alg: 'eddsa', typ: 'at+jwt', kid: 'test-key' })}.${body}.${mac}` },
  { why: 'SEC-53: HS256 with the public key as PEM', token: hmac(publicPem, 'HS256') },
  { why: 'SEC-53: HS256 with the public key and a leading space', token: hmac(` ${publicPem}`, 'HS256') },
  { why: 'SEC-53: HS256 with the public key as DER', token: hmac(publicKey.export({ type: 'spki', format: 'der' }), 'HS256') },
  { why: 'SEC-55: a kid that is a path', token: await issuer.sign(claims, { kid: '../../etc/passwd' }) },
  { why: 'SEC-55: a kid that is SQL', token: await issuer.sign(claims, { kid: "' OR 1=1 --" }) },
  { why: 'SEC-55: no kid', token: `${base64url({ alg: 'EdDSA', typ: 'at+jwt' })}.${body}.${mac}` },
  { why: 'SEC-56: crit', token: `${base64url({ alg: 'EdDSA', typ: 'at+jwt', kid: 'test-key', crit: ['exp'] })}.${body}.${mac}` },
  { why: 'SEC-56: five parts', token: `${good}.a.b` },
  { why: 'SEC-56: two parts', token: `${head}.${body}` },
  { why: 'SEC-56: JSON', token: JSON.stringify({ payload: body, signature: mac }) },
  { why: 'SEC-56: a payload that is an array', token: `${head}.${base64url([1])}.${mac}` },
  { why: 'SEC-56: longer than 8 KiB', token: await issuer.sign({ ...claims, padding: 'x'.repeat(8192) }) },
  { why: 'SEC-57: padding', token: `${good}==` },
  { why: 'SEC-57: an altered signature', token: `${head}.${body}.${base64url('x'.repeat(64))}` },
  { why: 'SEC-57: a short signature', token: `${head}.${body}.${mac.slice(0, 20)}` },
  { why: 'SEC-57: an altered payload', token: `${head}.${base64url({ ...claims, sub: randomUUID() })}.${mac}` },
  { why: 'SEC-57: an S that the order of the group was added to', token: `${head}.${body}.${withLargerS(mac)}` },
  { why: 'SEC-58: another issuer', token: await issuer.sign({ ...claims, iss: 'https://evil.example' }) },
  { why: 'SEC-58: an issuer that ours is a prefix of', token: await issuer.sign({ ...claims, iss: `${claims.iss}.evil.example` }) },
  { why: 'SEC-58: a list of issuers', token: await issuer.sign({ ...claims, iss: [claims.iss] }) },
  { why: 'SEC-58: another audience', token: await issuer.sign({ ...claims, aud: 'daymark-auth' }) },
  { why: 'SEC-58: an empty subject', token: await issuer.sign({ ...claims, sub: '' }) },
  { why: 'SEC-58: no subject', token: await issuer.sign(without('sub')) },
  { why: 'SEC-58: an issuer in another case', token: await issuer.sign({ ...claims, iss: claims.iss.toUpperCase() }) },
  { why: 'SEC-58: a subject that is a list', token: await issuer.sign({ ...claims, sub: [ada.id] }) },
  { why: 'SEC-59: expired', token: await issuer.sign({ ...claims, iat: now - 600, exp: now - 300 }) },
  { why: 'SEC-59: expired for just longer than clocks may differ', token: await issuer.sign({ ...claims, iat: now - 300, exp: now - 31 }) },
  { why: 'SEC-59: no exp', token: await issuer.sign(without('exp')) },
  { why: 'SEC-59: an exp that is text', token: await issuer.sign({ ...claims, exp: 'tomorrow' }) },
  { why: 'SEC-59: issued in the future', token: await issuer.sign({ ...claims, iat: now + 120, exp: now + 300 }) },
  { why: 'SEC-59: not valid yet', token: await issuer.sign({ ...claims, nbf: now + 120 }) },
  { why: 'SEC-59: living for a year', token: await issuer.sign({ ...claims, exp: now + 365 * 24 * 3600 }) },
  { why: 'SEC-60: no sid', token: await issuer.sign(without('sid')) },
  { why: 'SEC-60: an ID token', token: await issuer.sign(claims, { typ: 'JWT' }) },
  { why: 'SEC-60: a service token', token: await issuer.sign(claims, { typ: 'service+jwt' }) },
  { why: 'SEC-60: the token of a mailed link', token: base64url('x'.repeat(32)) },
  { why: 'SEC-60: the token of a form', token: `${base64url('x'.repeat(16))}.${base64url('y'.repeat(32))}` },
  { why: 'SEC-60: a refresh token', token: `v1.${randomUUID()}.1.${base64url('x'.repeat(32))}` },
  { why: 'SEC-52: no client_id', token: await issuer.sign(without('client_id')) },
  { why: 'SEC-52: a jti that is null', token: await issuer.sign({ ...claims, jti: null }) },
  { why: 'SEC-56: duplicate members', token: await signRaw(`{"sub":"${randomUUID()}",${JSON.stringify(claims).slice(1)}`) },
  { why: 'SEC-56: bytes that are no UTF-8', token: await signRaw(Buffer.concat([Buffer.from(`${JSON.stringify(claims).slice(0, -1)},"x":"`), Buffer.from([0xff]), Buffer.from('"}')])) },
  { why: 'SEC-57: spare bits of the signature', token: `${good.slice(0, -1)}${good.at(-1) === 'A' ? 'B' : String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}` },
  { why: 'a role nobody has', token: await issuer.sign({ ...claims, role: 'root' }) },
  { why: 'a stranger\'s key under our kid', token: await issuer.sign(claims, {}, stranger as never) },
  { why: 'a stranger\'s key under a kid of its own', token: await issuer.sign(claims, { kid: 'stranger' }, stranger as never) },
]

for (const { why, token } of refused) {
  t.test(`FR-041 is refused: ${why}`, async (t) => {
    for (const attempt of ['first', 'cached']) {
      const response = await call('GET', path, bearer(token))
      t.equal(response.statusCode, 401, attempt)
      t.match(response.headers, { 'content-type': /^application\/problem\+json/, 'www-authenticate': /^Bearer/, 'cache-control': 'no-store' })
      t.match(response.json(), { type: '/problems/not-signed-in', status: 401 })
    }
  })
}

t.test('FR-041: no token, another scheme, two tokens', async (t) => {
  t.equal((await call('GET', path)).headers['www-authenticate'], 'Bearer')
  for (const authorization of [good, `Basic ${good}`, 'Bearer', 'Bearer ', `Bearer ${good} ${good}`, `Bearer  ${good}`]) {
    t.equal((await call('GET', path, { headers: { authorization } })).statusCode, 401, authorization.slice(0, 12))
  }
  t.equal((await call('GET', path, { headers: { authorization: `bearer ${good}` } })).statusCode, 200, 'the scheme is compared without regard to case')
})

t.test('SEC-61: results are cached by the whole token', async (t) => {
  const bob = await signUp()
  for (let n = 0; n < 20; n++) {
    t.equal((await call('GET', path, ada)).statusCode, 200)
    t.equal((await call('GET', path, bob)).statusCode, 403)
  }
})

t.test('SEC-61: a token that was verified expires all the same', async (t) => {
  const ada = await signUp()
  const iat = Math.floor(Date.now() / 1000) - 60
  const token = await issuer.sign({ ...issuer.claimsOf(ada.id), iat, exp: iat + 57 }) // three seconds ago, and clocks may differ by five
  const read = () => call('GET', `/api/${ada.id}/tasks`, { headers: { authorization: `Bearer ${token}` } })
  t.equal((await read()).statusCode, 200)
  await delay((iat + 62) * 1000 - Date.now() + 100)
  t.equal((await read()).statusCode, 401)
})

t.test('SEC-76: an API knows no cookies', async (t) => {
  t.equal((await call('GET', path, undefined, undefined, { cookie: `token=${good}; authorization=${good}` })).statusCode, 401)
})

t.test('FR-043, SEC-66: with the keys out of reach a known key still verifies, an unknown one is 503 and fetched for once', async (t) => {
  issuer.goAway()
  t.teardown(issuer.comeBack)
  t.equal((await call('GET', path, ada)).statusCode, 200)
  const before = issuer.fetches()
  const token = await issuer.sign(claims, { kid: 'rotated-meanwhile' })
  for (let n = 0; n < 50; n++) {
    const response = await call('GET', path, bearer(token))
    t.ok([401, 503].includes(response.statusCode))
  }
  t.ok(issuer.fetches() - before <= 1)
})

t.test('FR-043: before the first key is known, keys out of reach are 503, never a sign-out', async (t) => {
  const other = await startTasks(t, {})
  other.issuer.goAway()
  const eve = await other.signUp()
  const response = await other.call('GET', `/api/${eve.id}/tasks`, eve)
  t.equal(response.statusCode, 503)
  t.match(response.json(), { type: '/problems/keys-unavailable' })
  t.ok(Number(response.headers['retry-after']) >= 1)
  other.issuer.comeBack()
  await new Promise((resolve) => setTimeout(resolve, 1100)) // the cool-down of a failed first fetch
  t.equal((await other.call('GET', `/api/${eve.id}/tasks`, eve)).statusCode, 200)
})

t.test('SEC-53, SEC-55: a forbidden algorithm, and whatever a header points to, lead to no look-up anywhere', async (t) => {
  const other = await startTasks(t)
  const eve = await other.signUp()
  t.equal((await other.call('GET', `/api/${eve.id}/tasks`, eve)).statusCode, 200)
  const visits: string[] = []
  const trap = createServer((request, response) => { visits.push(request.url ?? ''); response.end('{"keys":[]}') }).listen(0, '127.0.0.1')
  await once(trap, 'listening')
  t.teardown(() => { trap.close() })
  const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  const strangersKey = createPublicKey(stranger).export({ format: 'jwk' })
  const mine = other.issuer.claimsOf(eve.id)
  const before = other.issuer.fetches()
  const pointers: Array<[what: string, header: object, key: KeyObject, claims: object]> = [
    ['an algorithm that is forbidden, under a kid never seen', { alg: 'RS256', kid: 'never-seen' }, stranger, mine],
    ['jku', { jku: `${url}/jku` }, stranger, mine],
    ['x5u', { x5u: `${url}/x5u` }, stranger, mine],
    ['x5c', { x5c: [publicPem] }, stranger, mine],
    ['jwk', { jwk: strangersKey }, stranger, mine],
    ['another issuer', {}, stranger, { ...mine, iss: url }],
  ]
  for (const [what, header, key, claims] of pointers) {
    const signed = `${base64url({ alg: 'EdDSA', typ: 'at+jwt', kid: 'test-key', ...header })}.${base64url(claims)}`
    const token = `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
    t.equal((await other.call('GET', `/api/${eve.id}/tasks`, bearer(token))).statusCode, 401, what)
  }
  t.equal(other.issuer.fetches(), before, 'the keys are not even asked for')
  t.same(visits, [])
})

type Jwk = Record<string, unknown>
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
const secret = 'x'.repeat(32)
const misfits: Array<{ why: string, from: (own: Jwk) => Jwk }> = [
  { why: 'a symmetric key', from: () => ({ kty: 'oct', k: base64url(secret), alg: 'HS256', kid: 'test-key' }) },
  { why: 'a symmetric key that says EdDSA', from: () => ({ kty: 'oct', k: base64url(secret), alg: 'EdDSA', kid: 'test-key' }) },
  { why: 'an RSA key', from: () => ({ ...rsa, kid: 'test-key' }) },
  { why: 'an RSA key that says EdDSA', from: () => ({ ...rsa, alg: 'EdDSA', kid: 'test-key' }) },
  { why: 'a key of another curve', from: (own) => ({ ...own, crv: 'X25519' }) },
  { why: 'a key for another algorithm', from: (own) => ({ ...own, alg: 'ES256' }) },
  { why: 'a key that is for encryption', from: (own) => ({ ...own, use: 'enc' }) },
  { why: 'a key that may not verify', from: (own) => ({ ...own, key_ops: ['sign'] }) },
  { why: 'half a key', from: (own) => ({ ...own, x: String(own['x']).slice(0, 20) }) },
]
for (const { why, from } of misfits) {
  t.test(`SEC-54: no token is verified by ${why}`, async (t) => {
    const other = await startTasks(t)
    const eve = await other.signUp()
    other.issuer.jwks.keys = other.issuer.jwks.keys.map((own) => from({ ...own }) as typeof own)
    for (const attempt of ['first', 'again']) t.ok([401, 503].includes((await other.call('GET', `/api/${eve.id}/tasks`, eve)).statusCode), attempt)
    t.equal((await other.call('GET', `/api/${eve.id}/tasks`, bearer(hmac(secret, 'HS256')))).statusCode, 401, 'nor one that was made with it')
  })
}

const intruders: Array<{ why: string, from: (own: Jwk) => Jwk }> = [
  { why: 'a symmetric key', from: () => ({ kty: 'oct', k: base64url(secret), alg: 'HS256', kid: 'symmetric' }) },
  { why: 'a symmetric key without an id', from: () => ({ kty: 'oct', k: base64url(secret) }) },
  { why: 'a symmetric key that is for encryption', from: () => ({ kty: 'oct', k: base64url(secret), use: 'enc', kid: 'symmetric' }) },
  { why: 'a key of the same id', from: (own) => ({ ...own, x: createPublicKey(generateKeyPairSync('ed25519').privateKey).export({ format: 'jwk' }).x }) },
  { why: 'a key of the same id and another kind', from: () => ({ ...rsa, kid: 'test-key' }) },
  { why: 'a key of the same id that is for encryption', from: (own) => ({ ...own, use: 'enc' }) },
]
for (const { why, from } of intruders) {
  for (const place of ['before', 'behind']) {
    t.test(`SEC-54: a good key with ${why} ${place} it is not used: the set is refused as a whole`, async (t) => {
      const other = await startTasks(t)
      const eve = await other.signUp()
      const [own] = other.issuer.jwks.keys
      const intruder = from({ ...own }) as typeof own & object
      if (place === 'before') other.issuer.jwks.keys.unshift(intruder)
      else other.issuer.jwks.keys.push(intruder)
      const response = await other.call('GET', `/api/${eve.id}/tasks`, eve)
      t.equal(response.statusCode, 503)
      t.match(response.json(), { type: '/problems/keys-unavailable' })
    })
  }
}

t.test('FR-043, SEC-54: a set of keys that is broken is 503, never a sign-out', async (t) => {
  for (const times of [0, 2]) {
    const other = await startTasks(t)
    other.issuer.jwks.keys = Array.from({ length: times }, () => other.issuer.jwks.keys[0]!)
    const eve = await other.signUp()
    t.equal((await other.call('GET', `/api/${eve.id}/tasks`, eve)).statusCode, 503, `each key ${times} times`)
  }
})
