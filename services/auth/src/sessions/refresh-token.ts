import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * A refresh token names a session and a generation of it, and proves both by HMAC-SHA256 under the session's own key:
 * `v1.<session>.<generation>.<mac>`. Being computed, not random, the same generation is the same token to the byte, so
 * that a lost answer can be given again.
 */
export interface RefreshTokenClaim { sessionId: string, generation: number, mac: Buffer }

const shape = /^v1\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([1-9]\d{0,8})\.([\w-]{43})$/

/** The token of one generation of a session. */
export const makeRefreshToken = (sessionId: string, generation: number, key: Buffer): string =>
  `v1.${sessionId}.${generation}.${macOf(sessionId, generation, key).toString('base64url')}`

/** What a token claims; undefined where it is none. */
export function readRefreshToken (token: string): RefreshTokenClaim | undefined {
  const [, sessionId, generation, mac] = shape.exec(token) ?? []
  if (sessionId === undefined || generation === undefined || mac === undefined) return undefined
  return { sessionId, generation: Number(generation), mac: Buffer.from(mac, 'base64url') }
}

/** Whether the claim was made with the session's key. */
export const isAuthentic = ({ sessionId, generation, mac }: RefreshTokenClaim, key: Buffer): boolean =>
  timingSafeEqual(mac, macOf(sessionId, generation, key))

const macOf = (sessionId: string, generation: number, key: Buffer) =>
  createHmac('sha256', key).update(`v1.${sessionId}.${generation}`).digest()
