import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import { importSPKI, jwtVerify } from 'jose'
import { notAService } from '../../problems.ts'

/** Who is at the other end: the browser behind the web app, or the peer itself. */
export interface Caller { address: string, userAgent: string | null }

declare module 'fastify' {
  interface FastifyRequest { caller: Caller }
}

export const serviceTokenType = 'service+jwt'
const maxAge = '60s'
const maxUserAgent = 500

/**
 * Sets `request.caller`. The forwarded address and user agent are believed under a service token of ours alone (SEC-35):
 * an Ed25519 JWT of at most 60 seconds, made for this service, signed by the key its `kid` names.
 */
export const callers = fp(async (app: FastifyInstance, { keys, audience }: { keys: ReadonlyMap<string, string>, audience: string }) => {
  const publicKeys = new Map(await Promise.all([...keys].map(async ([name, x]) => {
    const pem = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
    return [name, await importSPKI(pem, 'EdDSA')] as const
  })))

  async function verify (token: string): Promise<void> {
    await jwtVerify(token, ({ kid }) => {
      const key = publicKeys.get(kid ?? '')
      if (!key) throw notAService()
      return key
    }, { algorithms: ['EdDSA'], typ: serviceTokenType, audience, maxTokenAge: maxAge, clockTolerance: 5, requiredClaims: ['iss', 'sub', 'iat', 'exp', 'jti'] })
  }

  app.decorateRequest('caller', null as unknown as Caller)
  app.addHook('onRequest', async (request) => {
    request.caller = peer(request)
    const token = request.headers['x-service-token']
    if (token === undefined) return
    await verify(String(token)).catch((cause: unknown) => { throw notAService({ cause }) })
    const { 'x-client-address': address, 'x-client-user-agent': userAgent } = request.headers
    request.caller = {
      // A trusted caller that does not say whom it speaks for shares one bucket: never no limit.
      address: typeof address === 'string' && isIP(address) !== 0 ? withoutZone(address) : withoutZone(request.ip),
      userAgent: typeof userAgent === 'string' ? userAgent.slice(0, maxUserAgent) : null,
    }
  })
}, { name: 'callers' })

const peer = ({ ip, headers }: FastifyRequest): Caller =>
  ({ address: withoutZone(ip), userAgent: headers['user-agent']?.slice(0, maxUserAgent) ?? null })

/** A link-local address may come with the name of an interface (RFC 4007), which PostgreSQL's inet has no place for. */
const withoutZone = (address: string) => address.split('%')[0] ?? address
