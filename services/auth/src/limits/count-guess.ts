import { network } from '@daymark/kit/client-address'
import type { Deps } from '../../deps.ts'
import { limitReached } from './limit.ts'
import { forgetGuess, takeGuess } from './queries.ts'

const windowSeconds = 15 * 60

export interface Guess {
  address: string
  /** Whose password it is about. */
  emailKey: string
  /** What has counts of failures of its own, so that strangers who guess do not lock the owner out, not even from the same network (SEC-33). */
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
  const account = own === undefined ? emailKey : `${emailKey}|${own}`
  const buckets = { address: `login:${from}`, both: `login:${from}|${account}`, account }
  const { LOGIN_PER_ADDRESS: perAddress, LOGIN_PER_ADDRESS_AND_ACCOUNT: perBoth } = config
  const guess = await takeGuess(pool, buckets, { per_address: perAddress, per_both: perBoth, window_seconds: windowSeconds })
  if (guess.by_address !== null) throw limitReached({ limit: guess.by_address === 'all accounts' ? perAddress : perBoth, windowSeconds, retryAfter: guess.retry_after })
  return { isAllowed: guess.is_allowed, forget: async () => { await forgetGuess(pool, buckets) } }
}
