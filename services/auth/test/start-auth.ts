import { openDatabase } from '@daymark/kit/database'
import { createTestDatabase, type Teardown, type TestDatabase } from '@daymark/kit/test-database'
import { demandDocumentedAnswers } from '@daymark/kit/test-openapi'
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type { FastifyServerOptions, InjectOptions } from 'fastify'
import { SignJWT } from 'jose'
import { buildApp } from '../app.ts'
import { loadConfig } from '../config.ts'
import type { SignedIn } from '../contracts.ts'
import type { Message } from '../src/mail/messages.ts'

export const password = 'correct horse battery staple'

/** How the tables name a bucket of limits. */
export const bucketName = (bucket: string) => createHash('sha256').update(bucket).digest('hex')

export interface StartOptions {
  logger?: FastifyServerOptions['logger']
  settings?: Record<string, string>
  /** Where the database is reached, if not directly. */
  port?: number
  /** Another instance's database and key-encryption keys. */
  beside?: { database: TestDatabase, settings: Record<string, string> }
}

/** The service on a database of its own, or beside another instance on the same one. */
export async function startAuth (t: Teardown, { settings: given = {}, port, beside, logger = false }: StartOptions = {}) {
  const database = beside?.database ?? await createTestDatabase(t)
  const web = generateKeyPairSync('ed25519')
  const settings = {
    KEY_ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    SERVICE_PUBLIC_KEYS: `web:${web.publicKey.export({ format: 'jwk' }).x}`,
    ...beside?.settings,
    ...given,
  }
  const environment = {
    DAYMARK_ENV: 'development',
    ...database.settings('auth_service', port),
    AUTH_ISSUER: 'http://localhost:3001',
    PUBLIC_ORIGIN: 'http://localhost:3000',
    SMTP_URL: 'smtp://localhost:1',
    MAIL_FROM: 'daymark@example.com',
    RATE_LIMIT_PER_MINUTE: '1000000',
    LOGIN_PER_ADDRESS: '1000000',
    SIGN_UP_PER_ADDRESS: '1000000',
    RESET_PER_ADDRESS: '1000000',
    ...settings,
  }
  const config = loadConfig(environment)
  const pool = await openDatabase(config)
  const mails: Message[] = []
  const mailServer = { isAway: false }
  const mailer = async (message: Message) => {
    if (mailServer.isAway) throw new Error('The mail server is away')
    mails.push(message)
  }
  const { app, internal } = await buildApp({ config, pool, mailer, now: () => new Date(), logger })
  demandDocumentedAnswers(t, app)
  let stopped: Promise<void> | undefined
  /** Ends this instance, at the latest with the test. */
  const stop = (): Promise<void> => {
    stopped ??= end()
    return stopped
  }
  const end = async () => {
    await app.close()
    await internal.close()
    await pool.end()
  }
  t.teardown(stop)

  const call = (method: InjectOptions['method'], url: string, payload?: InjectOptions['payload'], headers: Record<string, string> = {}) =>
    app.inject({ method: method as 'GET', url, headers, ...payload !== undefined && { payload } })
  const bearer = ({ access_token: token }: SignedIn) => ({ authorization: `Bearer ${token}` })
  const refresh = (token: string) => call('POST', '/auth/refresh', { refresh_token: token })

  async function signUp (email = `${randomUUID()}@example.com`): Promise<SignedIn> {
    const response = await call('POST', '/auth/signup', { email, password })
    if (response.statusCode !== 201) throw new Error(`Nobody was signed up: ${response.body}`)
    return response.json()
  }

  /** Someone who is an admin, with a token from before as they have after. */
  async function makeAdmin (): Promise<SignedIn> {
    const admin = await signUp()
    await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE id = $1", [admin.user.id])
    return admin
  }

  /** Waits for the next mail to an address whose subject matches; gives it with the token of its link. */
  async function mailTo (email: string, subject: RegExp): Promise<Message & { token: string }> {
    for (const deadline = Date.now() + 5000; Date.now() < deadline;) {
      const index = mails.findIndex((mail) => mail.to === email && subject.test(mail.subject))
      const [mail] = index >= 0 ? mails.splice(index, 1) : []
      if (mail) return { ...mail, token: /token=([\w-]+)/.exec(mail.text)?.[1] ?? '' }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`No mail to ${email} about ${subject}`)
  }

  /** A service token as the web app makes it, altered as a test likes. */
  const serviceToken = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = web.privateKey) => {
    const iat = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: 'web', sub: 'web', aud: 'daymark-auth', iat, exp: iat + 60, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'service+jwt', kid: 'web', ...header }).sign(key)
  }

  return { app, internal, pool, stop, config, environment, settings, database, call, bearer, refresh, signUp, makeAdmin, serviceToken, mails, mailServer, mailTo }
}
