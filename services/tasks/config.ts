import { demandVerifiedTls, loadConfiguration, originOf, processSettings, secretProblem, serviceSettings } from '@daymark/kit/configuration'
import { type Static, Type } from '@sinclair/typebox'

const Config = Type.Object({
  ...processSettings({ port: 3002, internalPort: 3102 }),
  ...serviceSettings,
  JWKS_URL: Type.RegExp(/^https?:\/\/\S+$/, { description: 'where the auth service publishes its keys' }),
  AUTH_ISSUER: Type.String({ description: 'the only issuer whose tokens are accepted' }),
  TOKEN_AUDIENCE: Type.String({ default: 'daymark-tasks' }),
  TOKEN_MAX_SECONDS: Type.Integer({ default: 900, minimum: 30, description: 'seconds' }),
  REVOCATIONS_URL: Type.RegExp(/^https?:\/\/\S+$/, { description: 'the revocation feed of the auth service, on its internal listener' }),
  SERVICE_PRIVATE_KEY: Type.RegExp(/^[\w-]{40,}$/, { description: 'PKCS#8 of an Ed25519 key in base64url' }),
  DATABASE_LISTEN_URL: Type.Optional(Type.RegExp(/^postgres(ql)?:\/\/[^@\s]+@[^\s]+\/[^\s]+$/, { description: 'the unpooled URL of the same role' })),
  LIVE_PER_USER: Type.Integer({ default: 20, minimum: 1, maximum: 1000, description: 'requests, 1 to 1000' }),
  LIVE_TOTAL: Type.Integer({ default: 2000, minimum: 1, maximum: 100_000, description: 'requests, 1 to 100000' }),
  TRANSFERS_PER_HOUR: Type.Integer({ default: 60, minimum: 1, maximum: 10_000, description: 'exports and imports of an account, 1 to 10000' }),
  TRASH_DAYS: Type.Integer({ default: 30, minimum: 1, maximum: 3650, description: 'days, 1 to 3650' }),
  CURSOR_KEY: Type.String({ description: '32 random bytes in base64' }),
})
export type Config = Readonly<Static<typeof Config>>

/** Reads the environment once. @throws {ConfigurationError} naming every variable that is missing or wrong */
export const loadConfig = (env: NodeJS.ProcessEnv = process.env): Config => loadConfiguration(Config, env, [
  demandVerifiedTls,
  ({ DATABASE_LISTEN_URL: url, ...config }) => url === undefined
    ? []
    : demandVerifiedTls({ ...config, DATABASE_URL: url }).map((problem) => problem && problem.replace(/^DATABASE_URL/, 'DATABASE_LISTEN_URL')),
  ({ AUTH_ISSUER, CURSOR_KEY }) => [originOf('AUTH_ISSUER', AUTH_ISSUER), secretProblem('CURSOR_KEY', CURSOR_KEY)],
])
