import argon2 from 'argon2'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { passwordCheckBusy } from '../../problems.ts'
import { BoundedWork } from './bounded-work.ts'

/** OWASP's first choice of parameters for argon2id: 19 MiB, two passes, one lane (SEC-6). */
const parameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** More than this a stored hash may not ask of us, whoever planted it (SEC-8). */
const ceiling = { m: 65_536, t: 10, p: 4 }

export interface PasswordHasherOptions {
  /** How many hashes are computed at once; each takes 19 MiB and a core. */
  concurrency: number
  /** How many more may wait. */
  queue: number
  /** How many may be at the database before or after their hash; at least one more than hashes, so that the cores stay busy. */
  underWay: number
}

/** What one place allows. */
export interface Passwords {
  /** A PHC string. */
  hash: (password: string) => Promise<string>
  /**
   * Whether the password is the one that was hashed. Where there is no hash (nobody has that address), or one that cannot
   * be read or asks for too much, it does the usual work and says no (SEC-8, SEC-10).
   */
  verify: (hash: string | undefined, password: string) => Promise<boolean>
}

/** Hashes and checks passwords with argon2id, a bounded number at once: past the queue the answer is 503, not a longer wait. */
export class PasswordHasher {
  readonly #work: BoundedWork
  readonly #decoy: Promise<string>
  #turns: Promise<unknown> = Promise.resolve()

  constructor (bounds: PasswordHasherOptions) {
    this.#work = new BoundedWork({ ...bounds, underWay: Math.max(bounds.underWay, bounds.concurrency + 1), refusal: passwordCheckBusy })
    this.#decoy = argon2.hash('nobody has this password', parameters)
  }

  get running (): number { return this.#work.running }
  get waiting (): number { return this.#work.waiting }

  /**
   * Does something around passwords, if there is a place for it. Whoever finds none is refused before anything else is done:
   * a crowd that first asked the database would keep everyone else from it (SEC-9).
   * @throws {Problem} passwordCheckBusy
   */
  withPlace<T> (use: (passwords: Passwords) => Promise<T>): Promise<T> {
    return this.#work.withPlace((run) => use({
      hash: (password) => run(() => argon2.hash(password, parameters)),
      verify: async (hash, password) => {
        const usable = hash !== undefined && isWithin(ceiling, costsOf(hash)) ? hash : undefined
        const decoy = await this.#decoy
        const matches = await run(() => argon2.verify(usable ?? decoy, password))
        return matches && usable !== undefined
      },
    }))
  }

  /**
   * Turns away who would find no place anyway, before their request is read: one in each turn of the event loop, so that a
   * crowd does not keep those waiting who are to be served (SEC-9).
   * @throws {Problem} passwordCheckBusy
   */
  async demandPlace (): Promise<void> {
    if (!this.#work.isFull) return
    this.#turns = this.#turns.then(() => nextTurn())
    await this.#turns
    throw passwordCheckBusy()
  }

  /** A PHC string. @throws {Problem} passwordCheckBusy */
  hash (password: string): Promise<string> {
    return this.withPlace((passwords) => passwords.hash(password))
  }

  /** Whether a readable hash was made in another way than `hash` makes them now: algorithm, version or any cost (SEC-7). */
  isOutdated (hash: string): boolean {
    return !hash.startsWith('$argon2id$') || argon2.needsRehash(hash, parameters)
  }
}

type Costs = Record<'m' | 't' | 'p', number>

const phc = /^\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$(?<costs>[mtp]=\d{1,9}(?:,[mtp]=\d{1,9}){2})\$[\w+/-]{11,86}\$[\w+/-]{16,86}$/

/** What computing a stored hash again costs; nothing for what is no argon2 hash. */
function costsOf (hash: string): Partial<Costs> | undefined {
  const costs = phc.exec(hash)?.groups?.['costs']
  return costs === undefined ? undefined : Object.fromEntries(costs.split(',').map((cost) => [cost[0], Number(cost.slice(2))]))
}

const isWithin = (most: Costs, { m = 0, t = 0, p = 0 }: Partial<Costs> = {}) => m >= 8 * p && m <= most.m && t >= 1 && t <= most.t && p >= 1 && p <= most.p
