import type { Deps } from '../../deps.ts'
import type { Caller } from '../callers/caller.ts'
import type { Passwords } from './password-hasher.ts'
import { setPassword } from './queries.ts'

/**
 * Replaces a hash that was made with other parameters than today's, if it still is the one the password was checked against
 * (SEC-7). Nobody is logged out.
 */
export async function renewHash (
  { passwords: hasher, pool, audit }: Deps, passwords: Passwords, user: { id: string, password_hash: string }, password: string, caller: Caller,
): Promise<void> {
  if (!hasher.isOutdated(user.password_hash)) return
  const password_hash = await passwords.hash(password)
  await pool.transaction(async (transaction) => {
    const renewed = await setPassword(transaction, { user_id: user.id, password_hash, verified: user.password_hash, is_same: true })
    if (renewed) await audit.record(transaction, caller, { action: 'password.hash_renewed', user_id: user.id })
  })
}
