import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Redis } from 'ioredis'
import { tooManyRequests } from './problem.ts'

export interface RequestLimitOptions {
  perMinute: number
  redisUrl?: string | undefined
  /** The address a request came from: another than the peer's where a trusted caller says so. */
  addressOf?: (request: FastifyRequest) => string
}

/**
 * A general limit on requests by account, else by address, shared between instances where there is Redis. A Redis out
 * of reach is a limit not counted, never a request refused or held up.
 */
export const requestLimits = fp(async (app: FastifyInstance, { perMinute, redisUrl, addressOf = ({ ip }) => ip }: RequestLimitOptions) => {
  const redis = redisUrl === undefined
    ? undefined
    : new Redis(redisUrl, { commandTimeout: 200, connectTimeout: 500, maxRetriesPerRequest: 1, enableOfflineQueue: false })
  redis?.on('error', (error) => app.log.warn({ err: error }, 'redis is out of reach'))
  app.addHook('onClose', () => { redis?.disconnect() })

  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: '1 minute',
    ...redis && { redis },
    skipOnError: true,
    hook: 'preHandler', // after the token is verified, so that the account is known
    keyGenerator: (request: FastifyRequest) => request.user?.sub ?? network(addressOf(request)),
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { after }) => tooManyRequests({ detail: `Try again in ${after}.` }),
  })
}, { name: 'request-limits' })

/** One IPv6 customer holds a /64: the limit counts the network (SEC-31). */
export function network (address: string): string {
  if (!address.includes(':')) return address
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length)
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
