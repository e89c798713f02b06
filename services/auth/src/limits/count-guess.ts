import { network } from '@daymark/kit/client-address'
import type { Deps } from '../../deps.ts'
import { enforceLimit } from './limit.ts'
import { countAttempt, emptyBucket, forgetFailures } from './queries.ts'

const windowSeconds = 15 * 60

export interface Guess {
  address: string
  /** Whose password it is about. */
  emailKey: string
  /** What has a count of failures of its own, so that strangers who guess do not lock the owner out (SEC-33). */
  own?: string
}

export interface Attempt {
  /** False during the pause after too many failures: the password must not be looked at. */
  isAllowed: boolean
  /** Takes the attempt back: the password was right. */
  forget: () => Promise<void>
}

/**
 * Counts one attempt to name a password as failed, before it is checked, so that parallel ones cannot outrun the count
 * (SEC-32): by address, by address and account, and by account.
 * @throws {Problem} tooManyRequests by address, whatever the account
 */
export async function countGuess ({ pool, config }: Pick<Deps, 'pool' | 'config'>, { address, emailKey, own }: Guess): Promise<Attempt> {
  const from = network(address)
  const both = `login:${from}|${emailKey}`
  const account = own === undefined ? emailKey : `${emailKey}|${own}`
  await enforceLimit(pool, { bucket: `login:${from}`, limit: config.LOGIN_PER_ADDRESS, windowSeconds })
  await enforceLimit(pool, { bucket: both, limit: config.LOGIN_PER_ADDRESS_AND_ACCOUNT, windowSeconds })
  return {
    isAllowed: await countAttempt(pool, { bucket: account }) !== null,
    forget: async () => { await Promise.all([forgetFailures(pool, { bucket: account }), emptyBucket(pool, { bucket: both })]) },
  }
}
