import { type AccessTokenClaims, accessTokens } from '@daymark/kit/access-tokens'
import { Cursors } from '@daymark/kit/cursor'
import { keysUnavailable, Problem } from '@daymark/kit/problem'
import { requestLimits } from '@daymark/kit/request-limits'
import { row } from '@daymark/kit/row'
import { createService, type Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { FastifyServerOptions } from 'fastify'
import { type DatabasePool, sql } from 'slonik'
import { type Config, keyEncryptionKeys, namedValues } from './config.ts'
import { Account, AccountExport, AuditEvent, AuditPage, ChangeEmail, ChangePassword, ForgotPassword, Jwks, LogIn, LogOut, ManagedUser, ProfilePatch, Refresh, ResetPassword, RevertEmail, ServerMetadata, Session, SessionPage, SignedIn, SigningKey, SigningKeyPage, SignUp, StepUp, UserChange, UserDetails, UserPage, VerifyEmail } from './contracts.ts'
import type { Deps } from './deps.ts'
import { documentation } from './documentation.ts'
import './problems.ts'
import { PasswordHasher } from './src/passwords/password-hasher.ts'
import { requireAdmin } from './src/admin/require-admin.ts'
import { userChangeRoutes, userRoutes } from './src/admin/routes.ts'
import { accountRoutes, ownAccountRoutes } from './src/accounts/routes.ts'
import { AuditLog } from './src/audit/audit-log.ts'
import { auditRoutes } from './src/audit/routes.ts'
import { callers } from './src/callers/caller.ts'
import { serviceTokenVerifier, type VerifyServiceToken } from './src/callers/service-tokens.ts'
import { emailRoutes, ownEmailRoutes } from './src/email/routes.ts'
import { adminKeyRoutes, keyRoutes } from './src/keys/routes.ts'
import { Sealer } from './src/keys/sealer.ts'
import { type ActiveKey, SigningKeys } from './src/keys/signing-keys.ts'
import { Guesses } from './src/limits/guesses.ts'
import { type Mailer, Outbox } from './src/mail/outbox.ts'
import { BreachCheck } from './src/passwords/breach-check.ts'
import { PasswordJudge } from './src/passwords/password-judge.ts'
import { measureHashing } from './src/passwords/password-metrics.ts'
import { ownPasswordRoutes, passwordRoutes } from './src/passwords/routes.ts'
import { revocationRoutes } from './src/revocations/routes.ts'
import { requireLiveSession } from './src/sessions/live-session.ts'
import { requireRecentLogIn } from './src/sessions/require-recent-log-in.ts'
import { ownSessionRoutes, sessionRoutes } from './src/sessions/routes.ts'

export interface AppDeps { config: Config, pool: DatabasePool, mailer: Mailer, now: () => Date, logger?: FastifyServerOptions['logger'] }

const audience = 'daymark-auth'

/** Assembles the whole service without opening a port. Tests and server.ts call this same function. */
export async function buildApp ({ config, pool, mailer, now, logger = false }: AppDeps) {
  const sealer = new Sealer(keyEncryptionKeys(config), config.SEALING_KEY_ID)

  const { app, internal, metrics } = await createService({
    name: 'auth',
    config,
    logger,
    documentation,
    dependencies: [() => pool.query(sql.type(row(Type.Object({})))`SELECT`)],
  })
  const audit = new AuditLog({ pool, sealer, log: app.log })
  const signingKeys = await SigningKeys.load({ pool, sealer, audit, config }, app.log)
  for (const schema of [SignUp, LogIn, StepUp, Refresh, LogOut, Account, AccountExport, ProfilePatch, SignedIn, Session, SessionPage, VerifyEmail, ChangeEmail, RevertEmail, ForgotPassword, ResetPassword, ChangePassword, Jwks, ServerMetadata, SigningKey, SigningKeyPage, ManagedUser, UserDetails, UserPage, UserChange, AuditEvent, AuditPage]) app.addSchema(schema)

  app.addContentTypeParser('application/merge-patch+json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))

  const verify = await serviceTokenVerifier(namedValues(config.SERVICE_PUBLIC_KEYS), audience)
  await app.register(callers, { verify })
  await app.register(accessTokens, {
    issuer: config.AUTH_ISSUER,
    audience,
    maxSeconds: config.ACCESS_TOKEN_SECONDS,
    now,
    // Not being able to look is no verdict on the token: 503, and nobody is signed out by it.
    publicKeyOf: (kid) => signingKeys.publicKeyOf(kid).catch((cause: unknown) => { throw cause instanceof Problem ? cause : keysUnavailable({ cause }) }),
    privateKey: async () => (await signingKeys.active()).privateKeyPem,
  })
  await app.register(requestLimits, { perMinute: config.RATE_LIMIT_PER_MINUTE, redisUrl: config.REDIS_URL })
  app.addHook('onRequest', (request, reply) => app.countRequest(request, reply, ({ caller }) => caller.address))

  const deps: Deps = {
    config,
    pool,
    now,
    sealer,
    signingKeys,
    passwords: new PasswordHasher({
      concurrency: config.PASSWORD_HASH_CONCURRENCY,
      queue: config.PASSWORD_HASH_QUEUE,
      underWay: Math.floor(config.DATABASE_POOL_SIZE / 2), // the other half of the connections is for everybody else
    }),
    guesses: new Guesses({ pool, config }),
    judge: new PasswordJudge({ queue: config.PASSWORD_HASH_QUEUE }),
    breaches: new BreachCheck({ url: config.PASSWORD_BREACH_URL, outage: config.PASSWORD_BREACH_OUTAGE, timeoutMilliseconds: config.PASSWORD_BREACH_TIMEOUT_MS, registry: metrics.registry, log: app.log }),
    outbox: new Outbox({ pool, sealer, mailer, log: app.log }),
    audit,
    cursors: new Cursors(...sealer.keysFor('page cursors')),
    sign: (claims: Omit<AccessTokenClaims, 'kid'>, { kid, privateKeyPem }: ActiveKey) =>
      app.jwt.sign(claims, { key: privateKeyPem, kid, header: { alg: 'EdDSA', typ: 'at+jwt' } }),
  }
  measureHashing(metrics.registry, deps.passwords)
  app.addHook('onReady', () => {
    deps.outbox.wake()
    deps.audit.wake()
  })
  app.addHook('onResponse', async () => { deps.audit.wake() })
  app.addHook('onClose', async () => {
    await deps.outbox.close()
    await deps.audit.close()
    await deps.judge.close()
  })
  await app.register(keyRoutes, deps)
  await app.register(accountRoutes, deps)
  await app.register(sessionRoutes, deps)
  await app.register(emailRoutes, deps)
  await app.register(passwordRoutes, deps)
  await app.register(ownRoutes, deps)
  await app.register(adminRoutes, deps)
  await internal.register(serviceRoutes, { ...deps, verify })
  return { app, internal }
}

/** All that belongs to who is signed in. */
async function ownRoutes (app: Service, deps: Deps): Promise<void> {
  await app.register(requireLiveSession, deps)
  await app.register(ownAccountRoutes, deps)
  await app.register(ownSessionRoutes, deps)
  await app.register(ownEmailRoutes, deps)
  await app.register(ownPasswordRoutes, deps)
}

/** What admins alone may see and do. */
async function adminRoutes (app: Service, deps: Deps): Promise<void> {
  await app.register(requireLiveSession, deps)
  await app.register(requireAdmin)
  await app.register(adminKeyRoutes, deps)
  await app.register(userRoutes, deps)
  await app.register(auditRoutes, deps)
  await app.register(adminChangeRoutes, deps)
}

/** What a stolen session of an admin must not be enough for. */
async function adminChangeRoutes (app: Service, deps: Deps): Promise<void> {
  app.addHook('onRequest', requireRecentLogIn)
  await app.register(userChangeRoutes, deps)
}

/** What the other services ask, each under a token of its own; on the internal listener alone. */
async function serviceRoutes (internal: Service, { verify, ...deps }: Deps & { verify: VerifyServiceToken }): Promise<void> {
  internal.addHook('onRequest', async ({ headers }) => { await verify(String(headers['x-service-token'])) })
  await internal.register(revocationRoutes, deps)
}
