import { allowedVersions, etagOf } from '@daymark/kit/etag'
import type { Account, ProfilePatch } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded, staleVersion } from '../../problems.ts'
import type { Caller } from '../callers/caller.ts'
import { holdAccount, updateProfile } from './queries.ts'
import { canonicalTimeZone } from './time-zone.ts'

/**
 * Sets what the patch names and nothing else. A patch that changes nothing gives the same version, and no event.
 * @throws {Problem} unknownTimeZone; staleVersion, with the account as it is, where If-Match names another version
 */
export async function changeProfile (
  { pool, audit }: Pick<Deps, 'pool' | 'audit'>, { user_id, session_id }: { user_id: string, session_id: string },
  patch: ProfilePatch, ifMatch: string | undefined, caller: Caller,
): Promise<Account> {
  const versions = allowedVersions(ifMatch)
  const wanted = { ...patch, ...typeof patch.time_zone === 'string' && { time_zone: canonicalTimeZone(patch.time_zone) } }
  return await pool.transaction(async (transaction) => {
    const account = await holdAccount(transaction, { id: user_id })
    if (!account) throw sessionEnded() // deleted a moment ago
    if (versions && !versions.includes(account.version)) throw staleVersion({ current: account, headers: { etag: etagOf(account) } })
    const { display_name, time_zone } = { ...account, ...wanted }
    const details = { sets_display_name: display_name !== account.display_name, sets_time_zone: time_zone !== account.time_zone }
    if (!details.sets_display_name && !details.sets_time_zone) return account
    await audit.record(transaction, caller, { action: 'account.changed', user_id, session_id, details })
    return await updateProfile(transaction, { id: user_id, display_name, time_zone })
  })
}
