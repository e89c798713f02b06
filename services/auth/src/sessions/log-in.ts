import type { LogIn, SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { wrongCredentials } from '../../problems.ts'
import { emailKey } from '../accounts/email-key.ts'
import { findCredentials } from '../accounts/queries.ts'
import type { Caller } from '../callers/caller.ts'
import type { Attempt } from '../limits/guesses.ts'
import { newDeviceToken, readDeviceToken } from '../limits/known-device.ts'
import type { Passwords } from '../passwords/password-hasher.ts'
import { renewHash } from '../passwords/renew-hash.ts'
import { withVerifiedPassword } from '../passwords/with-verified-password.ts'
import { recordEnded } from './end-sessions.ts'
import { issueTokens } from './issue-tokens.ts'
import { newSession } from './new-session.ts'
import { endOldestSessions, type NewSession, startSession } from './queries.ts'

/**
 * Starts a session, and renews a hash that is not of today's making. An unknown address, a wrong password, a disabled
 * account and one that failed too often get one answer after one and the same work (SEC-10).
 * @throws {Problem} wrongCredentials; tooManyRequests by address, whatever the account; passwordCheckBusy
 */
export async function logIn (deps: Deps, given: LogIn, caller: Caller, deviceToken?: string): Promise<{ signedIn: SignedIn, deviceToken: string }> {
  return await deps.passwords.withPlace((passwords) => logInWith(passwords, deps, given, caller, deviceToken))
}

async function logInWith (passwords: Passwords, deps: Deps, given: LogIn, caller: Caller, deviceToken?: string) {
  const { pool, sealer, guesses } = deps
  const key = emailKey(given.email)
  const device = await readDeviceToken(pool, sealer, key, deviceToken)
  const guess = { address: caller.address, emailKey: key, ...device !== undefined && { own: device } }
  const { signedIn, device_epoch } = await guesses.attempt(guess, async (attempt) => await tryPassword(passwords, deps, key, given.password, caller, attempt))
  return { signedIn, deviceToken: device === undefined || deviceToken === undefined ? newDeviceToken(sealer, key, device_epoch) : deviceToken }
}

async function tryPassword (passwords: Passwords, deps: Deps, key: string, password: string, caller: Caller, { isAllowed, forget }: Attempt) {
  const { pool } = deps
  let userId: string | null = null
  const find = async () => {
    const user = await findCredentials(pool, key)
    userId = user?.id ?? null
    return isAllowed ? user : null
  }
  const { session, tokenKey } = newSession(deps, caller)
  const started = await withVerifiedPassword(passwords, find, password, async (user) => {
    const startedFor = await start(deps, user, session, caller)
    if (startedFor) await renewHash(deps, passwords, user, password, caller)
    return startedFor && { session: startedFor, device_epoch: user.device_epoch }
  })
  if (!started) {
    await deps.audit.record(pool, caller, { action: 'session.refused', outcome: 'failure', user_id: userId, details: { is_blocked: !isAllowed } })
    throw wrongCredentials()
  }

  await forget()
  return { signedIn: await issueTokens(deps, started.session, tokenKey), device_epoch: started.device_epoch }
}

const aFew = 10

/** Starts the session, and ends the oldest where there are then too many (SEC-46). */
async function start (deps: Deps, user: { id: string, password_hash: string }, session: NewSession, caller: Caller) {
  const { pool, config, audit } = deps
  return await pool.transaction(async (transaction) => {
    const found = await startSession(transaction, user, session)
    if (!found) return null
    const { other_sessions: others, ...started } = found
    await audit.record(transaction, caller, { action: 'session.started', user_id: user.id, session_id: session.id })
    // Who has few is not near the limit, whatever log-ins run beside this one: those of one account are few at once (SEC-32).
    if (others + aFew >= config.SESSIONS_PER_USER) {
      const ended = await endOldestSessions(transaction, { user_id: user.id, keep: config.SESSIONS_PER_USER })
      await recordEnded(deps, transaction, caller, { user_id: user.id, reason: 'too_many' }, ended)
    }
    return started
  })
}
