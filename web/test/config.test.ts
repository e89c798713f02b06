import t from 'tap'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { loadConfig } from '../config.ts'

const key = () => randomBytes(32).toString('base64')
const privateKey = (type: 'ed25519' | 'x25519') => (type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url')
const right = {
  DAYMARK_ENV: 'production',
  PUBLIC_ORIGIN: 'https://tasks.example.com',
  AUTH_URL: 'http://auth:3001',
  TASKS_URL: 'http://tasks:3002',
  WEB_SESSION_KEYS: `${key()},${key()}`,
  SERVICE_PRIVATE_KEY: privateKey('ed25519'),
}

t.test('a whole environment is read once, and frozen', async (t) => {
  const config = loadConfig({ ...right, PORT: '4000', TRUSTED_PROXIES: '10.0.0.0/8, ::1', LOG_LEVEL: '' })
  t.match(config, { PORT: 4000, INTERNAL_PORT: 3100, LOG_LEVEL: 'info', TRUSTED_PROXIES: ['10.0.0.0/8', '::1'], DEV_SERVER: false, SERVICE_TIMEOUT_MS: 5000 })
  t.equal(config.WEB_SESSION_KEYS.length, 2)
  t.ok(Object.isFrozen(config))
})

t.test('everything that is missing is named at once', async (t) => {
  t.throws(() => loadConfig({}), { message: /DAYMARK_ENV[^]*PUBLIC_ORIGIN[^]*AUTH_URL[^]*TASKS_URL[^]*WEB_SESSION_KEYS[^]*SERVICE_PRIVATE_KEY/ })
})

t.test('a wrong value is reported beside a missing one, and no secret is printed', async (t) => {
  const secret = Buffer.from('too short').toString('base64')
  const attempt = () => loadConfig({ ...right, DAYMARK_ENV: undefined, WEB_SESSION_KEYS: secret })
  t.throws(attempt, { message: /DAYMARK_ENV[^]*WEB_SESSION_KEYS/ })
  t.throws(attempt, { message: new RegExp(`^(?![^]*${secret})`) })
})

const wrong: Array<{ why: string, settings: Record<string, string> }> = [
  { why: 'plain http away from localhost', settings: { DAYMARK_ENV: 'development', PUBLIC_ORIGIN: 'http://tasks.example.com' } },
  { why: 'plain http on localhost in production', settings: { PUBLIC_ORIGIN: 'http://localhost:3000' } },
  { why: 'an origin with a path', settings: { PUBLIC_ORIGIN: 'https://tasks.example.com/app' } },
  { why: 'an origin with a slash', settings: { PUBLIC_ORIGIN: 'https://tasks.example.com/' } },
  { why: 'a service that is no origin', settings: { AUTH_URL: 'auth:3001' } },
  { why: 'a placeholder for a session key (SEC-16)', settings: { WEB_SESSION_KEYS: Buffer.alloc(32).toString('base64') } },
  { why: 'a short session key', settings: { WEB_SESSION_KEYS: randomBytes(16).toString('base64') } },
  { why: 'one wrong key among right ones', settings: { WEB_SESSION_KEYS: `${key()},changeme` } },
  { why: 'no private key', settings: { SERVICE_PRIVATE_KEY: 'changeme' } },
  { why: 'a private key of another kind', settings: { SERVICE_PRIVATE_KEY: privateKey('x25519') } },
  { why: 'a proxy by name', settings: { TRUSTED_PROXIES: 'proxy.internal' } },
  { why: 'a range out of bounds', settings: { TRUSTED_PROXIES: '10.0.0.0/33' } },
  { why: 'a port out of range', settings: { PORT: '70000' } },
  { why: 'a port that is no number', settings: { PORT: 'http' } },
  { why: 'the development server in production', settings: { DEV_SERVER: 'true' } },
]
for (const { why, settings } of wrong) {
  t.test(`${why} is refused`, async (t) => {
    const [name] = Object.keys(settings).slice(-1) as [string]
    t.throws(() => loadConfig({ ...right, ...settings }), { message: new RegExp(`${name} `) })
  })
}
