import type { ForgotPassword } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import { mailLink } from '../email/mail-link.ts'
import { findRecipient } from '../email/queries.ts'

/** Mails a link for a new password, where there is such an account. The caller is never told which (SEC-12). */
export async function forgotPassword (deps: Deps, { email }: ForgotPassword): Promise<void> {
  const user = await findRecipient(deps.pool, { email_key: emailKey(email) })
  if (!user) return
  await deps.pool.transaction((transaction) => mailLink(deps, transaction, user, 'reset_password'))
  deps.outbox.wake()
}
