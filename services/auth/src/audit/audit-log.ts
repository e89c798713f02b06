import type { FastifyBaseLogger } from 'fastify'
import { randomBytes } from 'node:crypto'
import type { CommonQueryMethods, DatabasePool } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { AuditAction } from '../../contracts.ts'
import type { Caller } from '../callers/caller.ts'
import type { Sealer } from '../keys/sealer.ts'
import { batchText, beginning, chainDigest, macPurpose, originDigest } from './chain.ts'
import { findLastBatch, insertBatch, insertEvent, lockChain, takePending } from './queries.ts'

export interface AuditEvent {
  action: AuditAction
  /** `success` unless told. */
  outcome?: 'success' | 'failure'
  /** Whose account it is about; null where nobody has it. */
  user_id: string | null
  /** Who did it, where that is not the account's owner; null for nobody with an account, as by a command. */
  actor_id?: string | null
  session_id?: string
  /** Plain facts. Never an address, a token or a password: the log outlives the account (SEC-87, SEC-90). */
  details?: Record<string, string | number | boolean>
}

export interface AuditLogOptions { pool: DatabasePool, sealer: Sealer, log: Pick<FastifyBaseLogger, 'warn'> }

const batchSize = 500
/** Milliseconds. Events of one moment share a batch. */
const pause = 1000

/**
 * The record of what happened to accounts and sessions. An event is written in the transaction of what it tells; batches of
 * events are chained and sealed after it, when nobody waits (specs/decisions/021).
 */
export class AuditLog {
  readonly #options: AuditLogOptions
  #isOwed = true // what an earlier run left
  #timer: NodeJS.Timeout | undefined
  #sealing: Promise<void> = Promise.resolve()

  constructor (options: AuditLogOptions) {
    this.#options = options
  }

  /** Writes an event, for good where the transaction commits. */
  async record (transaction: CommonQueryMethods, { address, userAgent, requestId }: Caller, event: AuditEvent): Promise<void> {
    const salt = randomBytes(16)
    await insertEvent(transaction, {
      id: uuidv7(),
      action: event.action,
      outcome: event.outcome ?? 'success',
      user_id: event.user_id,
      actor_id: event.actor_id === undefined ? event.user_id : event.actor_id,
      session_id: event.session_id ?? null,
      request_id: requestId,
      details: event.details ?? {},
      origin: { address, user_agent: userAgent, salt, digest: originDigest(salt, address, userAgent) },
    })
    this.#isOwed = true
  }

  /** Seals what was recorded, a moment later. Call it after the commit; it costs nothing where nothing was recorded. */
  wake (): void {
    if (!this.#isOwed || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#sealing = this.#sealing.then(() => this.#seal())
    }, pause).unref()
  }

  /** Seals what is left. */
  async close (): Promise<void> {
    clearTimeout(this.#timer)
    await this.#sealing
    if (this.#isOwed) await this.#seal()
  }

  async #seal (): Promise<void> {
    this.#isOwed = false
    try {
      for (let isMore = true; isMore;) isMore = await sealBatch(this.#options)
    } catch (err) {
      this.#isOwed = true // the next event's turn
      this.#options.log.warn({ err }, 'the audit log could not be sealed')
    }
  }
}

/** Chains the next events that wait, if any. Gives whether there may be more. */
async function sealBatch ({ pool, sealer }: AuditLogOptions): Promise<boolean> {
  return await pool.transaction(async (transaction) => {
    await lockChain(transaction)
    const events = await takePending(transaction, { limit: batchSize })
    if (events.length === 0) return false
    const last = await findLastBatch(transaction)
    const number = (last?.number ?? 0) + 1
    const digest = chainDigest(last ? Buffer.from(last.digest, 'hex') : beginning, events)
    const { mac, keyId } = sealer.authenticate(batchText(number, digest), macPurpose)
    await insertBatch(transaction, { number, event_ids: events.map(({ id }) => id), digest, mac, key_id: keyId })
    return events.length === batchSize
  })
}
