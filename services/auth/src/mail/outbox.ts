import type { FastifyBaseLogger } from 'fastify'
import type { CommonQueryMethods, DatabasePool } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { Sealer } from '../keys/sealer.ts'
import type { Message } from './messages.ts'
import { deleteMail, insertMail, leaseMails, nextMailDue, noteMailError } from './queries.ts'

/** Hands a mail to whoever delivers it; rejects where that failed and may be tried again. */
export type Mailer = (message: Message) => Promise<void>

const batch = 5
/** With pauses that double up to an hour, about three days. */
const maxAttempts = 75
const longestTimer = 60 * 60 * 1000

export interface OutboxOptions { pool: DatabasePool, sealer: Sealer, mailer: Mailer, log: FastifyBaseLogger }

/**
 * Mail that is owed: written in the transaction that causes it, sent after the commit, tried again while the mail server is
 * away. At least once, and in no order. It looks when it is woken and when the next attempt is due, never otherwise, so
 * that a serverless database can sleep.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #sending: Promise<void> | undefined
  #isWokenAgain = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor (options: OutboxOptions) {
    this.#options = options
  }

  /**
   * Owes a mail. It goes out when `wake` is called, after the commit.
   * @param user_id whose account it is about: with that the mail goes, too (SEC-90)
   */
  async owe (transaction: CommonQueryMethods, user_id: string | null, message: Message): Promise<void> {
    const id = uuidv7()
    await insertMail(transaction, { id, user_id, sealed_message: this.#options.sealer.seal(Buffer.from(JSON.stringify(message)), mailPurpose(id)) })
  }

  /** Sends what is due, in the background. */
  wake (): void {
    if (this.#isClosed) return
    if (this.#sending) {
      this.#isWokenAgain = true
      return
    }
    clearTimeout(this.#timer)
    this.#sending = this.#sendDue()
      .catch((err: unknown) => { this.#options.log.warn({ err }, 'the outbox could not be read') })
      .finally(() => {
        this.#sending = undefined
        if (this.#isWokenAgain) {
          this.#isWokenAgain = false
          this.wake()
        }
      })
  }

  /** Finishes the mails under way, and sends no more. */
  async close (): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#sending
  }

  async #sendDue (): Promise<void> {
    const { pool } = this.#options
    for (;;) {
      const due = await leaseMails(pool, { limit: batch })
      await Promise.all(due.map((mail) => this.#send(mail)))
      if (due.length < batch || this.#isClosed) break
    }
    const next = await nextMailDue(pool)
    if (next && !this.#isClosed) this.#timer = setTimeout(() => { this.wake() }, Math.min(next.seconds * 1000 + 100, longestTimer)).unref()
  }

  async #send ({ id, sealed_message: sealed, attempts }: { id: string, sealed_message: string, attempts: number }): Promise<void> {
    const { pool, sealer, mailer, log } = this.#options
    try {
      await mailer(JSON.parse(sealer.open(sealed, mailPurpose(id)).toString()) as Message)
      await deleteMail(pool, { id })
    } catch (err) {
      log.warn({ err, mailId: id, attempts }, 'a mail could not be sent')
      if (attempts >= maxAttempts) await deleteMail(pool, { id })
      else await noteMailError(pool, { id, error: err instanceof Error ? err.name : 'unknown' })
    }
  }
}

/** Binds a sealed mail to its row. */
export const mailPurpose = (id: string): string => `mail:${id}`
