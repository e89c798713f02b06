import pLimit, { type LimitFunction } from 'p-limit'

export interface Bounds {
  /** How many are worked on at once. */
  concurrency: number
  /** How many more may wait. */
  queue: number
  /** How many of all these may do what comes before the costly part and after it; the others wait outside. */
  underWay?: number
  /** What is thrown when there is no place. */
  refusal: () => Error
}

/**
 * Costly work, a bounded number at once and a bounded number waiting: whoever comes after that is refused at once, rather
 * than made to wait longer. A place is given back when all that it was taken for is over, whether or not anybody still waits
 * for the answer (SEC-9).
 */
export class BoundedWork {
  readonly #work: LimitFunction
  readonly #entrance: LimitFunction
  readonly #places: number
  readonly #refusal: () => Error
  #taken = 0

  constructor ({ concurrency, queue, underWay = concurrency, refusal }: Bounds) {
    this.#work = pLimit(concurrency)
    this.#entrance = pLimit(Math.max(underWay, concurrency))
    this.#places = concurrency + queue
    this.#refusal = refusal
  }

  get running (): number { return this.#work.activeCount }
  /** How many have a place and are not worked on. */
  get waiting (): number { return this.#taken - this.running }
  get isFull (): boolean { return this.#taken >= this.#places }

  /** Takes one place for whatever `use` does: the costly part of it by `run`, as often as it needs, and the rest around it. */
  async withPlace<T> (use: (run: <R>(work: () => Promise<R>) => Promise<R>) => Promise<T>): Promise<T> {
    if (this.isFull) throw this.#refusal()
    this.#taken++
    try {
      return await this.#entrance(() => use((work) => this.#work(work)))
    } finally {
      this.#taken--
    }
  }

  run<T> (work: () => Promise<T>): Promise<T> {
    return this.withPlace((run) => run(work))
  }
}
