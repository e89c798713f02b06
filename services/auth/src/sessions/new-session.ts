import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../callers/caller.ts'
import type { NewSession, SessionLimits } from './queries.ts'

/** A session to be stored, with the key of its refresh tokens. */
export function newSession ({ sealer, config }: Deps, caller: Caller): { session: NewSession, tokenKey: Buffer } {
  const id = uuidv7()
  const { tokenKey, sealed_token_key } = newTokenKey(sealer, id)
  return { tokenKey, session: { id, sealed_token_key, address: caller.address, user_agent: caller.userAgent, ...sessionLimits(config) } }
}

/** A key for the refresh tokens of a session: 256 random bits, in the table only sealed (SEC-40). */
export function newTokenKey (sealer: Deps['sealer'], sessionId: string): { tokenKey: Buffer, sealed_token_key: string } {
  const tokenKey = randomBytes(32)
  return { tokenKey, sealed_token_key: sealer.seal(tokenKey, sessionPurpose(sessionId)) }
}

/** How long sessions last; those of admins have limits of their own (SEC-46). */
export const sessionLimits = (config: Deps['config']): SessionLimits => ({
  idle_days: config.SESSION_IDLE_DAYS,
  absolute_days: config.SESSION_ABSOLUTE_DAYS,
  admin_idle_minutes: config.ADMIN_SESSION_IDLE_MINUTES,
  admin_hours: config.ADMIN_SESSION_HOURS,
})

/** Binds a sealed token key to its session. */
export const sessionPurpose = (id: string): string => `session:${id}`
