import { Notifications } from '@daymark/kit/notifications'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { ClientConfig } from 'pg'
import type { DatabasePool } from 'slonik'
import { lastChanges } from './queries.ts'
import type { Waiters } from './waiters.ts'

const second = 1000
/** How often the database is asked while somebody waits: with a connection that listens, only for what a process that died has not sent. */
const backstop = 30 * second
const withoutListening = 1 * second
const reconnect = 500
/** What is committed within it is told in one go: one after the other they would cost the writes a third of their rate. */
const gathering = 25
/** Ids of 36 characters, so that a payload stays below 8,000 bytes. */
const mostIds = 200
/** Beyond it, those who wait find out by themselves. */
const mostUnsent = 20_000

export interface LiveChangesOptions {
  pool: DatabasePool
  waiters: Waiters
  /** The server itself, past any pooler. Without one, those who wait are served by asking. */
  connection: ClientConfig | undefined
  /** How long the connection is kept after the last write, while nobody waits. */
  idleSeconds: number
  log: FastifyBaseLogger
}

/**
 * Wakes who waits for changes: those of this process at once, those of others by NOTIFY, sent after the commit and gathered,
 * on one connection of its own (specs/decisions: live changes). It is opened when somebody waits or writes, and the database is
 * asked for what may have been missed only while somebody waits, so that a serverless one can sleep.
 */
export class LiveChanges {
  readonly waiters: Waiters
  readonly #options: LiveChangesOptions
  readonly #instance = randomUUID()
  readonly #unsent = new Set<string>()
  readonly #closing = new AbortController()
  #notifications: Notifications | undefined
  #listening: Promise<void> | undefined
  #asking: Promise<void> | undefined
  #sending: Promise<void> | undefined
  #askNow = new AbortController()
  #wroteAt = -Infinity

  constructor (options: LiveChangesOptions) {
    this.waiters = options.waiters
    this.#options = options
  }

  /** To be told of each account that was written to, after the commit. */
  changed (userId: string): void {
    this.waiters.wake(userId)
    if (!this.#options.connection) return
    this.#wroteAt = Date.now()
    if (this.#unsent.size < mostUnsent) this.#unsent.add(userId)
    this.#listen()
    this.#send()
  }

  /** To be told that somebody has begun to wait. */
  awaited (): void {
    this.#listen()
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
      if (!this.#closing.signal.aborted && this.waiters.size > 0) this.awaited() // who came while it was ending
    })
  }

  /** Ends everybody's waiting, and the connection. */
  async close (): Promise<void> {
    this.waiters.close()
    this.#closing.abort()
    this.#askNow.abort()
    await Promise.all([this.#listening, this.#asking, this.#sending])
  }

  get #isNeeded (): boolean {
    return !this.#closing.signal.aborted && (this.waiters.size > 0 || Date.now() - this.#wroteAt < this.#options.idleSeconds * second)
  }

  #listen (): void {
    const { connection } = this.#options
    if (!connection) return
    this.#listening ??= this.#keepListening(connection).finally(() => {
      this.#listening = undefined
      if (this.#isNeeded) this.#listen()
    })
  }

  async #keepListening (connection: ClientConfig): Promise<void> {
    while (this.#isNeeded) {
      const notifications = new Notifications({ connection, channel: 'daymark_changes', onMessage: (payload) => { this.#hear(payload) } })
      try {
        await notifications.open()
        this.#notifications = notifications
        this.#askNow.abort() // for what was committed while nothing listened
        this.#send()
        while (notifications.isOpen && this.#isNeeded) await Promise.race([notifications.lost, this.#pause(5 * second)])
        if (this.#isNeeded) this.#options.log.warn('the connection that listens for changes was lost')
      } catch (err) {
        this.#options.log.warn({ err }, 'nothing listens for changes')
      } finally {
        this.#notifications = undefined
        this.#askNow.abort()
        await notifications.close()
      }
      if (this.#isNeeded) await this.#pause(reconnect)
    }
  }

  #hear (payload: string): void {
    const [instance, ...ids] = payload.split(',')
    if (instance !== this.#instance) for (const id of ids) this.waiters.wake(id)
  }

  #send (): void {
    if (!this.#notifications || this.#unsent.size === 0) return
    this.#sending ??= this.#sendAll(this.#notifications).then((isSent) => {
      this.#sending = undefined
      if (isSent) this.#send() // what came while it was ending
    })
  }

  async #sendAll (notifications: Notifications): Promise<boolean> {
    await delay(gathering)
    const gathered = [...this.#unsent]
    while (gathered.length > 0) {
      const ids = gathered.splice(0, mostIds)
      for (const id of ids) this.#unsent.delete(id)
      try {
        await notifications.send([this.#instance, ...ids].join())
      } catch (err) {
        for (const id of ids) this.#unsent.add(id) // for the next connection
        this.#options.log.warn({ err }, 'a change was not told')
        return false
      }
    }
    return true
  }

  async #ask (): Promise<void> {
    while (!this.#closing.signal.aborted && this.waiters.size > 0) {
      await delay(this.#notifications?.isOpen ? backstop : withoutListening, undefined, { signal: this.#askNow.signal, ref: false }).catch(() => {})
      this.#askNow = new AbortController()
      if (this.#closing.signal.aborted || this.waiters.size === 0) return
      try {
        await this.#notifications?.check()
        this.waiters.wakeBehind(await lastChanges(this.#options.pool, { user_ids: this.waiters.userIds }))
      } catch (err) {
        this.#options.log.warn({ err }, 'the last changes could not be read')
      }
    }
  }

  async #pause (milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }
}
