import { bareAddress, clientAddress } from '@daymark/kit/client-address'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { notAService } from '../../problems.ts'
import type { VerifyServiceToken } from './service-tokens.ts'

/** Who is at the other end, the browser behind the web app or the peer itself, and by which request. */
export interface Caller { address: string, userAgent: string | null, requestId: string }

/** For what nobody asks for over HTTP: what the service does by its schedule, or who runs it does by a command. */
export const nobody = (occasion: 'schedule' | 'command'): Caller => ({ address: '', userAgent: null, requestId: occasion })

declare module 'fastify' {
  interface FastifyRequest { caller: Caller }
}

const maxUserAgent = 500

/**
 * Sets `request.caller`. The forwarded address and user agent are believed under a service token of ours alone (SEC-35).
 */
export const callers = fp(async (app: FastifyInstance, { verify }: { verify: VerifyServiceToken }) => {
  app.decorateRequest('caller', null as unknown as Caller)
  app.addHook('onRequest', async (request) => {
    request.caller = peer(request)
    const token = request.headers['x-service-token']
    if (token === undefined) return
    if (await verify(String(token)) !== 'web') throw notAService() // the other services speak for themselves
    const { 'x-client-address': address, 'x-client-user-agent': userAgent } = request.headers
    request.caller = {
      ...request.caller,
      // A trusted caller that does not say whom it speaks for shares one bucket: never no limit.
      address: (typeof address === 'string' ? bareAddress(address) : undefined) ?? clientAddress(request),
      userAgent: typeof userAgent === 'string' ? userAgent.slice(0, maxUserAgent) : null,
    }
  })
}, { name: 'callers' })

const peer = (request: FastifyRequest): Caller =>
  ({ address: clientAddress(request), userAgent: request.headers['user-agent']?.slice(0, maxUserAgent) ?? null, requestId: request.id })
