/** What the feed tells of one end of access. */
export interface Revocation { kind: 'session' | 'user' | 'user_enabled' | 'key', subject: string, revoked_at: string }

/** The parts of a token that can be revoked. */
export interface Bearer { kid: string, sid: string, sub: string }

/**
 * The revoked sessions and users, each for as long as a token could still name it, and the withdrawn keys for good: whoever
 * stole one can date tokens as they like.
 */
export class Revoked {
  readonly #keepMs: number
  readonly #sets = { session: new Map<string, number>(), user: new Map<string, number>(), key: new Map<string, number>() }

  constructor (keepSeconds: number) {
    this.#keepMs = keepSeconds * 1000
  }

  /** Takes up one entry of the feed; one taken up before changes nothing. */
  add ({ kind, subject, revoked_at: at }: Revocation): void {
    if (kind === 'user_enabled') this.#sets.user.delete(subject)
    else this.#sets[kind].set(subject, kind === 'key' ? Infinity : Date.parse(at) + this.#keepMs)
  }

  /** Whether any part of a token is revoked. */
  has ({ kid, sid, sub }: Bearer): boolean {
    return this.#sets.session.has(sid) || this.#sets.user.has(sub) || this.#sets.key.has(kid)
  }

  /** Forgets what no token can name any more. */
  prune (now: number): void {
    for (const set of Object.values(this.#sets)) {
      for (const [subject, forgetAt] of set) if (forgetAt < now) set.delete(subject)
    }
  }

  clear (): void {
    for (const set of Object.values(this.#sets)) set.clear()
  }
}
