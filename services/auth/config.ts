import { loadConfiguration, demandVerifiedTls, originOf, processSettings, secretProblem, serviceSettings } from '@daymark/kit/configuration'
import { type Static, Type } from '@sinclair/typebox'
import { availableParallelism } from 'node:os'

/** All but one, which the rest of the service runs on; and of the four threads that Node has for such work one is left for it, too. */
const spareCores = Math.min(3, Math.max(1, availableParallelism() - 1))

const Config = Type.Object({
  ...processSettings({ port: 3001, internalPort: 3101 }),
  ...serviceSettings,
  AUTH_ISSUER: Type.String({ description: 'the origin at which clients reach this service' }),
  TOKEN_AUDIENCES: Type.String({ default: 'daymark-auth,daymark-tasks' }),
  ACCESS_TOKEN_SECONDS: Type.Integer({ default: 300, minimum: 30, maximum: 900, description: '30 to 900 seconds' }),
  KEY_ENCRYPTION_KEYS: Type.RegExp(/^[\w-]+:[^,]+(,[\w-]+:[^,]+)*$/, { description: 'id:base64 of 32 random bytes, separated by commas' }),
  SEALING_KEY_ID: Type.Optional(Type.String({ description: 'the id of one of KEY_ENCRYPTION_KEYS' })),
  KEY_PUBLISH_SECONDS: Type.Integer({ default: 600, minimum: 60, maximum: 86_400, description: '60 to 86400 seconds' }),
  KEY_ROTATION_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 3650, description: '1 to 3650 days' }),
  SERVICE_PUBLIC_KEYS: Type.RegExp(/^[\w-]+:[\w-]{43}(,[\w-]+:[\w-]{43})*$/, { description: 'name:base64url of an Ed25519 public key, separated by commas' }),
  PUBLIC_ORIGIN: Type.String({ description: 'the origin of the web app, which mailed links lead to' }),
  SMTP_URL: Type.RegExp(/^smtps?:\/\/\S+$/, { description: 'smtp://user:password@host:port, or smtps:' }),
  MAIL_FROM: Type.RegExp(/^[^\r\n]+@[^\r\n]+$/, { description: 'the sender of all mail, such as Daymark <daymark@example.com>' }),
  LOGIN_PER_ADDRESS: Type.Integer({ default: 100, minimum: 1, description: 'failed log-ins per address in 15 minutes' }),
  LOGIN_PER_ADDRESS_AND_ACCOUNT: Type.Integer({ default: 10, minimum: 1, description: 'failed log-ins per address and account in 15 minutes' }),
  SIGN_UP_PER_ADDRESS: Type.Integer({ default: 20, minimum: 1, description: 'sign-ups per address in an hour' }),
  RESET_PER_ADDRESS: Type.Integer({ default: 20, minimum: 1, description: 'requests for a reset link per address in an hour' }),
  MAIL_PER_HOUR: Type.Integer({ default: 5, minimum: 1, description: 'mails an hour to one recipient' }),
  SESSION_IDLE_DAYS: Type.Integer({ default: 14, minimum: 1, maximum: 365, description: '1 to 365 days' }),
  SESSION_ABSOLUTE_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 365, description: '1 to 365 days' }),
  ADMIN_SESSION_IDLE_MINUTES: Type.Integer({ default: 60, minimum: 5, maximum: 1440, description: '5 to 1440 minutes' }),
  ADMIN_SESSION_HOURS: Type.Integer({ default: 24, minimum: 1, maximum: 720, description: '1 to 720 hours' }),
  SESSIONS_PER_USER: Type.Integer({ default: 50, minimum: 1, maximum: 1000, description: '1 to 1000 sessions' }),
  REFRESH_GRACE_SECONDS: Type.Integer({ default: 30, minimum: 0, maximum: 60, description: '0 to 60 seconds' }),
  PASSWORD_HASH_CONCURRENCY: Type.Integer({ default: spareCores, minimum: 1, maximum: 64, description: '1 to 64' }),
  PASSWORD_HASH_QUEUE: Type.Integer({ default: 64, minimum: 0, maximum: 10_000, description: '0 to 10000' }),
  PASSWORD_MIN_LENGTH: Type.Integer({ default: 8, minimum: 8, maximum: 64, description: '8 to 64' }),
  PASSWORD_BREACH_URL: Type.Optional(Type.String({ description: 'the address of a range API up to the five digits, such as https://api.pwnedpasswords.com/range/' })),
  PASSWORD_BREACH_TIMEOUT_MS: Type.Integer({ default: 1500, minimum: 100, maximum: 4000, description: '100 to 4000 milliseconds' }),
  PASSWORD_BREACH_OUTAGE: Type.Unsafe<'open' | 'closed'>(Type.RegExp(/^(open|closed)$/, { default: 'open', description: 'open or closed' })),
})
export type Config = Readonly<Static<typeof Config>>

