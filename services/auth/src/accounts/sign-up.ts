import { network } from '@daymark/kit/client-address'
import { UniqueIntegrityConstraintViolationError } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { SignedIn, SignUp } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailTaken } from '../../problems.ts'
import type { Caller } from '../callers/caller.ts'
import { issueTokens } from '../sessions/issue-tokens.ts'
import { newSession } from '../sessions/new-session.ts'
import { enforceLimit } from '../limits/limit.ts'
import { mailLink } from '../email/mail-link.ts'
import { demandGoodPassword } from '../passwords/demand-good-password.ts'
import { emailKey } from './email-key.ts'
import { insertUser } from './queries.ts'

/** Makes an account, signs its owner in and mails them a link to confirm the address. The database decides whether the address is free. */
export async function signUp (deps: Deps, { email, password, display_name }: SignUp, caller: Caller): Promise<SignedIn> {
  await enforceLimit(deps.pool, { bucket: `sign-up:${network(caller.address)}`, limit: deps.config.SIGN_UP_PER_ADDRESS, windowSeconds: 3600 })
  await demandGoodPassword(deps, password, { email, display_name })
  const user = { id: uuidv7(), email, email_key: emailKey(email), display_name: display_name ?? null, password_hash: await deps.passwords.hash(password) }
  const { session, tokenKey } = newSession(deps, caller)
  const started = await deps.pool.transaction(async (transaction) => {
    const inserted = await insertUser(transaction, user, session)
    if (!inserted) return inserted
    await mailLink(deps, transaction, user, 'verify_email')
    await deps.audit.record(transaction, caller, { action: 'account.created', user_id: user.id, session_id: session.id })
    return inserted
  }).catch((error: unknown) => {
    if (error instanceof UniqueIntegrityConstraintViolationError) return null // reserved for who had it
    throw error
  })
  if (!started) throw emailTaken({ errors: [{ pointer: '/email', code: 'taken', detail: 'email belongs to an account already: log in instead' }] })
  deps.outbox.wake()
  return await issueTokens(deps, started, tokenKey)
}
