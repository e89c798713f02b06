import type { CommonQueryMethods } from 'slonik'
import type { ChangePassword, ResetPassword, SignedIn, User } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { linkUsed, sessionEnded, wrongPassword } from '../../problems.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import { mailNotice } from '../email/mail-link.ts'
import { hashOneTimeToken } from '../email/one-time-token.ts'
import { deleteOneTimeTokens, findOneTimeToken, setEmailVerified, useOneTimeToken } from '../email/queries.ts'
import { newDeviceToken } from '../limits/known-device.ts'
import { enforceLimit } from '../limits/limit.ts'
import { passwordChangedMail } from '../mail/messages.ts'
import { recordEnded } from '../sessions/end-sessions.ts'
import { issueTokens } from '../sessions/issue-tokens.ts'
import { newTokenKey, sessionLimits } from '../sessions/new-session.ts'
import { endSessionsOfUser, stepUpSession } from '../sessions/queries.ts'
import { demandGoodPassword } from './demand-good-password.ts'
import { setPassword } from './queries.ts'
import { type Owner, withOwnPassword } from './with-own-password.ts'

export interface PasswordChanged { signedIn: SignedIn, deviceToken: string }

/**
 * Changes the password of who is signed in, ends every other session of theirs and tells them by mail (SEC-14, SEC-23). Their
 * own session goes on with another secret: a copy of its tokens is worth nothing from here on (SEC-39). Of all devices only
 * the one that gets this answer stays known.
 * @throws {Problem} passwordRefused; wrongPassword, also where another request changed it meanwhile; tooManyRequests; sessionEnded, where the session was ended meanwhile
 */
export async function changePassword (deps: Deps, current: Owner & Pick<User, 'display_name'>, { current_password, password }: ChangePassword, caller: Caller): Promise<PasswordChanged> {
  const { id: user_id, session_id } = current
  const { tokenKey, sealed_token_key } = newTokenKey(deps.sealer, session_id)
  await limitChoices(deps, user_id)
  await demandGoodPassword(deps, password, current)
  const { done, isBlocked } = await withOwnPassword(deps, current, current_password, caller, async (verified, passwords) => {
    const password_hash = await passwords.hash(password)
    return await deps.pool.transaction(async (transaction) => {
      const owner = await setPassword(transaction, { user_id, password_hash, verified })
      if (!owner) return owner
      const session = await stepUpSession(transaction, { id: session_id, user_id, password_hash, sealed_token_key, ...sessionLimits(deps.config) })
      if (!session) throw sessionEnded() // while the passwords were hashed
      await afterChange(deps, transaction, owner, caller, { action: 'password.changed', keptSession: session_id })
      return { session, device_epoch: owner.device_epoch }
    })
  })
  if (!done) {
    await deps.audit.record(deps.pool, caller, { action: 'password.changed', outcome: 'failure', user_id, session_id, details: { is_blocked: isBlocked } })
    throw wrongPassword({ errors: [{ pointer: '/current_password', code: 'wrong', detail: 'current_password is not your current password' }] })
  }
  deps.outbox.wake()
  return { signedIn: await issueTokens(deps, done.session, tokenKey), deviceToken: newDeviceToken(deps.sealer, emailKey(current.email), done.device_epoch) }
}

/**
 * Sets a password by a mailed link, in whatever browser it is opened (SEC-20), and ends every session. The link also
 * proves the address. Of all devices only the one that gets this answer is known from here on.
 * @returns its device token
 * @throws {Problem} linkUsed, also where the address has changed since; passwordRefused, and then the link still works
 */
export async function resetPassword (deps: Deps, { token, password }: ResetPassword, caller: Caller): Promise<string> {
  const link = { hash: hashOneTimeToken(token), purpose: 'reset_password' } as const
  const owner = await findOneTimeToken(deps.pool, link)
  if (!owner) throw linkUsed() // before the costly work, which a stranger could ask for
  await limitChoices(deps, owner.user_id)
  await demandGoodPassword(deps, password, owner) // and a refused one does not use the link up
  const password_hash = await deps.passwords.hash(password)
  const changed = await deps.pool.transaction(async (transaction) => {
    const used = await useOneTimeToken(transaction, link)
    if (!used || !await setEmailVerified(transaction, used)) throw linkUsed()
    const changed = await setPassword(transaction, { user_id: used.user_id, password_hash, verified: null })
    if (!changed) throw linkUsed()
    await afterChange(deps, transaction, changed, caller, { action: 'password.reset' })
    return changed
  })
  deps.outbox.wake()
  return newDeviceToken(deps.sealer, changed.email_key, changed.device_epoch)
}

/** Judging a password is work as well, and one account does not keep others from it. @throws {Problem} tooManyRequests */
const limitChoices = ({ pool }: Deps, user_id: string) => enforceLimit(pool, { bucket: `new-password:${user_id}`, limit: 30, windowSeconds: 15 * 60 })

/** Whoever knew the old password is out, links on their way are void, and the owner hears of it. */
async function afterChange (
  deps: Deps, transaction: CommonQueryMethods, owner: { id: string, email: string, email_verified: boolean }, caller: Caller,
  { action, keptSession }: { action: 'password.changed' | 'password.reset', keptSession?: string },
): Promise<void> {
  const user_id = owner.id
  await deleteOneTimeTokens(transaction, { user_id })
  await mailNotice(deps, transaction, { owner_id: user_id, ...owner }, (to) => passwordChangedMail(to, `${deps.config.PUBLIC_ORIGIN}/forgot-password`))
  await deps.audit.record(transaction, caller, { action, user_id, ...keptSession !== undefined && { session_id: keptSession } })
  const ended = await endSessionsOfUser(transaction, { user_id, reason: 'password_changed', ...keptSession !== undefined && { but: keptSession } }) // last: it locks the feed
  await recordEnded(deps, transaction, caller, { user_id, reason: 'password_changed' }, ended)
}
