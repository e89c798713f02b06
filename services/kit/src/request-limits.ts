import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Redis } from 'ioredis'
import { network } from './client-address.ts'
import { tooManyRequests } from './problem.ts'
import { rateLimitFields } from './rate-limit-fields.ts'

const windowSeconds = 60

export interface RequestLimitOptions { perMinute: number, redisUrl?: string | undefined }

declare module 'fastify' {
  interface FastifyRequest {
    /** The account or network that a request was counted against. */
    limitedBy: string
  }
  interface FastifyInstance {
    /**
     * Counts a request, once, against its account's limit if it is signed in, else against that of its address. Call it in
     * an onRequest hook, so that what is refused later counts too.
     * @throws {Problem} tooManyRequests
     */
    countRequest (request: FastifyRequest, reply: FastifyReply, addressOf: (request: FastifyRequest) => string): Promise<void>
    /**
     * Makes the function that counts a request of its account once more, against a limit of its own for what costs much.
     * @throws {Problem} tooManyRequests
     */
    limitOf (options: { name: string, max: number, windowSeconds: number }): (request: FastifyRequest) => Promise<void>
  }
}

/**
 * A general limit on requests by account, else by address, shared between instances where there is Redis. A Redis out
 * of reach is a limit not counted, never a request refused or held up.
 */
export const requestLimits = fp(async (app: FastifyInstance, { perMinute, redisUrl }: RequestLimitOptions) => {
  const redis = redisUrl === undefined
    ? undefined
    // Nobody waits for a connection: without one a command fails at once. A process that is starting can take long to look at the answer.
    : new Redis(redisUrl, { commandTimeout: 200, connectTimeout: 5000, maxRetriesPerRequest: 1, enableOfflineQueue: false })
  redis?.on('error', (error) => app.log.warn({ err: error }, 'redis is out of reach'))
  app.addHook('onClose', () => { redis?.disconnect() })

  app.decorateRequest('limitedBy', '')
  await app.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: windowSeconds * 1000,
    ...redis && { redis },
    skipOnError: true,
    keyGenerator: (request: FastifyRequest) => request.limitedBy || network(request.ip), // behind a proxy an address is dear to read
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { after, max, ttl }) => tooManyRequests({
      detail: `Try again in ${after}.`,
      headers: rateLimitFields({ limit: max, windowSeconds, retryAfter: Math.ceil(ttl / 1000) }),
    }),
  })
  const limit = app.rateLimit()
  app.decorate('countRequest', async (request: FastifyRequest, reply: FastifyReply, addressOf: (request: FastifyRequest) => string) => {
    request.limitedBy = request.user ? request.user.sub : network(addressOf(request))
    await limit.call(app, request, reply)
  })
  app.decorate('limitOf', ({ name, max, windowSeconds }) => {
    const check = app.createRateLimit({ max, timeWindow: windowSeconds * 1000, keyGenerator: ({ user }) => `${name}:${user.sub}` })
    return async (request) => {
      const counted = await check(request)
      if (counted.isAllowed || !counted.isExceeded) return
      throw tooManyRequests({
        detail: `Try again in ${Math.ceil(counted.ttlInSeconds / 60)} minutes.`,
        headers: { ...rateLimitFields({ limit: max, windowSeconds, retryAfter: counted.ttlInSeconds }), 'retry-after': String(counted.ttlInSeconds) },
      })
    }
  })
}, { name: 'request-limits' })
