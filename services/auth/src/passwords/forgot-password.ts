import type { ForgotPassword } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import { mailLink } from '../email/mail-link.ts'
import { findRecipient } from '../email/queries.ts'

/** Mails a link for a new password, where there is such an account. The caller is never told which (SEC-12). */
export async function forgotPassword (deps: Deps, { email }: ForgotPassword, caller: Caller): Promise<void> {
  const user = await findRecipient(deps.pool, { email_key: emailKey(email) })
  if (!user) return
  await deps.pool.transaction(async (transaction) => {
    await mailLink(deps, transaction, user, 'reset_password')
    await deps.audit.record(transaction, caller, { action: 'password.reset_requested', user_id: user.id })
  })
  deps.outbox.wake()
  deps.audit.wake()
}
