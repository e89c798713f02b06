import type { LogIn, SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { wrongCredentials } from '../../problems.ts'
import { emailKey } from '../accounts/email-key.ts'
import { findCredentials } from '../accounts/queries.ts'
import type { Caller } from '../callers/caller.ts'
import { issueTokens } from './issue-tokens.ts'
import { newSession } from './new-session.ts'
import { startSession } from './queries.ts'

/** Starts a session. An unknown address, a wrong password and a disabled account get one answer after one and the same work. */
export async function logIn (deps: Deps, { email, password }: LogIn, caller: Caller): Promise<SignedIn> {
  const user = await findCredentials(deps.pool, emailKey(email))
  const isRight = await deps.passwords.verify(user?.password_hash, password)
  if (!user || !isRight) throw wrongCredentials()
  const { session, tokenKey } = newSession(deps, caller)
  const started = await startSession(deps.pool, user, session)
  if (!started) throw wrongCredentials()
  return issueTokens(deps, started, tokenKey)
}
