import pLimit, { type LimitFunction } from 'p-limit'

export interface Bounds {
  /** How many are worked on at once. */
  concurrency: number
  /** How many more may wait. */
  queue: number
  /** What is thrown when there is no place. */
  refusal: () => Error
}

/**
 * Costly work, a bounded number at once and a bounded number waiting: whoever comes after that is refused at once, rather
 * than made to wait longer. A place is given back when all that it was taken for is over, whether or not anybody still waits
 * for the answer (SEC-9).
 */
export class BoundedWork {
  readonly #limit: LimitFunction
  readonly #places: number
  readonly #refusal: () => Error
  #taken = 0

  constructor ({ concurrency, queue, refusal }: Bounds) {
    this.#limit = pLimit(concurrency)
    this.#places = concurrency + queue
    this.#refusal = refusal
  }

  get running (): number { return this.#limit.activeCount }
  /** How many have a place and are not worked on. */
  get waiting (): number { return this.#taken - this.running }

  /** @throws what `refusal` gives, where there is no place */
  demandPlace (): void {
    if (this.#taken >= this.#places) throw this.#refusal()
  }

  /** Takes one place for whatever `use` does: the costly part of it by `run`, as often as it needs, and the rest around it. */
  async withPlace<T> (use: (run: <R>(work: () => Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
    this.demandPlace()
    this.#taken++
    try {
      return await use((work) => this.#limit(work))
    } finally {
      this.#taken--
    }
  }

  run<T> (work: () => Promise<T>): Promise<T> {
    return this.withPlace((run) => run(work))
  }
}
