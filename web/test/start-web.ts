import { createTestDatabase, type Teardown } from '@daymark/kit/test-database'
import { randomUUID } from 'node:crypto'
import { startProduct } from '../../local/product.ts'
import { buildWeb } from '../build-web.ts'
import { loadConfig } from '../config.ts'
import { loggerOptions } from '../http/logger-options.ts'
import { cookiesFor } from '../session/cookies.ts'
import { type SessionContents, openSession, sealSession } from '../session/session-contents.ts'
import { visitor } from './visitor.ts'

export const password = 'correct horse battery staple'

export interface StartOptions { settings?: NonNullable<Parameters<typeof startProduct>[0]['settings']>, smtpUrl?: string }

/** The whole product on a database of its own; it ends with the test file. */
export async function startWeb (t: Teardown, { settings = {}, smtpUrl }: StartOptions = {}) {
  const database = await createTestDatabase(t)
  const manyRequests = { RATE_LIMIT_PER_MINUTE: '1000000' }
  const manyAccounts = { SIGN_UP_PER_ADDRESS: '1000000', LOGIN_PER_ADDRESS: '1000000' }
  const product = await startProduct({
    databaseUrlOf: database.urlFor,
    databaseCaFile: database.caFile ?? '',
    smtpUrl,
    settings: { ...settings, auth: { ...manyRequests, ...manyAccounts, ...settings.auth }, tasks: { ...manyRequests, ...settings.tasks } },
    report: () => {},
  })
  t.teardown(() => product.stop())

  const { origin, secrets } = product
  const keys = secrets.web_session_keys.split(',').map((key) => Buffer.from(key, 'base64'))
  const cookieName = cookiesFor(origin).names.session

  /** Another instance of the web app, in this process and on a clock of its own; spoken to by `inject`. */
  async function instanceAt (now: () => Date, settings: Record<string, string> = {}, log?: { write: (line: string) => void }) {
    const config = loadConfig({
      DAYMARK_ENV: 'development',
      PUBLIC_ORIGIN: origin,
      AUTH_URL: product.authUrl,
      TASKS_URL: product.tasksUrl,
      WEB_SESSION_KEYS: secrets.web_session_keys,
      SERVICE_PRIVATE_KEY: secrets.web_private_key,
      ...settings,
    })
    const { app } = await buildWeb({ config, now, ...log && { logger: { ...loggerOptions(config), level: 'trace', stream: log } } })
    t.teardown(() => app.close())
    return app
  }

  /** Signs a new person up over HTTP; gives their visit, cookies and all. */
  async function signUp (email = `${randomUUID()}@example.com`) {
    const visit = visitor(origin)
    await visit.get('/signup')
    const answer = await visit.post('/signup', { email, password, display_name: 'Ada' })
    if (answer.status !== 303) throw new Error(`Nobody was signed up: ${answer.status}`)
    await visit.get('/dashboard')
    return Object.assign(visit, { email })
  }

  /** Somebody who administers, logged in as that. */
  async function signUpAdmin () {
    const { email } = await signUp()
    await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE email = $1", [email])
    const visit = visitor(origin)
    await visit.get('/login')
    const answer = await visit.post('/login', { email, password })
    if (answer.status !== 303) throw new Error(`No administrator was logged in: ${answer.status}`)
    await visit.get('/dashboard')
    return Object.assign(visit, { email })
  }

  const sealed = (contents: SessionContents) => sealSession(keys, contents)
  const opened = (cookie: string | undefined) => cookie === undefined ? null : openSession(keys, cookie)
  return { ...product, product, database, cookieName, instanceAt, signUp, signUpAdmin, sealed, opened }
}
