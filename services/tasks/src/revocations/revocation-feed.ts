import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { feedSilent } from '../../problems.ts'
import { type Bearer, type Revocation, Revoked } from './revoked.ts'

const second = 1000
/** The feed answers at least this often, with news or without. */
const beat = 5 * second
const timeout = beat + 5 * second
/** Silent for longer, it may hide a revocation from us: writes stop. */
const patience = 15 * second
/** With no request for as long, the process stops asking, so that a serverless database can sleep. */
const drowsy = 60 * second
const retry = 500
/** Beyond the life of a token, seconds: clocks that differ, and a token made just before the session it is of was ended. */
const margin = 65

export interface RevocationFeedOptions {
  /** The feed of the auth service, on its internal listener. */
  url: string
  serviceToken: () => Promise<string>
  /** The longest a token lives. */
  tokenSeconds: number
  /** Told once of each withdrawn key. */
  onKeyWithdrawn: (kid: string) => void
  /** Told whenever something was revoked. */
  onRevoked: () => void
  log: FastifyBaseLogger
}

interface Page { epoch: string, position: number, items: Revocation[] }

/**
 * Keeps in memory which sessions, users and keys are revoked, so that no request has to ask (specs/decisions: revocation
 * feed). One long poll is under way while there are requests; a request that finds the process asleep waits for the first
 * answer.
 */
export class RevocationFeed {
  readonly #options: RevocationFeedOptions
  readonly #revoked: Revoked
  readonly #closing = new AbortController()
  #epoch: string | undefined
  #position = 0
  #heardAt = -Infinity
  #askedAt = -Infinity
  #following: Promise<void> | undefined
  #firstAnswer = Promise.withResolvers<void>()
  #isAwake = false

  constructor (options: RevocationFeedOptions) {
    this.#options = options
    this.#revoked = new Revoked(options.tokenSeconds + margin)
  }

  /**
   * Whether a token may still be used; at once, except for the first request after a pause.
   * @throws {Problem} feedSilent (503) where that cannot be told: before the first answer, and for writes after 15 s of silence
   */
  async isRevoked (bearer: Bearer, { isWrite }: { isWrite: boolean }): Promise<boolean> {
    this.#askedAt = Date.now()
    this.#following ??= this.#follow().finally(() => { this.#following = undefined })
    if (!this.#isAwake) await this.#firstAnswerInTime()
    if (isWrite && this.isSilent()) throw feedSilent()
    return this.#revoked.has(bearer)
  }

  /** Whether it is known by now that a token may not be used any more. */
  isKnownRevoked (bearer: Bearer): boolean {
    return this.#revoked.has(bearer)
  }

  /** Whether the feed should have been heard and was not. A sleeping process is not silent. */
  isSilent (): boolean {
    return this.#following !== undefined && Date.now() - this.#heardAt > patience
  }

  /** Stops following; what is under way is given up. */
  async close (): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #firstAnswerInTime (): Promise<void> {
    const isHere = await Promise.race([this.#firstAnswer.promise.then(() => true), delay(beat, false, { ref: false })])
    if (!isHere) throw feedSilent()
  }

  async #follow (): Promise<void> {
    let wait = 0 // after a pause or a failure the answer is wanted at once
    while (!this.#closing.signal.aborted && Date.now() - this.#askedAt < drowsy) {
      try {
        this.#take(await this.#read(wait))
        wait = beat
      } catch (err) {
        if (this.#closing.signal.aborted) break
        this.#options.log.warn({ err }, 'the revocation feed did not answer')
        wait = 0
        await delay(retry, undefined, { ref: false })
      }
    }
    this.#isAwake = false
    this.#firstAnswer = Promise.withResolvers()
  }

  async #read (wait: number): Promise<Page | 'start again'> {
    const { url, serviceToken } = this.#options
    const query = new URLSearchParams({
      since: String(this.#position),
      wait: String(wait / second),
      ...this.#epoch !== undefined && { epoch: this.#epoch },
    })
    const response = await fetch(`${url}?${query}`, {
      headers: { 'x-service-token': await serviceToken() },
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeout)]),
      redirect: 'error',
    })
    if (response.status === 410) return 'start again'
    if (!response.ok) throw new Error(`The revocation feed answered ${response.status}`)
    return await response.json() as Page
  }

  #take (page: Page | 'start again'): void {
    if (page === 'start again') {
      this.#epoch = undefined
      this.#position = 0
      this.#revoked.clear()
      return
    }
    for (const revocation of page.items) {
      this.#revoked.add(revocation)
      if (revocation.kind === 'key') this.#options.onKeyWithdrawn(revocation.subject)
    }
    if (page.items.length > 0) this.#options.onRevoked()
    this.#epoch = page.epoch
    this.#position = page.position
    this.#heardAt = Date.now()
    this.#revoked.prune(this.#heardAt)
    if (this.#isAwake) return
    this.#isAwake = true
    this.#firstAnswer.resolve()
  }
}
