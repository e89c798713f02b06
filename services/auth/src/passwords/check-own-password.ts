import type { User } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import { countGuess } from '../limits/count-guess.ts'
import { findPasswordHash } from './queries.ts'

/** Whose password is asked for, and in which session. */
export interface Owner extends Pick<User, 'id' | 'email'> { session_id: string }

/**
 * Checks the password of who is signed in, for who has a session may have stolen it: guesses are limited like those at the
 * log-in, and a pause looks like a wrong password here as well as there. Failures elsewhere do not count against a session.
 * Gives the hash that was verified, and whether it was a pause.
 * @throws {Problem} tooManyRequests; passwordCheckBusy
 */
export async function checkOwnPassword (deps: Deps, { id: user_id, email, session_id }: Owner, password: string, { address }: Caller): Promise<{ verified: string | null, isBlocked: boolean }> {
  const { isAllowed, forget } = await countGuess(deps, { address, emailKey: emailKey(email), own: `session:${session_id}` })
  const hash = await findPasswordHash(deps.pool, { user_id })
  const isRight = await deps.passwords.verify(isAllowed ? hash ?? undefined : undefined, password)
  if (isRight) await forget()
  return { verified: isRight ? hash : null, isBlocked: !isAllowed }
}
