import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { setTimeout as delay } from 'node:timers/promises'
import { defineProblem } from './problem.ts'

export const notReady = defineProblem('not-ready', 503, 'The service is not ready')

const second = 1000
/** A readiness probe must not keep a serverless database awake. */
const trustedFor = 60 * second
const patience = 2 * second

/** Remembers whether what the service stands on answered, and asks again only when the memory is old or bad. */
export class Readiness {
  readonly #checks: ReadonlyArray<() => Promise<unknown>>
  readonly #now: () => number
  #goodUntil = 0
  #running: Promise<boolean> | undefined

  constructor (checks: ReadonlyArray<() => Promise<unknown>>, now: () => number = Date.now) {
    this.#checks = checks
    this.#now = now
  }

  /** Forgets the good news: called when a request has met the opposite. */
  doubt (): void {
    this.#goodUntil = 0
  }

  /** Whether all checks passed within the last minute, or pass now, within two seconds. */
  async isReady (): Promise<boolean> {
    if (this.#now() < this.#goodUntil) return true
    this.#running ??= this.#check().finally(() => { this.#running = undefined })
    return await this.#running
  }

  async #check (): Promise<boolean> {
    const passed = Promise.all(this.#checks.map((check) => check())).then(() => true, () => false)
    const timer = new AbortController()
    const isReady = await Promise.race([passed, delay(patience, false, { signal: timer.signal, ref: false }).catch(() => false)])
    timer.abort()
    if (isReady) this.#goodUntil = this.#now() + trustedFor
    return isReady
  }
}

/** `/livez` says that the process answers and touches nothing; `/readyz` says whether it can serve. */
export const health = fp(async (app: FastifyInstance, { readiness }: { readiness: Readiness }) => {
  const hidden = { schema: { hide: true }, logLevel: 'warn' as const, config: { rateLimit: false as const } }
  app.get('/livez', hidden, async () => ({ status: 'alive' }))
  app.get('/readyz', hidden, async () => {
    if (!await readiness.isReady()) throw notReady()
    return { status: 'ready' }
  })
}, { name: 'health' })
