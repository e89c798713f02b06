import { randomBytes } from 'node:crypto'
import { type CommonQueryMethods, UniqueIntegrityConstraintViolationError } from 'slonik'
import { unacceptable } from '@daymark/kit/problem'
import type { ChangeEmail, RevertEmail, VerifyEmail } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailTaken, linkUsed, sessionEnded } from '../../problems.ts'
import { emailKey } from '../accounts/email-key.ts'
import type { Caller } from '../callers/caller.ts'
import { enforceLimit } from '../limits/limit.ts'
import { addressLeftMail, addressTakenBackMail, emailChangeAskedMail } from '../mail/messages.ts'
import { voidPassword } from '../passwords/queries.ts'
import { recordEnded } from '../sessions/end-sessions.ts'
import { endSessionsOfUser, holdLiveSession } from '../sessions/queries.ts'
import { mailLink, mailNotice } from './mail-link.ts'
import { hashOneTimeToken } from './one-time-token.ts'
import { deleteLaterWaysBack, deleteOneTimeTokens, findOneTimeToken, holdAddress, isAddressFree, type Purpose, setAddress, useAddressToken, voidWaysBackSince } from './queries.ts'

const hourSeconds = 3600

/**
 * Mails a link to an address that is to be the account's, and tells the present one at once. That notice is under no limit
 * that could be used up beforehand, unless the address was never proven; how often one may ask is limited as well.
 * @throws {Problem} emailTaken; unacceptable for the present address; tooManyRequests; sessionEnded, where that happened meanwhile
 */
export async function requestEmailChange (deps: Deps, { user_id, session_id }: { user_id: string, session_id: string }, { email }: ChangeEmail, caller: Caller): Promise<void> {
  const { pool, config, outbox, audit } = deps
  const email_key = emailKey(email)
  await enforceLimit(pool, { bucket: `email-change:${user_id}`, limit: config.MAIL_PER_HOUR, windowSeconds: hourSeconds })
  await pool.transaction(async (transaction) => {
    const present = await holdAddress(transaction, { user_id })
    if (!present || !await holdLiveSession(transaction, { id: session_id })) throw sessionEnded()
    if (present.email_key === email_key) throw unacceptable({ errors: [{ pointer: '/email', code: 'unchanged', detail: 'email is your address already' }] })
    if (!await isAddressFree(transaction, { user_id, email_key })) throw taken()
    await mailLink(deps, transaction, { id: user_id, email, email_key }, 'change_email', { session_id })
    await mailNotice(deps, transaction, { owner_id: user_id, email: present.email, email_verified: present.is_verified }, (to) => emailChangeAskedMail(to, `${config.PUBLIC_ORIGIN}/forgot-password`))
    await audit.record(transaction, caller, { action: 'email.change_requested', user_id, session_id })
  })
  outbox.wake()
}

/**
 * Makes the address that a mailed link proves the account's, ends every session but the one that asked, and mails the old
 * address a way back. One that never was proven gets none, as it may be anybody's: a mistyped one, for example. Nor does one
 * that an address gives up to which there still is a way back: it may be the thief's, whose way would outlast the owner's.
 * @throws {Problem} linkUsed; emailTaken, where somebody else was faster
 */
export async function confirmEmailChange (deps: Deps, { token }: VerifyEmail, caller: Caller): Promise<void> {
  const { outbox, audit } = deps
  await withLink(deps, token, 'change_email', async (transaction, old, link) => {
    const used = await useAddressToken(transaction, link)
    if (!used || !old.is_active) throw linkUsed()
    const { session_id, ...address } = used
    const isReturn = await voidWaysBackSince(transaction, { user_id: old.id, email_key: address.email_key })
    await setAddress(transaction, { user_id: old.id, ...address })
    await deleteOneTimeTokens(transaction, { user_id: old.id })
    if (old.is_verified && !isReturn) await mailLink(deps, transaction, old, 'revert_email', { isUncapped: true })
    else await outbox.owe(transaction, old.id, addressLeftMail(old.email))
    await audit.record(transaction, caller, { action: 'email.changed', user_id: old.id, ...session_id !== null && { session_id } })
    await endSessions(deps, transaction, caller, old.id, session_id)
  })
}

/**
 * Gives an account back to the address that it had before a change: every session ends, the password is worth nothing any
 * more, and a link to choose another follows to the address. Changes after that one are undone with it, those before keep
 * their own way back.
 * @throws {Problem} linkUsed
 */
export async function revertEmailChange (deps: Deps, { token }: RevertEmail, caller: Caller): Promise<void> {
  const { passwords, outbox, audit } = deps
  if (!await findOneTimeToken(deps.pool, { hash: hashOneTimeToken(token), purpose: 'revert_email' })) throw linkUsed() // before the costly hash, which a stranger could ask for
  const password_hash = await passwords.hash(randomBytes(32).toString('base64url')) // nobody has it
  await withLink(deps, token, 'revert_email', async (transaction, replaced, link) => {
    const user_id = replaced.id
    await deleteLaterWaysBack(transaction, { user_id, hash: link.hash })
    const address = await useAddressToken(transaction, link)
    if (!address) throw linkUsed()
    const { email, email_key } = address
    await setAddress(transaction, { user_id, email, email_key })
    await deleteOneTimeTokens(transaction, { user_id })
    await voidPassword(transaction, { user_id, password_hash })
    await mailLink(deps, transaction, { id: user_id, email, email_key }, 'reset_password', { isUncapped: true })
    if (replaced.email_key !== email_key) await outbox.owe(transaction, user_id, addressTakenBackMail(replaced.email))
    await audit.record(transaction, caller, { action: 'email.change_reverted', user_id })
    await endSessions(deps, transaction, caller, user_id, null)
  })
}

type Address = NonNullable<Awaited<ReturnType<typeof holdAddress>>>
interface Link<P extends Purpose> { hash: Buffer, purpose: P }

/** Runs `work` in a transaction that has the user of a link to itself; the user's row is locked before the link's, as everywhere. */
async function withLink<P extends Purpose> (
  { pool, outbox }: Deps, token: string, purpose: P, work: (transaction: CommonQueryMethods, user: Address, link: Link<P>) => Promise<void>,
): Promise<void> {
  const link = { hash: hashOneTimeToken(token), purpose }
  const found = await findOneTimeToken(pool, link)
  if (!found) throw linkUsed()
  try {
    await pool.transaction(async (transaction) => {
      const user = await holdAddress(transaction, found)
      if (!user) throw linkUsed()
      await work(transaction, user, link)
    })
  } catch (error) {
    throw error instanceof UniqueIntegrityConstraintViolationError ? taken({ cause: error }) : error
  }
  outbox.wake()
}

/** Last in its transaction: it locks the feed. */
async function endSessions (deps: Deps, transaction: CommonQueryMethods, caller: Caller, user_id: string, keptSession: string | null): Promise<void> {
  const reason = 'email_changed'
  const ended = await endSessionsOfUser(transaction, { user_id, reason, ...keptSession !== null && { but: keptSession } })
  await recordEnded(deps, transaction, caller, { user_id, reason }, ended)
}

const taken = (options?: ErrorOptions) => emailTaken({ errors: [{ pointer: '/email', code: 'taken', detail: 'email belongs to another account, or did in the last seven days' }], ...options })
