import pLimit, { type LimitFunction } from 'p-limit'

export interface Bounds {
  /** How many are worked on at once. */
  concurrency: number
  /** How many more may wait. */
  queue: number
  /** What is thrown when no more may wait. */
  refusal: () => Error
}

/**
 * Costly work, a bounded number at once and a bounded number waiting: whoever comes after that is refused at once, rather
 * than made to wait longer. A place is given back when its work is over, whether or not anybody still waits for the answer
 * (SEC-9).
 */
export class BoundedWork {
  readonly #limit: LimitFunction
  readonly #queue: number
  readonly #refusal: () => Error

  constructor ({ concurrency, queue, refusal }: Bounds) {
    this.#limit = pLimit(concurrency)
    this.#queue = queue
    this.#refusal = refusal
  }

  get running (): number { return this.#limit.activeCount }
  get waiting (): number { return this.#limit.pendingCount }
  get isFull (): boolean { return this.running >= this.#limit.concurrency && this.waiting >= this.#queue }

  async run<T> (work: () => Promise<T>): Promise<T> {
    if (this.isFull) throw this.#refusal()
    return await this.#limit(work)
  }
}
