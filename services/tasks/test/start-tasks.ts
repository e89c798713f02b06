import { openDatabase } from '@daymark/kit/database'
import { createTestDatabase, type Teardown, type TestDatabase } from '@daymark/kit/test-database'
import { demandDocumentedAnswers } from '@daymark/kit/test-openapi'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { InjectOptions } from 'fastify'
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config.ts'
import { type NewTask, type Task, TaskReplacement } from '../contracts.ts'
import { lockAccount } from '../src/accounts/queries.ts'

/** The keys of a token issuer: it publishes them over HTTP, and signs whatever a test asks for. */
export async function startIssuer (t: Teardown) {
  const kid = 'test-key'
  const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true })
  const jwks = { keys: [{ ...await exportJWK(publicKey), kid, alg: 'EdDSA', use: 'sig' }] }
  let isAway = false
  let fetches = 0
  let isHeld = false
  const held: Array<() => unknown> = []
  const release = () => {
    isHeld = false
    for (const answer of held.splice(0)) answer()
  }
  const feed = { epoch: randomUUID() as string, items: [] as Array<{ position: number, kind: string, subject: string, revoked_at: string }>, isAway: false, reads: 0 }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const answer = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (url.pathname === '/internal/revocations') {
      feed.reads++
      if (feed.isAway) return response.writeHead(503).end()
      const since = Number(url.searchParams.get('since'))
      const deadline = Date.now() + 1000 * Number(url.searchParams.get('wait'))
      const look = () => {
        if (url.searchParams.has('epoch') && url.searchParams.get('epoch') !== feed.epoch) return response.writeHead(410).end()
        const items = feed.items.filter(({ position }) => position > since)
        if (items.length > 0 || Date.now() >= deadline || feed.isAway) answer({ epoch: feed.epoch, position: feed.items.length, items })
        else setTimeout(look, 20)
        return response
      }
      return look()
    }
    fetches++
    if (isAway) return response.writeHead(503).end()
    held.push(() => answer(jwks))
    if (!isHeld) release()
    return response
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const claimsOf = (sub: string) => {
    const iat = Math.floor(Date.now() / 1000)
    return { iss: origin, aud: ['daymark-auth', 'daymark-tasks'], sub, client_id: 'daymark', sid: randomUUID(), gen: 1, jti: randomUUID(), role: 'user', auth_time: iat, amr: ['pwd'], iat, exp: iat + 300 }
  }
  return {
    origin,
    jwks,
    privateKey,
    claimsOf,
    sign: (claims: Record<string, unknown>, header: Partial<JWTHeaderParameters> = {}, key = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid, ...header }).sign(key),
    goAway: () => { isAway = true },
    comeBack: () => { isAway = false },
    fetches: () => fetches,
    /** Keeps whoever fetches the keys waiting, until they are released. */
    hold: () => { isHeld = true },
    release,
    feed,
    /** Tells the feed of a revocation, as auth does after its commit. */
    revoke: (kind: string, subject: string, at = new Date()) => feed.items.push({ position: feed.items.length + 1, kind, subject, revoked_at: at.toISOString() }),
  }
}

/** All of a task that a client may set: what PUT takes. */
export const wholeOf = (task: Task) => Object.fromEntries(Object.keys(TaskReplacement.properties).map((name) => [name, task[name as keyof TaskReplacement]])) as TaskReplacement

export interface User { id: string, headers: { authorization: string } }

/**
 * The service on a database of its own, reached through `port` if given, with an issuer whose tokens it accepts; or one more
 * process `on` the database and the issuer of another.
 */
export async function startTasks (
  t: Teardown, settings: Record<string, string> = {}, { port, on }: { port?: number, on?: { database: TestDatabase, issuer: Awaited<ReturnType<typeof startIssuer>> } } = {},
) {
  const database = on?.database ?? await createTestDatabase(t)
  const issuer = on?.issuer ?? await startIssuer(t)
  const config = loadConfig({
    DAYMARK_ENV: 'development',
    ...database.settings('tasks_service', port),
    JWKS_URL: `${issuer.origin}/.well-known/jwks.json`,
    AUTH_ISSUER: issuer.origin,
    REVOCATIONS_URL: `${issuer.origin}/internal/revocations`,
    SERVICE_PRIVATE_KEY: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
    CURSOR_KEY: randomBytes(32).toString('base64'),
    RATE_LIMIT_PER_MINUTE: '1000000',
    TRANSFERS_PER_HOUR: '10000',
    ...settings,
  })
  const pool = await openDatabase(config, { lockStatement: lockAccount })
  const { app, internal } = await buildApp({ config, pool, now: () => new Date() })
  demandDocumentedAnswers(t, app)
  t.teardown(async () => {
    await app.close()
    await internal.close()
    await pool.end()
  })

  /** A user whom the auth service has made, with a token of theirs. */
  async function signUp (): Promise<User> {
    const id = randomUUID()
    await database.asSuperuser('INSERT INTO auth.users (id, email, email_key, password_hash) VALUES ($1, $2, $2, $3)', [id, `${id}@example.com`, 'none'])
    return { id, headers: { authorization: `Bearer ${await issuer.sign(issuer.claimsOf(id))}` } }
  }

  const call = (method: InjectOptions['method'], url: string, user?: Pick<User, 'headers'>, payload?: InjectOptions['payload'], headers: Record<string, string> = {}) =>
    app.inject({ method: method as 'GET', url, headers: { ...user?.headers, ...headers }, ...payload !== undefined && { payload } })

  async function createTask (user: User, task: NewTask = { title: 'Water the plants' }): Promise<Task> {
    const response = await call('POST', `/api/${user.id}/tasks`, user, task)
    if (response.statusCode !== 201) throw new Error(`A task was not created: ${response.body}`)
    return response.json()
  }

  return { app, internal, pool, config, database, issuer, signUp, call, createTask }
}
