import pg from 'pg'

/** A statement sent ahead of a query, under the same Sync. With a `name` it is parsed once per connection. */
export interface Prelude { readonly text: string, readonly values: readonly string[], readonly name?: string }

/** What pg's Query offers to a subclass, and its types leave out. */
interface QueryInternals {
  readonly name: string | undefined
  hasBeenParsed (connection: Connection): boolean
  prepare (connection: Connection): void
  handleDataRow (message: unknown): void
  handleCommandComplete (message: unknown, connection: Connection): void
  handleError (error: Error, connection: Connection): void
}

interface Connection {
  /** The texts of the named statements that the server is known to have, and of those on their way to it. */
  parsedStatements: Record<string, string>
  submittedNamedStatements: Record<string, string>
  close (message: { type: 'S', name: string }): void
  parse (message: { text: string, name: string, types: number[] }): void
  bind (message: { portal: string, statement: string, values: readonly unknown[], valueMapper: (value: unknown) => unknown }): void
  execute (message: { portal: string, rows: number }): void
}

export interface QueryConfig { text: string, values: readonly unknown[], name: string | undefined, types: pg.CustomTypesConfig }

type Callback = (error: Error | null, result: pg.QueryResult) => void

const Query = pg.Query as unknown as new (config: object, values: undefined, callback: Callback) => QueryInternals

/**
 * One query with its preludes in one flush under one Sync, which PostgreSQL runs as one implicit transaction
 * (PostgreSQL documentation, "Pipelining" in the extended query protocol): no round trip is added, and a failing
 * prelude fails the query.
 */
export class ScopedQuery extends Query {
  readonly #preludes: readonly Prelude[]
  #answered = 0

  constructor (preludes: readonly Prelude[], { text, values, name, types }: QueryConfig, callback: Callback) {
    super({ text, values, name, types, queryMode: 'extended' }, undefined, callback)
    this.#preludes = preludes
  }

  // The simple protocol of a value-less query would drop the preludes.
  requiresPreparation (): boolean {
    return true
  }

  override prepare (connection: Connection): void {
    for (const { text, values, name = '' } of this.#preludes) {
      if (connection.parsedStatements[name] !== text) {
        this.#makeRoom(connection, name)
        connection.parse({ text, name, types: [] })
      }
      connection.bind({ portal: '', statement: name, values, valueMapper: (value) => value })
      connection.execute({ portal: '', rows: 0 })
    }
    if (!this.hasBeenParsed(connection)) this.#makeRoom(connection, this.name)
    super.prepare(connection)
  }

  override handleDataRow (message: unknown): void {
    if (this.#isAnswered()) super.handleDataRow(message)
  }

  override handleCommandComplete (message: unknown, connection: Connection): void {
    if (this.#isAnswered()) return super.handleCommandComplete(message, connection)
    const { name, text } = this.#preludes[this.#answered++]!
    if (name !== undefined) connection.parsedStatements[name] = text
  }

  /**
   * An error leaves open which of the names the server has (pg takes the first ParseComplete, a prelude's, for the
   * query's own): all are parsed anew when they are next used.
   */
  override handleError (error: Error, connection: Connection): void {
    for (const { name = '' } of [this, ...this.#preludes]) {
      delete connection.parsedStatements[name]
      delete connection.submittedNamedStatements[name]
    }
    super.handleError(error, connection)
  }

  /** Parsing a name that is taken is an error; closing one that is free is none. */
  #makeRoom (connection: Connection, name: string | undefined): void {
    if (name) connection.close({ type: 'S', name })
  }

  /** Whether every prelude has been answered, so that what comes next belongs to the query itself. */
  #isAnswered (): boolean {
    return this.#answered === this.#preludes.length
  }
}
