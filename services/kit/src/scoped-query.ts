import type pg from 'pg'
// @ts-expect-error its types leave it out
import pgUtils from 'pg/lib/utils'
import { serialize } from 'pg-protocol/dist/serializer'

/** With a `name` it is parsed once per connection. */
export interface Statement { readonly text: string, readonly values: readonly unknown[], readonly name?: string | undefined }

/** A statement sent ahead of a query, under the same Sync. */
export type Prelude = Statement

export interface QueryConfig extends Statement { readonly types: pg.CustomTypesConfig }

export interface QueryResult { command: string, rowCount: number, fields: Shape['fields'], rows: Array<Record<string, unknown>> }

/** What the rows of a statement are made of, and how the text of each column is read. */
interface Shape {
  readonly fields: ReadonlyArray<{ name: string, dataTypeId: number }>
  readonly parsers: ReadonlyArray<(text: string) => unknown>
}

/** The named statements that the server of a connection is known to have, and the shape of those that were run. */
type Statements = Map<string, { text: string, shape?: Shape }>
const statementsOf = new WeakMap<Connection, Statements>()

/** What of pg's connection is needed here. */
interface Connection {
  stream: { writable: boolean, write (bytes: Buffer): void }
  sendCopyFail (message: string): void
}

type Callback = (error: Error | null, result: QueryResult) => void

const noShape: Shape = { fields: [], parsers: [] }
const execute = serialize.execute()
const executeAndSync = Buffer.concat([execute, serialize.sync()])
const describeExecuteAndSync = Buffer.concat([serialize.describe({ type: 'P', name: '' }), executeAndSync])

/**
 * One query with its preludes, written at once under one Sync, which PostgreSQL runs as one implicit transaction
 * (PostgreSQL documentation, "Pipelining" in the extended query protocol): no round trip is added, and a failing
 * prelude fails the query. pg's client runs it in place of its own query.
 *
 * What a named statement returns is asked for once per connection: on one server it cannot change while the name stands for it
 * (PostgreSQL: "cached plan must not change result type"). A pooler may move us to one that parsed the text after a migration:
 * another number of columns is an error and described anew, another type is read as before until the connection ends.
 */
export class ScopedQuery {
  /** Called once; the client puts its own around it, for its deadline. */
  callback: Callback
  readonly #preludes: readonly Prelude[]
  readonly #config: QueryConfig
  readonly #rows: QueryResult['rows'] = []
  #known: Statements = new Map()
  #shape: Shape | undefined
  #completed = 0
  #tag = ''
  #unreadable: Error | undefined

  constructor (preludes: readonly Prelude[], config: QueryConfig, callback: Callback) {
    this.#preludes = preludes
    this.#config = config
    this.callback = callback
  }

  /** Sends everything. @returns an error where nothing was sent: for a value that cannot be, or a name that stands for another text */
  submit (connection: Connection): Error | null {
    let known = statementsOf.get(connection)
    if (!known) statementsOf.set(connection, known = new Map())
    this.#known = known
    const { name, text } = this.#config
    const statement = name === undefined ? undefined : known.get(name)
    if (statement && statement.text !== text) return new Error(`The name ${name} stands for another statement`)
    this.#shape = statement?.shape
    const messages: Buffer[] = []
    try {
      for (const prelude of this.#preludes) {
        this.#bind(prelude, messages)
        messages.push(execute)
      }
      this.#bind(this.#config, messages)
    } catch (error) {
      return error as Error
    }
    messages.push(this.#shape ? executeAndSync : describeExecuteAndSync)
    if (connection.stream.writable) connection.stream.write(Buffer.concat(messages))
    return null
  }

  #bind ({ name = '', text, values }: Statement, messages: Buffer[]): void {
    if (name === '' || this.#known.get(name)?.text !== text) {
      // Parsing a name that is taken is an error; closing one that is free is none.
      if (name !== '') messages.push(serialize.close({ type: 'S', name }))
      messages.push(serialize.parse({ text, name }))
    }
    messages.push(serialize.bind({ statement: name, values: values as unknown[], valueMapper: toWire }))
  }

  handleRowDescription ({ fields }: { fields: Array<{ name: string, dataTypeID: number }> }): void {
    const { types } = this.#config
    this.#shape = {
      fields: fields.map(({ name, dataTypeID: dataTypeId }) => ({ name, dataTypeId })),
      parsers: fields.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown),
    }
  }

  handleDataRow ({ fields: texts }: { fields: Array<string | null> }): void {
    if (this.#completed < this.#preludes.length || this.#unreadable) return
    const { fields, parsers } = this.#shape ?? noShape
    try {
      if (texts.length !== fields.length) throw new Error('The statement gives other columns than it was described with')
      const row: Record<string, unknown> = {}
      for (let place = 0; place < texts.length; place++) {
        const text = texts[place]!
        row[fields[place]!.name] = text === null ? null : parsers[place]!(text)
      }
      this.#rows.push(row)
    } catch (error) {
      this.#unreadable = error as Error
    }
  }

  handleCommandComplete ({ text: tag }: { text: string }): void {
    const prelude = this.#preludes[this.#completed++]
    if (prelude) {
      if (prelude.name !== undefined && this.#known.get(prelude.name)?.text !== prelude.text) this.#known.set(prelude.name, { text: prelude.text })
      return
    }
    this.#tag = tag
    const { name, text } = this.#config
    this.#shape ??= noShape
    if (name !== undefined && this.#known.get(name)?.shape !== this.#shape) this.#known.set(name, { text, shape: this.#shape })
  }

  /** An error leaves open which of the names the server has: all are parsed anew when they are next used. */
  handleError (error: Error): void {
    for (const { name } of [this.#config, ...this.#preludes]) if (name !== undefined) this.#known.delete(name)
    this.callback(error, undefined as never)
  }

  handleReadyForQuery (): void {
    if (this.#unreadable) return this.handleError(this.#unreadable)
    const [command = '', ...counts] = this.#tag.split(' ') // `SELECT 5`, `INSERT 0 5`, `COMMIT`
    this.callback(null, { command, rowCount: Number(counts.at(-1)) || 0, fields: (this.#shape ?? noShape).fields, rows: this.#rows })
  }

  handleEmptyQuery (): void {}

  handleCopyInResponse (connection: Connection): void {
    connection.sendCopyFail('Nothing is copied')
  }

  handleCopyData (): void {}
}

/** A value as it is sent: text, bytes, or null. */
const { prepareValue } = pgUtils as { prepareValue (value: unknown): string | Buffer | null }
const toWire = (value: unknown) => prepareValue(value)
