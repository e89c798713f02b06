import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { notSignedIn, Problem } from './problem.ts'

/** The claims of an access token (RFC 9068), as far as a service relies on them. */
export interface AccessTokenClaims {
  iss: string
  aud: string | string[]
  sub: string
  client_id: string
  sid: string
  /** The generation of the refresh token it was issued with. */
  gen: number
  jti: string
  role: 'user' | 'admin'
  iat: number
  exp: number
  auth_time: number
  /** The id of the key that signed it, from the header. */
  kid: string
}

declare module '@fastify/jwt' {
  interface FastifyJWT { user: AccessTokenClaims }
}
declare module 'fastify' {
  interface FastifyInstance {
    /** An onRequest hook: the request goes on with `request.user` set, or not at all. */
    requireUser (request: FastifyRequest): Promise<void>
  }
}

export interface AccessTokenOptions {
  issuer: string
  audience: string
  /** Longest lifetime accepted, seconds. */
  maxSeconds: number
  now: () => Date
  /**
   * The public key of a kid, as one and the same PEM text each time.
   * @throws {Problem} notSignedIn for a key that is not ours, keysUnavailable when that cannot be told
   */
  publicKeyOf: (kid: string) => Promise<string>
  /** Signs by default; only the auth service has one. */
  privateKey?: () => Promise<string>
}

const skewSeconds = 5
const maxTokenLength = 8192
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

interface Decoded { header: { alg?: unknown, kid?: unknown, typ?: unknown, crit?: unknown } }

/** Verifies access tokens by @fastify/jwt, whose gaps it fills: see specs/decisions on token verification. */
export const accessTokens = fp(async (app: FastifyInstance, options: AccessTokenOptions) => {
  const verifiedBy = new WeakMap<FastifyRequest, string>()
  const known = new KnownTokens(options)
  await app.register(jwt, {
    secret: {
      public: async (request: FastifyRequest, decoded: unknown) => {
        const { header: { alg, kid, typ, crit } } = decoded as Decoded
        // Before any key is looked up (SEC-53); the key itself is pinned to Ed25519 by its PEM.
        if (alg !== 'EdDSA' || typ !== 'at+jwt' || crit !== undefined || typeof kid !== 'string') throw notSignedIn({ detail: 'The token is not an access token of ours.' })
        const key = await options.publicKeyOf(kid)
        verifiedBy.set(request, key)
        return key
      },
      private: options.privateKey ?? (async () => { throw new Error('This service signs no tokens') }),
    },
    decode: { complete: true },
    sign: { algorithm: 'EdDSA' },
    verify: {
      algorithms: ['EdDSA'],
      checkTyp: 'at+jwt',
      allowedIss: options.issuer,
      allowedAud: options.audience,
      requiredClaims: ['iss', 'aud', 'sub', 'client_id', 'sid', 'jti', 'iat', 'exp'],
      clockTolerance: skewSeconds * 1000,
      complete: true,
    },
    formatUser: (token) => withKeyId(token as unknown as VerifiedToken),
  })

  app.decorate('requireUser', async (request: FastifyRequest) => {
    const { authorization } = request.headers
    if (authorization === undefined) throw notSignedIn()
    const claims = await known.claimsOf(authorization)
    if (claims) {
      request.user = claims
      return
    }
    const [scheme, token, ...more] = authorization.split(' ')
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined || more.length > 0) throw notSignedIn()
    if (token.length > maxTokenLength || !isCanonical(token)) throw notSignedIn({ detail: 'The token is malformed.' })
    try {
      await request.jwtVerify() // without arguments: with them a verifier is built anew each time
    } catch (error) {
      throw error instanceof Problem ? error : notSignedIn({ cause: error, detail: isExpired(error) ? 'The token has expired.' : 'The token is not valid.' })
    }
    if (!isPlausible(request.user, options)) throw notSignedIn({ detail: 'The token is not valid.' })
    known.add(authorization, request.user, verifiedBy.get(request) ?? '')
  })
}, { name: 'access-tokens' })

const mostKnown = 10_000

/**
 * Tokens that have been verified, each as a header had it, so that a signature is checked once and not with every request. One counts for as long as
 * it has not expired and the key that verified it is the one its `kid` stands for.
 */
class KnownTokens {
  readonly #options: AccessTokenOptions
  readonly #headers = new Map<string, { claims: AccessTokenClaims, key: string }>()

  constructor (options: AccessTokenOptions) {
    this.#options = options
  }

  /** The claims of a token that is known to be good; undefined for one that has to be verified. @throws {Problem} as publicKeyOf */
  async claimsOf (authorization: string): Promise<AccessTokenClaims | undefined> {
    const { now, publicKeyOf } = this.#options
    const found = this.#headers.get(authorization)
    if (found && found.claims.exp + skewSeconds > now().getTime() / 1000 && await publicKeyOf(found.claims.kid) === found.key) return found.claims
    if (found) this.#headers.delete(authorization)
    return undefined
  }

  add (authorization: string, claims: AccessTokenClaims, key: string): void {
    const [oldest] = this.#headers.keys()
    if (this.#headers.size >= mostKnown && oldest !== undefined) this.#headers.delete(oldest)
    this.#headers.set(authorization, { claims: Object.freeze(claims), key })
  }
}

interface VerifiedToken { header: { kid: string }, payload: Omit<AccessTokenClaims, 'kid'> }

const withKeyId = ({ header: { kid }, payload }: VerifiedToken): AccessTokenClaims => ({ ...payload, kid })

/**
 * Whether a token is written in the one way a token of ours is: no padding, spare bits, duplicate members or bytes that are
 * no UTF-8, any of which another reader might understand differently (SEC-56, SEC-57).
 */
function isCanonical (token: string): boolean {
  if (!compact.test(token)) return false
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
  return parts.map((part) => part.toString('base64url')).join('.') === token && parts.slice(0, 2).every(isCanonicalJson)
}

function isCanonicalJson (bytes: Buffer): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

const isExpired = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'FST_JWT_AUTHORIZATION_TOKEN_EXPIRED'

/** What the library lets pass: arrays where strings belong, a future iat, a lifetime without end. */
function isPlausible (claims: AccessTokenClaims, { issuer, maxSeconds, now }: AccessTokenOptions): boolean {
  const { iss, sub, sid, jti, gen, client_id, iat, exp, role } = claims
  return iss === issuer && [sub, sid, jti, client_id].every((claim) => typeof claim === 'string' && claim !== '') && Number.isSafeInteger(gen) &&
    Number.isSafeInteger(iat) && Number.isSafeInteger(exp) && exp > iat && exp - iat <= maxSeconds &&
    iat <= now().getTime() / 1000 + skewSeconds && (role === 'user' || role === 'admin')
}
