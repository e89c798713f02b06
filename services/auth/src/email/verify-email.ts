import type { VerifyEmail } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { linkUsed } from '../../problems.ts'
import type { Caller } from '../callers/caller.ts'
import { hashOneTimeToken } from './one-time-token.ts'
import { setEmailVerified, useOneTimeToken } from './queries.ts'

/** Takes a mailed link as proof of the address it was sent to. @throws {Problem} linkUsed, also where the address has changed since */
export async function verifyEmail ({ pool, audit }: Deps, { token }: VerifyEmail, caller: Caller): Promise<void> {
  await pool.transaction(async (transaction) => {
    const used = await useOneTimeToken(transaction, { hash: hashOneTimeToken(token), purpose: 'verify_email' })
    if (!used || !await setEmailVerified(transaction, used)) throw linkUsed()
    await audit.record(transaction, caller, { action: 'email.verified', user_id: used.user_id })
  })
}
