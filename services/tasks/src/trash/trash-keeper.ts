import { asUser } from '@daymark/kit/scope'
import type { FastifyRequest } from 'fastify'
import type { DatabasePool } from 'slonik'
import { writeInTurn } from '../accounts/write-in-turn.ts'
import { authorOf } from '../changes/origin.ts'
import { purgeSome } from './purge.ts'
import { isAnythingDue } from './queries.ts'

const hour = 3_600_000
/** How long a process leaves a trash alone that it has looked through. */
const rest = 6 * hour
/** What goes at once; for more it comes again with the next request. */
const most = 200
const mostRemembered = 50_000

/**
 * Deletes for good what has been in the trash for so many days. It does so behind the tenant's own writes and looks into the
 * trash, after they are answered: a timer would keep a serverless database awake, and whoever never comes back is owed nothing.
 */
export class TrashKeeper {
  readonly #pool: DatabasePool
  readonly days: number
  /** When each trash is looked through again, in the order of looking. */
  readonly #nextLook = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  #isClosed = false

  constructor (pool: DatabasePool, days: number) {
    this.#pool = pool
    this.days = days
  }

  /** Looks the caller's trash through, if that is due. A failure is logged, and no other request's business. */
  look (request: FastifyRequest): void {
    const { user: { sub }, log } = request
    if (this.#isClosed || Date.now() < (this.#nextLook.get(sub) ?? 0)) return
    this.#remember(sub)
    const running = this.#purgeDue(request)
      .catch((err: unknown) => { log.warn({ err }, 'the trash could not be purged') })
      .finally(() => { this.#running.delete(running) })
    this.#running.add(running)
  }

  /** Begins nothing more, and waits for what is under way. */
  async close (): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#running)
  }

  async #purgeDue (request: FastifyRequest): Promise<void> {
    const { user: { sub: user_id } } = request
    if (!await asUser(user_id, () => isAnythingDue(this.#pool, { user_id, days: this.days }))) return
    const { purged } = await writeInTurn(this.#pool, request, () => purgeSome(this.#pool, { days: this.days }, most, authorOf({ id: request.id, user: request.user, headers: {} })))
    if (purged > 0) this.#nextLook.delete(user_id)
    request.log.info({ purged }, 'purged the trash')
  }

  #remember (userId: string): void {
    this.#nextLook.delete(userId)
    this.#nextLook.set(userId, Date.now() + rest)
    const [oldest] = this.#nextLook.keys()
    if (this.#nextLook.size > mostRemembered && oldest !== undefined) this.#nextLook.delete(oldest)
  }
}
