import { openDatabase } from '@daymark/kit/database'
import { createTestDatabase, type Teardown, type TestDatabase } from '@daymark/kit/test-database'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type { InjectOptions } from 'fastify'
import { SignJWT } from 'jose'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config.ts'
import type { SignedIn } from '../contracts.ts'

export const password = 'correct horse battery staple'

export interface StartOptions {
  settings?: Record<string, string>
  /** Another instance's database and key-encryption keys. */
  beside?: { database: TestDatabase, settings: Record<string, string> }
}

/** The service on a database of its own, or beside another instance on the same one. */
export async function startAuth (t: Teardown, { settings: given = {}, beside }: StartOptions = {}) {
  const database = beside?.database ?? await createTestDatabase(t)
  const web = generateKeyPairSync('ed25519')
  const settings = {
    KEY_ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    SERVICE_PUBLIC_KEYS: `web:${web.publicKey.export({ format: 'jwk' }).x}`,
    ...beside?.settings,
    ...given,
  }
  const config = loadConfig({
    DAYMARK_ENV: 'development',
    ...database.settings('auth_service'),
    AUTH_ISSUER: 'http://localhost:3001',
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...settings,
  })
  const pool = await openDatabase(config)
  const { app, internal } = await buildApp({ config, pool, now: () => new Date() })
  t.teardown(async () => {
    await app.close()
    await internal.close()
    await pool.end()
  })

  const call = (method: InjectOptions['method'], url: string, payload?: InjectOptions['payload'], headers: Record<string, string> = {}) =>
    app.inject({ method: method as 'GET', url, headers, ...payload !== undefined && { payload } })
  const bearer = ({ access_token: token }: SignedIn) => ({ authorization: `Bearer ${token}` })
  const refresh = (token: string) => call('POST', '/auth/refresh', { refresh_token: token })

  async function signUp (email = `${randomUUID()}@example.com`): Promise<SignedIn> {
    const response = await call('POST', '/auth/signup', { email, password })
    if (response.statusCode !== 201) throw new Error(`Nobody was signed up: ${response.body}`)
    return response.json()
  }

  /** A service token as the web app makes it, altered as a test likes. */
  const serviceToken = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = web.privateKey) => {
    const iat = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: 'web', sub: 'web', aud: 'daymark-auth', iat, exp: iat + 60, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'service+jwt', kid: 'web', ...header }).sign(key)
  }

  return { app, internal, pool, config, settings, database, call, bearer, refresh, signUp, serviceToken }
}
