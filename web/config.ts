import { type KeyObject, createPrivateKey } from 'node:crypto'
import { isIP } from 'node:net'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const port = (usual: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: usual, description: 'a port' })

const Settings = Type.Object({
  DAYMARK_ENV: Type.Unsafe<'development' | 'staging' | 'production'>(Type.RegExp(/^(development|staging|production)$/, { description: 'development, staging or production' })),
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: port(3000),
  INTERNAL_HOST: Type.String({ default: '127.0.0.1' }),
  INTERNAL_PORT: port(3100),
  LOG_LEVEL: Type.RegExp(/^(fatal|error|warn|info|debug|trace|silent)$/, { default: 'info', description: 'fatal, error, warn, info, debug, trace or silent' }),
  TRUSTED_PROXIES: Type.String({ default: '' }),
  SHUTDOWN_SECONDS: Type.Integer({ minimum: 1, default: 10, description: 'seconds' }),
  PUBLIC_ORIGIN: Type.String(),
  AUTH_URL: Type.String(),
  TASKS_URL: Type.String(),
  WEB_SESSION_KEYS: Type.String(),
  SERVICE_PRIVATE_KEY: Type.String(),
  SERVICE_TIMEOUT_MS: Type.Integer({ minimum: 100, maximum: 60_000, default: 5000, description: 'milliseconds' }),
  DEV_SERVER: Type.Boolean({ default: false, description: 'true serves the app through Vite, with hot reloading (development only)' }),
})
type Settings = Static<typeof Settings>

/** What the web app was told, checked and ready to use. */
export type Config = Readonly<Omit<Settings, 'TRUSTED_PROXIES' | 'WEB_SESSION_KEYS' | 'SERVICE_PRIVATE_KEY'> & {
  TRUSTED_PROXIES: readonly string[]
  WEB_SESSION_KEYS: readonly Buffer[]
  SERVICE_PRIVATE_KEY: KeyObject
}>

/** The environment is wrong: the message lists everything that is, one line each. */
export class ConfigurationError extends Error {
  constructor (problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigurationError'
  }
}

/**
 * Reads the environment, once.
 * @throws {ConfigurationError} naming every variable that is missing or wrong
 */
export function loadConfig (env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.keys(Settings.properties).map((name) => [name, env[name] === '' ? undefined : env[name]]))
  const settings = Value.Convert(Settings, Value.Default(Settings, given)) as Settings
  const problems = [...misshapen(settings, given), ...rules(settings, given)]
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.freeze({
    ...settings,
    TRUSTED_PROXIES: Object.freeze(listed(settings.TRUSTED_PROXIES)),
    WEB_SESSION_KEYS: Object.freeze(listed(settings.WEB_SESSION_KEYS).map((key) => Buffer.from(key, 'base64'))),
    SERVICE_PRIVATE_KEY: privateKey(settings.SERVICE_PRIVATE_KEY),
  })
}

function misshapen (settings: Settings, given: Record<string, string | undefined>): string[] {
  const wrong = new Map<string, string>()
  for (const { path, schema: { description } } of Value.Errors(Settings, settings)) {
    const name = path.slice(1)
    const about = typeof description === 'string' ? `: ${description}` : ''
    if (!wrong.has(name)) wrong.set(name, `${name} ${given[name] === undefined ? 'is missing' : 'is not valid'}${about}`)
  }
  return [...wrong.values()]
}

function rules (settings: Settings, given: Record<string, string | undefined>): string[] {
  const isDevelopment = settings.DAYMARK_ENV === 'development'
  const asked = (name: keyof Settings, check: (value: string) => string | false) => {
    const value = given[name]
    const problem = value !== undefined && check(value)
    return problem ? [`${name} ${problem}`] : []
  }
  return [
    ...asked('PUBLIC_ORIGIN', (origin) => originProblem(origin) || transportProblem(origin, isDevelopment)),
    ...asked('AUTH_URL', originProblem),
    ...asked('TASKS_URL', originProblem),
    ...asked('WEB_SESSION_KEYS', sessionKeysProblem),
    ...asked('SERVICE_PRIVATE_KEY', privateKeyProblem),
    ...asked('TRUSTED_PROXIES', proxiesProblem),
    ...settings.DEV_SERVER === true && !isDevelopment ? ['DEV_SERVER is for development alone'] : [],
  ]
}

const listed = (text: string) => text.split(',').map((item) => item.trim()).filter((item) => item !== '')

const originProblem = (value: string) =>
  !(URL.canParse(value) && new URL(value).origin === value && value.startsWith('http')) &&
  'must be an origin, such as https://tasks.example.com, without a path'

function transportProblem (origin: string, isDevelopment: boolean): string | false {
  const { protocol, hostname } = new URL(origin)
  if (protocol === 'https:') return false
  if (hostname !== 'localhost') return 'must be https: plain http is for localhost alone'
  return !isDevelopment && 'may be http://localhost in development alone'
}

function sessionKeysProblem (value: string): string | false {
  const keys = listed(value)
  const isKey = (text: string) => {
    const bytes = Buffer.from(text, 'base64')
    return bytes.length === 32 && bytes.toString('base64') === text && new Set(bytes).size >= 8
  }
  return !(keys.length > 0 && keys.every(isKey)) && 'must be keys of 32 random bytes in base64, separated by commas (openssl rand -base64 32)'
}

const privateKey = (value: string) => createPrivateKey({ key: Buffer.from(value, 'base64url'), format: 'der', type: 'pkcs8' })

function privateKeyProblem (value: string): string | false {
  try {
    if (privateKey(value).asymmetricKeyType === 'ed25519') return false
  } catch { /* not a key at all: the same advice */ }
  return 'must be an Ed25519 private key, PKCS#8 in base64url'
}

function proxiesProblem (value: string): string | false {
  const wrong = listed(value).find((item) => {
    const [address = '', bits, ...rest] = item.split('/')
    const family = isIP(address)
    return family === 0 || rest.length > 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
  })
  return wrong !== undefined && 'must be addresses or CIDR ranges, separated by commas'
}
