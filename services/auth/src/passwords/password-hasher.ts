import argon2 from 'argon2'
import pLimit, { type LimitFunction } from 'p-limit'
import { passwordCheckBusy } from '../../problems.ts'

/** OWASP's first choice of parameters for argon2id: 19 MiB, two passes, one lane (SEC-6). */
const parameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

export interface PasswordHasherOptions {
  /** How many hashes are computed at once; each takes 19 MiB and a core. */
  concurrency: number
  /** How many more may wait. */
  queue: number
}

/** Hashes and checks passwords with argon2id, a bounded number at once: past the queue the answer is 503, not a longer wait. */
export class PasswordHasher {
  readonly #limit: LimitFunction
  readonly #queue: number
  readonly #decoy: Promise<string>

  constructor ({ concurrency, queue }: PasswordHasherOptions) {
    this.#limit = pLimit(concurrency)
    this.#queue = queue
    this.#decoy = argon2.hash('nobody has this password', parameters)
  }

  /** A PHC string. @throws {Problem} passwordCheckBusy */
  hash (password: string): Promise<string> {
    return this.#run(() => argon2.hash(password, parameters))
  }

  /**
   * Whether the password is the one that was hashed. Without a hash (nobody has that address) it does the same work and
   * says no (SEC-10).
   * @throws {Problem} passwordCheckBusy
   */
  async verify (hash: string | undefined, password: string): Promise<boolean> {
    const decoy = await this.#decoy
    const matches = await this.#run(() => argon2.verify(hash ?? decoy, password).catch(() => false)) // a hash nobody can read lets nobody in
    return matches && hash !== undefined
  }

  async #run<T> (work: () => Promise<T>): Promise<T> {
    if (this.#limit.pendingCount >= this.#queue && this.#limit.activeCount >= this.#limit.concurrency) throw passwordCheckBusy()
    return await this.#limit(work)
  }
}
