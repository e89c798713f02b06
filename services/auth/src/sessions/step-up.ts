import type { SignedIn, StepUp } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded, wrongPassword } from '../../problems.ts'
import type { Caller } from '../callers/caller.ts'
import { type Owner, withOwnPassword } from '../passwords/with-own-password.ts'
import { issueTokens } from './issue-tokens.ts'
import { newTokenKey, sessionLimits } from './new-session.ts'
import { stepUpSession } from './queries.ts'

/**
 * Confirms the password of who is signed in, and gives the session a secret of its own from here on: tokens of before,
 * perhaps planted or stolen, share nothing of what it allows (SEC-39).
 * @throws {Problem} wrongPassword; tooManyRequests; sessionEnded, also where the password was changed meanwhile
 */
export async function stepUp (deps: Deps, owner: Owner, { password }: StepUp, caller: Caller): Promise<SignedIn> {
  const { pool, sealer, config, audit } = deps
  const { id: user_id, session_id } = owner
  const event = { action: 'session.stepped_up', user_id, session_id } as const
  const { tokenKey, sealed_token_key } = newTokenKey(sealer, session_id)
  const { done: confirmed, isRight, isBlocked } = await withOwnPassword(deps, owner, password, caller, async (verified) => await pool.transaction(async (transaction) => {
    const session = await stepUpSession(transaction, { id: session_id, user_id, password_hash: verified, sealed_token_key, ...sessionLimits(config) })
    if (session) await audit.record(transaction, caller, event)
    return session
  }))
  if (!isRight) {
    await audit.record(pool, caller, { ...event, outcome: 'failure', details: { is_blocked: isBlocked } })
    throw wrongPassword({ errors: [{ pointer: '/password', code: 'wrong', detail: 'password is not your current password' }] })
  }
  if (!confirmed) throw sessionEnded()
  return await issueTokens(deps, confirmed, tokenKey)
}
