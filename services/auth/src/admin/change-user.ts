import { etagOf } from '@daymark/kit/etag'
import type { CommonQueryMethods } from 'slonik'
import type { UserChange, UserDetails } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { accountDisabled, adminsOnly, lastAdmin, ownAccount, staleVersion, userNotFound } from '../../problems.ts'
import type { Caller } from '../callers/caller.ts'
import { emailKey } from '../accounts/email-key.ts'
import { mailLink } from '../email/mail-link.ts'
import { deleteOneTimeTokens } from '../email/queries.ts'
import { announceEnabled } from '../revocations/queries.ts'
import { recordEnded } from '../sessions/end-sessions.ts'
import { endAllSessions, endSessionsOfDisabled } from '../sessions/queries.ts'
import { findUser, lockActiveAdmins, lockUser, setAccess } from './queries.ts'

/** Who acts on another's account: an admin in a session of theirs; null for who runs the service, by a command. */
export type Actor = { user_id: string, session_id: string } | null

export interface Change extends UserChange {
  id: string
  /** The versions it may have; null for any. */
  versions: number[] | null
  /** Whether the last admin may go. */
  isForced?: boolean
}

/**
 * Sets an account's role or status. Either ends its sessions, so that no token tells what was; a change that changes nothing
 * does nothing. Decided under a lock of all admins: two who demote each other at once leave one.
 * @throws {Problem} userNotFound; staleVersion, with the account as it is; ownAccount; lastAdmin; adminsOnly for an admin who is none by now
 */
export async function changeUser (deps: Pick<Deps, 'pool' | 'audit'>, { id, versions, isForced = false, ...change }: Change, actor: Actor, caller: Caller): Promise<UserDetails> {
  return await deps.pool.transaction(async (transaction) => {
    const admins = await lockActiveAdmins(transaction)
    if (actor && !admins.includes(actor.user_id)) throw adminsOnly()
    const before = await lockUser(transaction, { id }) ?? refuseUnknown()
    if (versions?.includes(before.version) === false) throw staleVersion({ current: await details(transaction, id), headers: { etag: etagOf(before) } })

    const { status = before.status, role = before.role } = change
    const [isRoleNew, isStatusNew] = [role !== before.role, status !== before.status]
    if (isStatusNew && status === 'disabled' && id === actor?.user_id) throw ownAccount({ detail: 'Another administrator can.' })
    if (!isForced && (role !== 'admin' || status !== 'active')) refuseLastAdmin(admins, id)
    if (!isRoleNew && !isStatusNew) return await details(transaction, id)

    await setAccess(transaction, { id, status, role })
    const whose = { user_id: id, actor_id: actor?.user_id ?? null }
    const where = actor && { session_id: actor.session_id }
    if (isRoleNew) await deps.audit.record(transaction, caller, { action: 'account.role_changed', ...whose, ...where, details: { from: before.role, to: role } })
    if (isStatusNew) await deps.audit.record(transaction, caller, { action: status === 'disabled' ? 'account.disabled' : 'account.enabled', ...whose, ...where })
    // The feed last: it is locked to the end.
    if (isStatusNew && status === 'disabled') {
      await deleteOneTimeTokens(transaction, { user_id: id }) // a change of address under way is not to be found done when it is enabled
      await recordEnded(deps, transaction, caller, { ...whose, reason: 'account_disabled' }, await endSessionsOfDisabled(transaction, { user_id: id }))
    } else if (isRoleNew) {
      await recordEnded(deps, transaction, caller, { ...whose, reason: 'role_changed' }, await endAllSessions(transaction, { user_id: id, reason: 'role_changed' }))
    }
    if (isStatusNew && status === 'active') await announceEnabled(transaction, { user_id: id })
    return await details(transaction, id)
  })
}

/**
 * For whatever would take the rights of an admin away. `admins` are those that `lockActiveAdmins` gave in the same transaction.
 * @throws {Problem} lastAdmin
 */
export function refuseLastAdmin (admins: readonly string[], id: string): void {
  if (admins.length === 1 && admins[0] === id) throw lastAdmin({ detail: 'Make somebody else an administrator first.' })
}

/** Ends every session of an account. @throws {Problem} userNotFound, adminsOnly */
export async function endSessionsOf (deps: Pick<Deps, 'pool' | 'audit'>, id: string, actor: NonNullable<Actor>, caller: Caller): Promise<void> {
  await deps.pool.transaction(async (transaction) => {
    await lockAsAdmin(transaction, id, actor)
    const ended = await endAllSessions(transaction, { user_id: id, reason: 'ended_by_admin' })
    await recordEnded(deps, transaction, caller, { user_id: id, actor_id: actor.user_id, reason: 'ended_by_admin' }, ended)
  })
}

/**
 * Mails an account's owner a link for a new password. It is all that an admin can do about a password: they neither set nor
 * see one (SEC-24).
 * @throws {Problem} userNotFound, accountDisabled, adminsOnly
 */
export async function startPasswordReset (deps: Deps, id: string, actor: NonNullable<Actor>, caller: Caller): Promise<void> {
  await deps.pool.transaction(async (transaction) => {
    const { email, status } = await lockAsAdmin(transaction, id, actor)
    if (status === 'disabled') throw accountDisabled({ detail: 'Enable it first: its owner could not log in with the new password.' })
    await mailLink(deps, transaction, { id, email, email_key: emailKey(email) }, 'reset_password')
    await deps.audit.record(transaction, caller, { action: 'password.reset_requested', user_id: id, actor_id: actor.user_id, session_id: actor.session_id })
  })
  deps.outbox.wake()
}

/** Locks an account for an admin, who has to be one at this moment. */
async function lockAsAdmin (transaction: CommonQueryMethods, id: string, actor: NonNullable<Actor>) {
  const admins = await lockActiveAdmins(transaction)
  if (!admins.includes(actor.user_id)) throw adminsOnly()
  return await lockUser(transaction, { id }) ?? refuseUnknown()
}

/** The account as its changer sees it, in their transaction. */
const details = async (transaction: CommonQueryMethods, id: string) => await findUser(transaction, { id }) ?? refuseUnknown()

function refuseUnknown (): never {
  throw userNotFound()
}
