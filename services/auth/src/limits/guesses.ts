import { network } from '@daymark/kit/client-address'
import type { DatabasePool } from 'slonik'
import type { Config } from '../../config.ts'
import { limitReached } from './limit.ts'
import { forgetGuess, takeGuess } from './queries.ts'

const windowSeconds = 15 * 60

type Limits = Pick<Config, 'LOGIN_PER_ADDRESS' | 'LOGIN_PER_ADDRESS_AND_ACCOUNT'>

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

/** Limits how often passwords are guessed: by address, by address and account, and by account. */
export class Guesses {
  readonly #pool: DatabasePool
  readonly #config: Limits
  /** By account, the attempts that are under way here, and whether each turned out right. */
  readonly #underWay = new Map<string, Set<Promise<boolean>>>()

  constructor ({ pool, config }: { pool: DatabasePool, config: Limits }) {
    this.#pool = pool
    this.#config = config
  }

  /**
   * Makes one attempt to name a password, counted as failed before it begins, so that parallel ones cannot outrun the count
   * (SEC-32). Where it would be refused, those of the same account that are under way here are waited for, and if one was
   * right it is counted once more: who sends the right password many times at once is no guesser.
   * @throws {Problem} tooManyRequests by address, whatever the account
   */
  async attempt<T> ({ address, emailKey, own }: Guess, make: (attempt: Attempt) => Promise<T>): Promise<T> {
    const from = network(address)
    const account = own === undefined ? emailKey : `${emailKey}|${own}`
    const buckets = { address: `login:${from}`, both: `login:${from}|${account}`, account }
    const { LOGIN_PER_ADDRESS: per_address, LOGIN_PER_ADDRESS_AND_ACCOUNT: per_both } = this.#config

    for (let is_first = true; ; is_first = false) {
      const before = this.#others(account)
      const { promise: outcome, resolve: decide } = Promise.withResolvers<boolean>()
      const leave = this.#enter(account, outcome)
      let isRight = false
      let guess
      try {
        guess = await takeGuess(this.#pool, buckets, { per_address, per_both, window_seconds: windowSeconds, is_first })
        if (guess.is_allowed) {
          const forget = async () => {
            await forgetGuess(this.#pool, buckets)
            isRight = true
          }
          return await make({ isAllowed: true, forget })
        }
      } finally {
        leave()
        decide(isRight)
      }
      const isOfAddress = guess.by_address === 'all accounts'
      if (!isOfAddress && (await Promise.all([...before, ...this.#others(account)])).includes(true)) continue
      if (guess.by_address === null) return await make({ isAllowed: false, forget: async () => {} })
      throw limitReached({ limit: isOfAddress ? per_address : per_both, windowSeconds, retryAfter: guess.retry_after })
    }
  }

  #others (account: string): Array<Promise<boolean>> {
    return [...this.#underWay.get(account) ?? []]
  }

  #enter (account: string, outcome: Promise<boolean>): () => void {
    const underWay = this.#underWay.get(account) ?? new Set()
    this.#underWay.set(account, underWay.add(outcome))
    return () => {
      underWay.delete(outcome)
      if (underWay.size === 0) this.#underWay.delete(account)
    }
  }
}
