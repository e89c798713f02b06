import type { FastifyBaseLogger } from 'fastify'
import { createHash } from 'node:crypto'
import { Counter, type Registry } from 'prom-client'
import { breachCheckAway } from '../../problems.ts'
import { BoundedWork } from './bounded-work.ts'

export interface BreachCheckOptions {
  /** A range API in the form of Have I Been Pwned's; without one nothing is asked and nothing found. */
  url: string | undefined
  /** Whether, without an answer, a password passes (`open`) or is turned away (`closed`). */
  outage: 'open' | 'closed'
  registry: Registry
  log: FastifyBaseLogger
  /** For the place in the queue, the answer and its whole body together. */
  timeoutMilliseconds: number
}

/** A padded range has some 1,000 lines of 40 bytes. */
const largestRange = 256 * 1024

/**
 * Looks passwords up among those of known breaches, by k-anonymity: the first five hex digits of the SHA-1 are sent, and the
 * rest is looked for here, in an answer whose length is padded (SEC-4).
 * https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange
 */
export class BreachCheck {
  readonly #options: BreachCheckOptions
  readonly #work = new BoundedWork({ concurrency: 16, queue: 64, refusal: () => new Error('Too many wait for the range API') })
  readonly #outcomes: Counter
  #isAway = false

  constructor (options: BreachCheckOptions) {
    this.#options = options
    this.#outcomes = new Counter({
      name: 'password_breach_checks_total',
      help: 'New passwords looked up among those of known breaches: not there (ok), there (found), or no answer (outage)',
      labelNames: ['outcome'],
      registers: [options.registry],
    })
    for (const outcome of ['ok', 'found', 'outage']) this.#outcomes.inc({ outcome }, 0)
  }

  /** @throws {Problem} breachCheckAway without an answer, where that is to turn passwords away */
  async has (password: string): Promise<boolean> {
    const { url, outage, timeoutMilliseconds } = this.#options
    if (url === undefined) return false
    const signal = AbortSignal.timeout(timeoutMilliseconds) // from now on, so that waiting has an end as well
    const found = await this.#work.run(() => isInRange(url, password, signal)).catch((cause: unknown) => this.#miss(cause))
    if (found === undefined) {
      if (outage === 'closed') throw breachCheckAway({ headers: { 'retry-after': '10' } })
      return false
    }
    this.#isAway = false
    this.#outcomes.inc({ outcome: found ? 'found' : 'ok' })
    return found
  }

  /** Counts each missing answer, and tells of the first in a row alone. */
  #miss (cause: unknown): undefined {
    this.#outcomes.inc({ outcome: 'outage' })
    if (!this.#isAway) this.#options.log.warn({ reason: reasonOf(cause), outage: this.#options.outage }, 'new passwords cannot be looked up among those of known breaches')
    this.#isAway = true
  }
}

/** @throws {Error} where there is no whole answer in time, or what is answered is no range */
async function isInRange (url: string, password: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  const digest = createHash('sha1').update(password).digest('hex').toUpperCase()
  const response = await fetch(url + digest.slice(0, 5), { headers: { 'add-padding': 'true' }, redirect: 'error', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`The range API answered ${response.status}`)
  }
  const counts = readRange(await readCapped(response))
  return (counts.get(digest.slice(5)) ?? 0) > 0 // the padding has a count of 0
}

async function readCapped ({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > largestRange) throw new Error('The range is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** How often each suffix was seen. One line that is none spoils the whole: it may be the page of a proxy, or cut off. */
function readRange (text: string): Map<string, number> {
  return new Map(text.trimEnd().split(/\r?\n/).map((line) => {
    const [, suffix, count] = /^([\dA-F]{35}):(\d{1,12})$/i.exec(line) ?? []
    if (suffix === undefined) throw new Error('The range API answered something else than a range')
    return [suffix.toUpperCase(), Number(count)]
  }))
}

/** What is wrong, without the address asked for: its end is of the password. */
function reasonOf (error: unknown): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return 'The range API did not answer in time'
  const inner = cause instanceof Error ? (cause as NodeJS.ErrnoException).code ?? cause.message : undefined
  return inner === undefined ? message : `${message}: ${inner}`
}
