import type { SignedIn, StepUp, User } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded, wrongPassword } from '../../problems.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import { countGuess } from '../limits/count-guess.ts'
import { getPasswordHash } from '../passwords/queries.ts'
import { issueTokens } from './issue-tokens.ts'
import { newTokenKey, sessionLimits } from './new-session.ts'
import { stepUpSession } from './queries.ts'

/**
 * Confirms the password of who is signed in, and gives the session a secret of its own from here on: tokens of before,
 * perhaps planted or stolen, share nothing of what it allows (SEC-39). Guesses are limited like those at the log-in, and a
 * pause looks like a wrong password there as well as here; failures elsewhere do not count against this session.
 * @throws {Problem} wrongPassword; tooManyRequests; sessionEnded, also where the password was changed meanwhile
 */
export async function stepUp (deps: Deps, { id: user_id, email, session_id }: Pick<User, 'id' | 'email'> & { session_id: string }, { password }: StepUp, caller: Caller): Promise<SignedIn> {
  const { pool, passwords, sealer, config, audit } = deps
  const event = { action: 'session.stepped_up', user_id, session_id } as const
  const { isAllowed, forget } = await countGuess(deps, { address: caller.address, emailKey: emailKey(email), own: `session:${session_id}` })
  const password_hash = await getPasswordHash(pool, { user_id })
  if (!await passwords.verify(isAllowed ? password_hash : undefined, password)) {
    await audit.record(pool, caller, { ...event, outcome: 'failure', details: { is_blocked: !isAllowed } })
    throw wrongPassword({ errors: [{ pointer: '/password', code: 'wrong', detail: 'password is not your current password' }] })
  }

  const { tokenKey, sealed_token_key } = newTokenKey(sealer, session_id)
  const confirmed = await pool.transaction(async (transaction) => {
    const session = await stepUpSession(transaction, { id: session_id, user_id, password_hash, sealed_token_key, ...sessionLimits(config) })
    if (session) await audit.record(transaction, caller, event)
    return session
  })
  if (!confirmed) throw sessionEnded()
  await forget()
  return await issueTokens(deps, confirmed, tokenKey)
}
