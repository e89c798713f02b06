import { type Static, type TObject, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** The environment of a process is wrong: the message lists everything that is, one line each. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** A further rule over values that are each of the right shape; gives what is wrong with them. */
export type Rule<T> = (config: T) => Array<string | false | undefined>

/**
 * Reads what `schema` names from the environment, once. Numbers and booleans are converted, nothing else is.
 * @throws {ConfigurationError} naming every variable that is missing or wrong
 */
export function loadConfiguration<T extends TObject> (
  schema: T, env: NodeJS.ProcessEnv, rules: Array<Rule<Static<T>>> = [],
): Readonly<Static<T>> {
  const given = Object.fromEntries(Object.keys(schema.properties).map((name) => [name, env[name] === '' ? undefined : env[name]]))
  const config = Value.Convert(schema, Value.Default(schema, given)) as Static<T>
  const wrong = new Map<string, string>()
  for (const [name, { type, description }] of Object.entries(schema.properties)) {
    const value = env[name] ?? ''
    if (type === 'integer' && value !== '' && !/^-?\d+$/.test(value)) wrong.set(name, `${name} is not valid: ${String(description)}`) // 1.5 would be converted to 1
  }
  for (const { path, schema: { description } } of Value.Errors(schema, config)) {
    const name = path.slice(1).split('/')[0] ?? ''
    const about = typeof description === 'string' ? `: ${description}` : ''
    if (!wrong.has(name)) wrong.set(name, `${name} ${given[name] === undefined ? 'is missing' : 'is not valid'}${about}`)
  }
  const sound = ([name = '']: string[]) => Object.hasOwn(schema.properties, name) && !wrong.has(name)
  const broken = rules.flatMap((rule) => outcomeOf(rule, config)).filter((problem) => typeof problem === 'string')
  const problems = [...wrong.values(), ...broken.filter((problem) => sound(problem.split(' ')))] // of a variable of the wrong shape, that is enough
  if (problems.length > 0) throw new ConfigurationError(problems)
  return Object.freeze(config)
}

/** A rule over values of the wrong shape may fail: those are told already. */
function outcomeOf<T> (rule: Rule<T>, config: T) {
  try {
    return rule(config)
  } catch {
    return []
  }
}

const wholeNumber = (description: string, options: { default: number, minimum?: number, maximum?: number }) =>
  Type.Integer({ minimum: 0, ...options, description })

/** What every process of Daymark is told. */
export const processSettings = (ports: { port: number, internalPort: number }) => ({
  DAYMARK_ENV: Type.Unsafe<'development' | 'staging' | 'production'>(Type.RegExp(/^(development|staging|production)$/, { description: 'development, staging or production' })),
  HOST: Type.String({ default: '127.0.0.1' }),
  PORT: wholeNumber('a port', { default: ports.port, maximum: 65_535 }),
  INTERNAL_HOST: Type.String({ default: '127.0.0.1' }),
  INTERNAL_PORT: wholeNumber('a port', { default: ports.internalPort, maximum: 65_535 }),
  LOG_LEVEL: Type.RegExp(/^(fatal|error|warn|info|debug|trace|silent)$/, { default: 'info', description: 'fatal, error, warn, info, debug, trace or silent' }),
  TRUSTED_PROXIES: Type.String({ default: '', description: 'addresses or CIDR ranges, separated by commas' }),
  SHUTDOWN_SECONDS: wholeNumber('seconds', { default: 10, minimum: 1 }),
})

/** What a service that has a database and answers the public is told besides. */
export const serviceSettings = {
  DATABASE_URL: Type.RegExp(/^postgres(ql)?:\/\/[^@\s]+@[^\s]+\/[^\s]+$/, { description: 'postgresql://role:password@host:port/database?sslmode=verify-full' }),
  DATABASE_CA_FILE: Type.Optional(Type.String()),
  ALLOW_PLAINTEXT_DATABASE: Type.Boolean({ default: false, description: 'true or false' }),
  DATABASE_POOL_SIZE: wholeNumber('connections', { default: 10, minimum: 1, maximum: 1000 }),
  DATABASE_IDLE_SECONDS: wholeNumber('seconds', { default: 60, minimum: 1 }),
  DATABASE_CONNECT_SECONDS: wholeNumber('seconds', { default: 30, minimum: 1 }),
  DATABASE_NAMED_STATEMENTS: Type.Boolean({ default: false, description: 'true or false' }),
  REDIS_URL: Type.Optional(Type.RegExp(/^rediss?:\/\/\S+$/, { description: 'redis://host:port' })),
  RATE_LIMIT_PER_MINUTE: wholeNumber('requests', { default: 600, minimum: 1 }),
}

interface DatabaseSettings { DAYMARK_ENV: string, DATABASE_URL: string, ALLOW_PLAINTEXT_DATABASE: boolean }

/** A database is spoken to over verified TLS, unless a developer says otherwise. */
export function demandVerifiedTls ({ DAYMARK_ENV, DATABASE_URL, ALLOW_PLAINTEXT_DATABASE }: DatabaseSettings): Array<string | false> {
  if (!isReadable(DATABASE_URL)) return ['DATABASE_URL cannot be read: percent-encode special characters in the password, and look at the port']
  const isVerified = new URL(DATABASE_URL).searchParams.get('sslmode') === 'verify-full'
  return [
    !isVerified && !ALLOW_PLAINTEXT_DATABASE && 'DATABASE_URL must say sslmode=verify-full (or set ALLOW_PLAINTEXT_DATABASE=true in development)',
    ALLOW_PLAINTEXT_DATABASE && DAYMARK_ENV !== 'development' && 'ALLOW_PLAINTEXT_DATABASE is for development alone',
  ]
}

function isReadable (url: string): boolean {
  try {
    const { username, password, hash } = new URL(url)
    return hash === '' && [username, password].every((part) => decodeURIComponent(part) !== '')
  } catch {
    return false
  }
}

/** A setting that must be an origin: scheme, host and port; plain http is for localhost or, where told, a private network. */
export const originOf = (name: string, value: string): string | false => {
  if (URL.canParse(value) && new URL(value).origin === value) return false
  return `${name} must be an origin, such as https://tasks.example.com, without a path`
}

/**
 * The bytes of a secret given as base64.
 * @throws {Error} naming the variable, if it is a placeholder or not of exactly `bytes` bytes (SEC-16)
 */
export function secretBytes (name: string, value: string, bytes = 32): Buffer {
  const secret = Buffer.from(value, 'base64')
  if (secret.length !== bytes || secret.toString('base64') !== value) throw new Error(`${name} must be ${bytes} random bytes in base64 (openssl rand -base64 ${bytes})`)
  if (new Set(secret).size < bytes / 4) throw new Error(`${name} is a placeholder: make one with openssl rand -base64 ${bytes}`)
  return secret
}

/** Tells what `secretBytes` would throw, for a configuration rule. */
export function secretProblem (name: string, value: string, bytes = 32): string | false {
  try {
    secretBytes(name, value, bytes)
    return false
  } catch (error) {
    return (error as Error).message
  }
}
