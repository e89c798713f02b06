import pg from 'pg'

/** By what those who run the database tell this connection from others. */
const applicationName = 'daymark notifications'

/**
 * One connection outside of the pool that listens to a channel of PostgreSQL's NOTIFY and sends to it. It needs the server
 * itself: a pooler in transaction mode forgets who listens.
 */
export class Notifications {
  readonly #client: pg.Client
  readonly #channel: string
  readonly #lost = Promise.withResolvers<void>()
  #isOpen = false

  constructor ({ connection, channel, onMessage }: { connection: pg.ClientConfig, channel: string, onMessage: (payload: string) => void }) {
    this.#client = new pg.Client({ ...connection, application_name: applicationName })
    this.#channel = channel
    const lose = () => {
      this.#isOpen = false
      this.#lost.resolve()
    }
    this.#client.on('error', lose).on('end', lose)
    this.#client.on('notification', ({ payload = '' }) => { onMessage(payload) })
  }

  /** Whether it listens, as far as is known. */
  get isOpen (): boolean { return this.#isOpen }

  /** Resolves when the connection is lost, or closed. */
  get lost (): Promise<void> { return this.#lost.promise }

  /** Connects, and hears from then on whatever is committed. */
  async open (): Promise<void> {
    await this.#client.connect()
    await this.#client.query(`LISTEN ${pg.escapeIdentifier(this.#channel)}`)
    this.#isOpen = true
  }

  /** Sends to everybody who listens; up to 8,000 bytes, as a transaction of its own. */
  async send (payload: string): Promise<void> {
    await this.#client.query('SELECT pg_notify($1, $2)', [this.#channel, payload])
  }

  /** Asks for an answer; a connection that gives none is closed. */
  async check (): Promise<void> {
    await this.#client.query('SELECT').catch(() => this.close())
  }

  /** Ends the connection; also one that does not answer. */
  async close (): Promise<void> {
    await this.#client.end().catch(() => {})
    this.#lost.resolve()
  }
}
