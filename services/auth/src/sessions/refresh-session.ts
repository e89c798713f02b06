import type { SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded, sessionRenewed } from '../../problems.ts'
import { keepUser } from '../accounts/queries.ts'
import type { Caller } from '../callers/caller.ts'
import { mailNotice } from '../email/mail-link.ts'
import { resealSession } from '../keys/reseal.ts'
import { tokenReusedMail } from '../mail/messages.ts'
import { issueTokens } from './issue-tokens.ts'
import { sessionLimits, sessionPurpose } from './new-session.ts'
import { endSession, findSession, rotateSession } from './queries.ts'
import { isAuthentic, readRefreshToken } from './refresh-token.ts'

/**
 * Exchanges a refresh token for the next pair (RFC 9700 section 4.14.2). Its current generation makes the next one; the
 * one before gets that same next one again, however many ask, until it is confirmed and REFRESH_GRACE_SECONDS beyond.
 * Anything older is a stolen copy: the session ends. A forged token changes nothing (SEC-41 to 44), and neither does one
 * from before a step-up.
 * @throws {Problem} sessionEnded; sessionRenewed where a step-up has given the session other tokens since
 */
export async function refreshSession (deps: Deps, token: string, caller: Caller): Promise<SignedIn> {
  const claim = readRefreshToken(token)
  if (!claim) throw sessionEnded()
  const find = async () => {
    const session = await findSession(deps.pool, { id: claim.sessionId, grace_seconds: deps.config.REFRESH_GRACE_SECONDS })
    if (!session) throw sessionEnded()
    const tokenKey = deps.sealer.open(session.sealed_token_key, sessionPurpose(session.session_id))
    if (isAuthentic(claim, tokenKey)) return { session, tokenKey }
    throw session.is_live && claim.generation < session.generation ? sessionRenewed() : sessionEnded()
  }
  const { session: found, tokenKey } = await find()

  const rotated = await rotateSession(deps.pool, { id: claim.sessionId, generation: claim.generation, ...sessionLimits(deps.config) })
  if (rotated) {
    await resealSession(deps, found.session_id, found.sealed_token_key)
    return await issueTokens(deps, rotated, tokenKey)
  }

  // Looked up anew, its key as well: a step-up may have been faster, and its tokens are not for who has the old ones.
  const { session: current } = await find()
  if (!current.is_live || claim.generation >= current.generation) throw sessionEnded()
  if (claim.generation === current.generation - 1 && current.is_within_grace) return await issueTokens(deps, current, tokenKey)
  await endStolen(deps, current, caller)
  throw sessionEnded()
}

/** Ends a session of which somebody else has a copy, and tells its owner; of several reuses at once the first does (SEC-43). */
async function endStolen (deps: Deps, { session_id: id, id: user_id, email, email_verified }: { session_id: string, id: string, email: string, email_verified: boolean }, caller: Caller): Promise<void> {
  await deps.pool.transaction(async (transaction) => {
    await keepUser(transaction, { id: user_id })
    const ended = await endSession(transaction, { id, reason: 'token_reused' })
    if (ended.length === 0) return
    await deps.audit.record(transaction, caller, { action: 'session.token_reused', outcome: 'failure', user_id, session_id: id })
    await mailNotice(deps, transaction, { owner_id: user_id, email, email_verified }, (to) => tokenReusedMail(to, `${deps.config.PUBLIC_ORIGIN}/settings`))
  })
  deps.outbox.wake()
}
