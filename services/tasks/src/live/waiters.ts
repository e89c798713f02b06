import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import { busy, tooManyRequests } from '@daymark/kit/problem'

/** Why waiting is over: the token or its session has ended, the service stops, or nobody is there any more. */
export type Ending = 'expired' | 'revoked' | 'closing' | 'gone'

/** Somebody who waits for changes of one account. Holds nothing but its place here. */
export class Waiter {
  readonly bearer: AccessTokenClaims
  /** The number of the last change it has been told. */
  seen: number
  #hasNews = false
  #ending: Ending | undefined
  #wakeUp: (() => void) | undefined
  readonly #ended = Promise.withResolvers<void>()

  constructor (bearer: AccessTokenClaims, seen: number) {
    this.bearer = bearer
    this.seen = seen
  }

  /** Says that there may be news; also to one that is not waiting just now. */
  wake (): void {
    this.#hasNews = true
    this.#wakeUp?.()
  }

  end (ending: Ending): void {
    this.#ending ??= ending
    this.#wakeUp?.()
    this.#ended.resolve()
  }

  /** Resolves when it is over; of a token that expires, only for who asks why. */
  get ended (): Promise<void> { return this.#ended.promise }

  /** Why it is over, if it is. */
  get ending (): Ending | undefined {
    if (Date.now() >= this.bearer.exp * 1000) this.#ending ??= 'expired'
    return this.#ending
  }

  /** Waits for news or the end, and for so many milliseconds at most. */
  async next (milliseconds: number): Promise<'news' | 'time' | Ending> {
    if (this.ending === undefined && !this.#hasNews) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wakeUp = resolve
      const timer = setTimeout(resolve, Math.max(0, Math.min(milliseconds, this.bearer.exp * 1000 - Date.now())))
      await promise
      clearTimeout(timer)
      this.#wakeUp = undefined
    }
    if (this.ending !== undefined) return this.ending
    if (!this.#hasNews) return 'time'
    this.#hasNews = false
    return 'news'
  }
}

/** Everybody who waits in this process, by account. */
export class Waiters {
  readonly #most: { perUser: number, total: number }
  readonly #of = new Map<string, Set<Waiter>>()
  #size = 0
  #isClosed = false

  constructor (most: { perUser: number, total: number }) {
    this.#most = most
  }

  get size (): number { return this.#size }

  /** The accounts somebody waits for. */
  get userIds (): string[] { return [...this.#of.keys()] }

  /** @throws {Problem} tooManyRequests (429) for one account's too many, busy (503) for everybody's */
  enter (bearer: AccessTokenClaims, seen: number): Waiter {
    const waiters = this.#of.get(bearer.sub) ?? new Set()
    if (waiters.size >= this.#most.perUser) {
      throw tooManyRequests({ detail: `At most ${this.#most.perUser} requests of one account can wait for changes at once: end another first.`, headers: { 'retry-after': '5' } })
    }
    if (this.#size >= this.#most.total || this.#isClosed) throw busy()
    const waiter = new Waiter(bearer, seen)
    this.#of.set(bearer.sub, waiters.add(waiter))
    this.#size++
    return waiter
  }

  /** Done twice, it changes nothing. */
  leave (waiter: Waiter): void {
    const waiters = this.#of.get(waiter.bearer.sub)
    if (waiters?.delete(waiter) !== true) return
    this.#size--
    if (waiters.size === 0) this.#of.delete(waiter.bearer.sub)
  }

  wake (userId: string): void {
    for (const waiter of this.#of.get(userId) ?? []) waiter.wake()
  }

  /** Wakes those who have not been told of an account's last change. */
  wakeBehind (last: ReadonlyArray<{ user_id: string, seq: number }>): void {
    for (const { user_id: id, seq } of last) {
      for (const waiter of this.#of.get(id) ?? []) if (waiter.seen < seq) waiter.wake()
    }
  }

  /** Ends those whose token is not good any more. */
  endRevoked (isRevoked: (bearer: AccessTokenClaims) => boolean): void {
    for (const waiters of this.#of.values()) {
      for (const waiter of waiters) if (isRevoked(waiter.bearer)) waiter.end('revoked')
    }
  }

  /** Ends all of them, and lets nobody in any more. */
  close (): void {
    this.#isClosed = true
    for (const waiters of this.#of.values()) for (const waiter of waiters) waiter.end('closing')
  }
}
