import type { CommonQueryMethods } from 'slonik'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import { keepUser } from '../accounts/queries.ts'
import { takeFromBucket } from '../limits/queries.ts'
import { emailChangedMail, type Message, newAddressMail, resetMail, verificationMail } from '../mail/messages.ts'
import { makeOneTimeToken } from './one-time-token.ts'
import { insertOneTimeToken, type Purpose } from './queries.ts'

const hourSeconds = 3600
const dayMinutes = 24 * 60

const kinds = {
  verify_email: { path: '/verify-email', minutes: dayMinutes, write: verificationMail },
  reset_password: { path: '/reset-password', minutes: 30, write: resetMail },
  change_email: { path: '/change-email', minutes: dayMinutes, write: newAddressMail },
  revert_email: { path: '/take-back', minutes: 7 * dayMinutes, write: emailChangedMail },
} satisfies Record<Purpose, object>

export interface Recipient { id: string, email: string, email_key: string }

export interface LinkOptions {
  /** The session that asks. */
  session_id?: string
  /** For a mail that nobody can cause at will, and that must arrive whatever somebody has used up. */
  isUncapped?: boolean
}

/**
 * Owes a user a mail with a link that works once, in the transaction given. The link leads to the configured origin,
 * whatever the request's headers say (SEC-21), and opening it changes nothing yet (SEC-19).
 * Past MAIL_PER_HOUR to one recipient nothing is sent, silently (SEC-37).
 */
export async function mailLink ({ config, outbox }: Deps, transaction: CommonQueryMethods, user: Recipient, purpose: Purpose, { session_id, isUncapped = false }: LinkOptions = {}): Promise<void> {
  if (!await keepUser(transaction, user)) return // deleted a moment ago
  if (!isUncapped && !await mayHaveMail(config, transaction, user.email_key)) return
  const { path, minutes, write } = kinds[purpose]
  const { token, hash } = makeOneTimeToken()
  await insertOneTimeToken(transaction, { hash, user_id: user.id, purpose, email: user.email, email_key: user.email_key, session_id: session_id ?? null, minutes })
  await outbox.owe(transaction, user.id, write(user.email, `${config.PUBLIC_ORIGIN}${path}?token=${token}`))
}

/**
 * Owes a user a notice of what was done to their account, in the transaction given. Whoever has proven their address has it
 * whatever came before; one that was never proven may be a stranger's, whom nobody shall flood (SEC-37).
 * @param user.owner_id whose mail it is; null where the account goes
 */
export async function mailNotice ({ config, outbox }: Pick<Deps, 'config' | 'outbox'>, transaction: CommonQueryMethods, user: { owner_id: string | null, email: string, email_verified: boolean }, write: (email: string) => Message): Promise<void> {
  if (!user.email_verified && !await mayHaveMail(config, transaction, emailKey(user.email))) return
  await outbox.owe(transaction, user.owner_id, write(user.email))
}

/** Counts one mail to a recipient, and says whether it is within MAIL_PER_HOUR. */
async function mayHaveMail ({ MAIL_PER_HOUR: most }: Pick<Deps['config'], 'MAIL_PER_HOUR'>, transaction: CommonQueryMethods, email_key: string): Promise<boolean> {
  const { used } = await takeFromBucket(transaction, { bucket: `mail:${email_key}`, window_seconds: hourSeconds })
  return used <= most
}
