import { setTimeout as delay } from 'node:timers/promises'
import type { DatabasePool } from 'slonik'
import { getFeedState } from './queries.ts'

const interval = 250

export interface FeedState { epoch: string, position: number }

/**
 * Watches the feed's counter on behalf of everyone who waits for it: one small query each quarter of a second, however
 * many wait, and none while nobody does, so that a serverless database can sleep.
 */
export class FeedWatch {
  readonly #pool: DatabasePool
  readonly #closing = new AbortController()
  #watching: Promise<FeedState> | undefined

  constructor (pool: DatabasePool) {
    this.#pool = pool
  }

  /** The state of the feed once it is another than `known`, or as it is after `milliseconds`. */
  async next (known: FeedState, milliseconds: number): Promise<FeedState> {
    const deadline = Date.now() + milliseconds
    for (;;) {
      const state = await (this.#watching ??= this.#look())
      if (state.epoch !== known.epoch || state.position !== known.position || Date.now() >= deadline || this.#closing.signal.aborted) return state
    }
  }

  /** Lets everyone who waits go. */
  close (): void {
    this.#closing.abort()
  }

  async #look (): Promise<FeedState> {
    try {
      await delay(interval, undefined, { signal: this.#closing.signal }).catch(() => {})
      return await getFeedState(this.#pool)
    } finally {
      this.#watching = undefined
    }
  }
}
