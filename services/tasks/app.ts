import { accessTokens } from '@daymark/kit/access-tokens'
import { clientAddress } from '@daymark/kit/client-address'
import { Cursors } from '@daymark/kit/cursor'
import { connectionOptions } from '@daymark/kit/database'
import { notSignedIn, notYours } from '@daymark/kit/problem'
import { requestLimits } from '@daymark/kit/request-limits'
import { row } from '@daymark/kit/row'
import { serviceTokens } from '@daymark/kit/service-token'
import { createService, type Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { FastifyServerOptions } from 'fastify'
import { type DatabasePool, sql } from 'slonik'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { documentation } from './documentation.ts'
import { accountPath, named } from './operations.ts'
import { feedSilent } from './problems.ts'
import { onWritten } from './src/accounts/write-in-turn.ts'
import { changeRoutes } from './src/changes/routes.ts'
import { labelRoutes } from './src/labels/routes.ts'
import { listRoutes } from './src/lists/routes.ts'
import { LiveChanges } from './src/live/live-changes.ts'
import { Waiters } from './src/live/waiters.ts'
import { RevocationFeed } from './src/revocations/revocation-feed.ts'
import { summaryRoutes } from './src/summary/routes.ts'
import { taskRoutes } from './src/tasks/routes.ts'
import { transferRoutes } from './src/transfer/routes.ts'
import { trashRoutes } from './src/trash/routes.ts'
import { TrashKeeper } from './src/trash/trash-keeper.ts'
import { RemoteKeys } from './src/tokens/remote-keys.ts'

export interface AppDeps { config: Config, pool: DatabasePool, now: () => Date, logger?: FastifyServerOptions['logger'] }

/** Assembles the whole service without opening a port. Tests and server.ts call this same function. */
export async function buildApp ({ config, pool, now, logger = false }: AppDeps) {
  const { app, internal } = await createService({
    name: 'tasks',
    config,
    logger,
    documentation,
    dependencies: [() => pool.query(sql.type(row(Type.Object({})))`SELECT`), async () => { if (feed.isSilent()) throw feedSilent() }],
  })
  const keys = new RemoteKeys({ url: config.JWKS_URL, log: app.log })
  const feed = new RevocationFeed({
    url: config.REVOCATIONS_URL,
    serviceToken: serviceTokens({ name: 'tasks', audience: 'daymark-auth', privateKey: config.SERVICE_PRIVATE_KEY }),
    tokenSeconds: config.TOKEN_MAX_SECONDS,
    onKeyWithdrawn: (kid) => keys.withdraw(kid),
    onRevoked: () => live.waiters.endRevoked((bearer) => feed.isKnownRevoked(bearer)),
    log: app.log,
  })
  for (const schema of named) app.addSchema(schema)
  const parseJson = app.getDefaultJsonParser('error', 'error')
  // A JSON merge patch is JSON; so is no body at all where a route allows it.
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, null)
    return parseJson(request, body as string, done)
  })

  await app.register(accessTokens, {
    issuer: config.AUTH_ISSUER,
    audience: config.TOKEN_AUDIENCE,
    maxSeconds: config.TOKEN_MAX_SECONDS,
    now,
    publicKeyOf: (kid) => keys.publicKeyOf(kid),
  })
  await app.register(requestLimits, { perMinute: config.RATE_LIMIT_PER_MINUTE, redisUrl: config.REDIS_URL })

  const trash = new TrashKeeper(pool, config.TRASH_DAYS)
  const { DATABASE_LISTEN_URL: listenUrl } = config
  const live = new LiveChanges({
    pool,
    waiters: new Waiters({ perUser: config.LIVE_PER_USER, total: config.LIVE_TOTAL }),
    connection: listenUrl === undefined ? undefined : connectionOptions({ ...config, DATABASE_URL: listenUrl }),
    idleSeconds: config.DATABASE_IDLE_SECONDS,
    log: app.log,
  })
  onWritten(pool, (userId) => live.changed(userId))
  app.addHook('preClose', async () => { await Promise.all([feed.close(), trash.close(), live.close()]) })
  const deps: Deps = { pool, feed, trash, live, now, transfersPerHour: config.TRANSFERS_PER_HOUR, cursors: new Cursors(Buffer.from(config.CURSOR_KEY, 'base64')) }
  await app.register(accountApi, { prefix: accountPath, ...deps })
  return { app, internal }
}

/** All that belongs to one account: for its owner alone, by the token and by the path. */
async function accountApi (app: Service, deps: Deps): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    await app.requireUser(request).finally(() => app.countRequest(request, reply, clientAddress))
    const { kid, sid, sub } = request.user
    if (await deps.feed.isRevoked({ kid, sid, sub }, { isWrite: request.method !== 'GET' })) throw notSignedIn({ detail: 'The session is over.' })
  })
  app.addHook('preHandler', ({ params, user }, _reply, done) => {
    done((params as { user_id?: string }).user_id === user.sub ? undefined : notYours())
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (request.method !== 'GET' && reply.statusCode < 300) deps.trash.look(request)
    done()
  })
  for (const routes of [taskRoutes, listRoutes, labelRoutes, summaryRoutes, trashRoutes, changeRoutes, transferRoutes]) await app.register(routes, { ...deps, prefix: '' })
}