/** Reads the environment once. @throws {ConfigurationError} naming every variable that is missing or wrong */
export const loadConfig = (env: NodeJS.ProcessEnv = process.env): Config => loadConfiguration(Config, env, [
  demandVerifiedTls,
  ({ DAYMARK_ENV, AUTH_ISSUER, PUBLIC_ORIGIN }) => [
    originOf('AUTH_ISSUER', AUTH_ISSUER),
    originOf('PUBLIC_ORIGIN', PUBLIC_ORIGIN),
    DAYMARK_ENV !== 'development' && AUTH_ISSUER.startsWith('http:') && `AUTH_ISSUER must begin with https: in ${DAYMARK_ENV}`,
  ],
  ({ KEY_ENCRYPTION_KEYS, SEALING_KEY_ID }) => {
    const keys = namedValues(KEY_ENCRYPTION_KEYS)
    return [
      ...[...keys].map(([id, key]) => secretProblem(`KEY_ENCRYPTION_KEYS (${id})`, key)),
      SEALING_KEY_ID !== undefined && !keys.has(SEALING_KEY_ID) && 'SEALING_KEY_ID is not the id of one of KEY_ENCRYPTION_KEYS',
    ]
  },
  ({ TOKEN_AUDIENCES }) => [!TOKEN_AUDIENCES.split(',').includes('daymark-auth') && 'TOKEN_AUDIENCES must have daymark-auth among them'],
  ({ DAYMARK_ENV, PASSWORD_BREACH_URL: url }) => [url !== undefined && rangeUrlProblem(url, DAYMARK_ENV)],
  ({ SESSION_IDLE_DAYS, SESSION_ABSOLUTE_DAYS }) => [SESSION_IDLE_DAYS > SESSION_ABSOLUTE_DAYS && 'SESSION_IDLE_DAYS is longer than SESSION_ABSOLUTE_DAYS'],
])

/** Part of a password's digest goes there: readable by nobody on the way, unless it stays on this machine or in development. */
function rangeUrlProblem (value: string, environment: Config['DAYMARK_ENV']): string | false {
  const url = URL.parse(value)
  const isWhole = url !== null && /^https?:$/.test(url.protocol) && url.href === value && value.endsWith('/') && url.search + url.hash + url.username + url.password === ''
  if (!isWhole) return 'PASSWORD_BREACH_URL must be an address that the five digits can follow, such as https://api.pwnedpasswords.com/range/'
  const isPrivate = url.protocol === 'https:' || environment === 'development' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return !isPrivate && `PASSWORD_BREACH_URL must begin with https: in ${environment}, unless it is on this machine`
}

/** Reads `name:value,name:value`. */
export const namedValues = (text: string): Map<string, string> => new Map(text.split(',').map((entry) => {
  const [name = '', ...value] = entry.split(':')
  return [name, value.join(':')]
}))

/** The keys that secrets at rest are sealed with, by id. */
export const keyEncryptionKeys = ({ KEY_ENCRYPTION_KEYS }: Config): Map<string, Buffer> =>
  new Map([...namedValues(KEY_ENCRYPTION_KEYS)].map(([id, key]) => [id, Buffer.from(key, 'base64')]))
