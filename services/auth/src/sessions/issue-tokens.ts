import type { Static } from '@sinclair/typebox'
import { uuidv7 } from 'uuidv7'
import type { SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import type { StartedSession } from './queries.ts'
import { makeRefreshToken } from './refresh-token.ts'

const clientId = 'daymark'

/** The answer to sign-up, log-in, refresh and step-up: an access token (RFC 9068) and the refresh token of the session's generation. */
export async function issueTokens ({ sign, signingKeys, config, now }: Deps, session: Static<typeof StartedSession>, tokenKey: Buffer): Promise<SignedIn> {
  const { session_id, generation, authenticated_at, seconds_left, ...user } = session
  const lifeSeconds = Math.min(config.ACCESS_TOKEN_SECONDS, seconds_left)
  const issuedAt = Math.floor(now().getTime() / 1000)
  const claims = {
    iss: config.AUTH_ISSUER,
    aud: config.TOKEN_AUDIENCES.split(','),
    sub: user.id,
    client_id: clientId,
    sid: session_id,
    gen: generation,
    jti: uuidv7(),
    role: user.role,
    auth_time: Math.floor(Date.parse(authenticated_at) / 1000),
    amr: ['pwd'], // RFC 8176: whatever starts a session takes a password
    iat: issuedAt,
    exp: issuedAt + lifeSeconds,
  }
  return {
    user,
    session_id,
    access_token: sign(claims, await signingKeys.active()),
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    refresh_token: makeRefreshToken(session_id, generation, tokenKey),
  }
}
