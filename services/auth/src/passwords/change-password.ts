import type { CommonQueryMethods } from 'slonik'
import type { ChangePassword, ResetPassword } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { linkUsed, wrongPassword } from '../../problems.ts'
import { hashOneTimeToken } from '../email/one-time-token.ts'
import { deleteOneTimeTokens, findOneTimeToken, setEmailVerified, useOneTimeToken } from '../email/queries.ts'
import { passwordChangedMail } from '../mail/messages.ts'
import { endSessionsOfUser } from '../sessions/queries.ts'
import { getPasswordHash, setPassword } from './queries.ts'

/**
 * Changes the password of who is signed in, ends every other session of theirs and tells them by mail (SEC-14, SEC-23).
 * @throws {Problem} wrongPassword, also where another request changed it meanwhile
 */
export async function changePassword (deps: Deps, { user_id, session_id }: { user_id: string, session_id: string }, { current_password, password }: ChangePassword): Promise<void> {
  const verified = await getPasswordHash(deps.pool, { user_id })
  if (!await deps.passwords.verify(verified, current_password)) {
    throw wrongPassword({ errors: [{ pointer: '/current_password', code: 'wrong', detail: 'current_password is not your current password' }] })
  }
  const password_hash = await deps.passwords.hash(password)
  await deps.pool.transaction(async (transaction) => {
    const owner = await setPassword(transaction, { user_id, password_hash, verified })
    if (!owner) throw wrongPassword()
    await afterChange(deps, transaction, owner, session_id)
  })
  deps.outbox.wake()
}

/**
 * Sets a password by a mailed link, in whatever browser it is opened (SEC-20), and ends every session. The link also
 * proves the address.
 * @throws {Problem} linkUsed
 */
export async function resetPassword (deps: Deps, { token, password }: ResetPassword): Promise<void> {
  const link = { hash: hashOneTimeToken(token), purpose: 'reset_password' } as const
  if (!await findOneTimeToken(deps.pool, link)) throw linkUsed() // before the costly hash, which a stranger could ask for
  const password_hash = await deps.passwords.hash(password)
  await deps.pool.transaction(async (transaction) => {
    const used = await useOneTimeToken(transaction, link)
    const owner = used && await setPassword(transaction, { user_id: used.user_id, password_hash, verified: null })
    if (!owner) throw linkUsed()
    await setEmailVerified(transaction, used)
    await afterChange(deps, transaction, owner)
  })
  deps.outbox.wake()
}

/** Whoever knew the old password is out, links on their way are void, and the owner hears of it. */
async function afterChange ({ outbox, config }: Deps, transaction: CommonQueryMethods, owner: { id: string, email: string }, keptSession?: string): Promise<void> {
  await deleteOneTimeTokens(transaction, { user_id: owner.id })
  await outbox.owe(transaction, passwordChangedMail(owner.email, `${config.PUBLIC_ORIGIN}/forgot-password`))
  await endSessionsOfUser(transaction, { user_id: owner.id, ...keptSession !== undefined && { but: keptSession } }) // last: it locks the feed
}
