import type { CommonQueryMethods } from 'slonik'
import type { Account } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded } from '../../problems.ts'
import { refuseLastAdmin } from '../admin/change-user.ts'
import { lockActiveAdmins } from '../admin/queries.ts'
import type { Caller } from '../callers/caller.ts'
import { mailNotice } from '../email/mail-link.ts'
import { listWaysBack } from '../email/queries.ts'
import { emptyBuckets } from '../limits/queries.ts'
import { accountDeletedMail } from '../mail/messages.ts'
import { announceUser } from '../revocations/queries.ts'
import { holdLiveSession } from '../sessions/queries.ts'
import { deleteUser, eraseSome, holdUser } from './queries.ts'

/**
 * Erases an account at once and in both schemas, ends all its tokens, and says so by mail (SEC-90, SEC-49). What stays: its
 * audit events, whose ids are pseudonyms from here on, and its id in the revocation feed for as long as tokens live.
 * The tenant's lock comes first, as in every write of theirs: those refer to the user, and would deadlock with the other order.
 * The mail also goes where a way back to an earlier address is open: a thief may have changed it.
 * @throws {Problem} lastAdmin; sessionEnded, where the session or the account came to its end meanwhile
 */
export async function deleteAccount ({ pool, config, audit, outbox }: Pick<Deps, 'pool' | 'config' | 'audit' | 'outbox'>, { id, role }: Pick<Account, 'id' | 'role'>, session_id: string, caller: Caller): Promise<void> {
  await pool.transaction(async (transaction) => {
    await eraseTasks(transaction, id) // ahead of the user's row: whoever else needs that, such as a log-in, waits for the rest alone
    if (role === 'admin') refuseLastAdmin(await lockActiveAdmins(transaction), id) // a change of role would have ended the session
    const user = await holdUser(transaction, { id }) // before its other rows, as whatever else locks rows of a user does
    if (!user || !await holdLiveSession(transaction, { id: session_id })) throw sessionEnded()
    await audit.record(transaction, caller, { action: 'account.deleted', user_id: id, session_id })
    await mailNotice({ config, outbox }, transaction, { owner_id: null, ...user }, accountDeletedMail)
    for (const { email } of await listWaysBack(transaction, { user_id: id })) await outbox.owe(transaction, null, accountDeletedMail(email))
    // How many mails an address had that was never proven is told to the next account with it, for the hour that it counts (SEC-37).
    await emptyBuckets(transaction, user.email_key, `email-change:${id}`, `new-password:${id}`, ...user.email_verified ? [`mail:${user.email_key}`] : [])
    await deleteUser(transaction, { id })
    await announceUser(transaction, { id }) // last: it locks the feed
  })
  outbox.wake()
}

/** Erases the bulk of what a user has in the tasks schema, in statements of a bounded size; the rest goes with the user. */
async function eraseTasks (transaction: CommonQueryMethods, id: string): Promise<void> {
  let behind = { change: 0, task: '00000000-0000-0000-0000-000000000000' }
  for (;;) {
    const { change, task } = await eraseSome(transaction, { id, ...behind, most: 5_000 }) // with each task go its words
    if (change === null && task === null) return
    behind = { change: change ?? behind.change, task: task ?? behind.task }
  }
}
