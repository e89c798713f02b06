import type { User } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import type { Passwords } from './password-hasher.ts'
import { findPasswordHash } from './queries.ts'
import { withVerifiedPassword } from './with-verified-password.ts'

/** Whose password is asked for, and in which session. */
export interface Owner extends Pick<User, 'id' | 'email'> { session_id: string }

/**
 * Does something that who is signed in has to give their password for, under the condition that the hash it was checked
 * against still is theirs. Whoever has a session may have stolen it: guesses are limited like those at the log-in, and a
 * pause looks like a wrong password here as well as there. Failures elsewhere do not count against a session.
 * @returns what `act` gave, where it carried something out; whether the password was right, and whether it was a pause
 * @throws {Problem} tooManyRequests; passwordCheckBusy
 */
export async function withOwnPassword<T> (
  deps: Deps, { id: user_id, email, session_id }: Owner, password: string, { address }: Caller, act: (verified: string, passwords: Passwords) => Promise<T | null>,
): Promise<{ done: T | null, isRight: boolean, isBlocked: boolean }> {
  const guess = { address, emailKey: emailKey(email), own: `session:${session_id}` }
  return await deps.passwords.withPlace((passwords) => deps.guesses.attempt(guess, async ({ isAllowed, forget }) => {
    const find = async () => {
      const hash = isAllowed ? await findPasswordHash(deps.pool, { user_id }) : null
      return hash === null ? null : { password_hash: hash }
    }
    let isRight = false
    const done = await withVerifiedPassword(passwords, find, password, async ({ password_hash: verified }) => {
      if (!isRight) await forget()
      isRight = true
      return await act(verified, passwords)
    })
    return { done, isRight, isBlocked: !isAllowed }
  }))
}
