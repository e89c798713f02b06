import { createDriverFactory, type DriverFactory, type DriverQueryResult } from '@slonik/driver'
import { Type } from '@sinclair/typebox'
import pg from 'pg'
import {
  BackendTerminatedError, CheckIntegrityConstraintViolationError, ForeignKeyIntegrityConstraintViolationError,
  InvalidInputError, NotNullIntegrityConstraintViolationError, sql, StatementTimeoutError,
  UniqueIntegrityConstraintViolationError,
} from 'slonik'
import { onceEach } from './once-each.ts'
import { row } from './row.ts'
import { currentScope, type Scope } from './scope.ts'
import { type Prelude, ScopedQuery } from './scoped-query.ts'

export interface ScopedDriverOptions {
  connection: pg.ClientConfig
  /** Locks the row of the user whose id is $1, so that the writers of one tenant queue. */
  lockStatement?: string
  /** Whether named statements outlive a transaction: no pooler, or PgBouncer 1.21 and later. */
  namedStatements: boolean
}

/** Asked when a connection is given back: fails inside a transaction, and else does nothing. It never reaches the database. */
export const beforeRelease = sql.type(row(Type.Object({})))`daymark: before release`

/** As PostgreSQL last told it: idle, in a transaction, in a failed one; null before the first answer. */
interface TransactionStatus { getTransactionStatus (): 'I' | 'T' | 'E' | null }

const transactionControl = new Set(['start', 'begin', 'commit', 'rollback', 'savepoint', 'release', 'end', 'abort'])

/** What kind of statement it is: its first word, behind blanks and comments. */
const firstWords = onceEach((text: string) => /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(\w*)/.exec(text)?.[1]?.toLowerCase() ?? '', 1000)
const firstWord = (text: string) => firstWords(text, text)

const setScope = "SELECT set_config('app.user_id', $1, true)"

/**
 * A Slonik driver that sends the scope of the running request ({@link currentScope}) ahead of each statement, at no
 * round trip (specs/decisions: scoped driver). Statements of an explicit transaction get it once, after START.
 */
export function createScopedDriver ({ connection, lockStatement, namedStatements }: ScopedDriverOptions): DriverFactory {
  const [scopeName, lockName] = namedStatements ? ['daymark_scope', 'daymark_lock'] : []
  const preludesOf = ({ userId, lock }: Scope): Prelude[] => {
    const values = [userId]
    const scope = { text: setScope, values, name: scopeName }
    if (!lock) return [scope]
    if (lockStatement === undefined) throw new Error('This database has no tenant to lock')
    return [scope, { text: lockStatement, values, name: lockName }]
  }

  return createDriverFactory(async () => ({
    createPoolClient: async ({ clientEventEmitter }) => {
      const client = new pg.Client({ ...connection, types }) as pg.Client & TransactionStatus
      const report = (error: Error) => clientEventEmitter.emit('error', toSlonikError(error))
      client.on('error', report)
      client.on('notice', ({ message }) => message !== undefined && clientEventEmitter.emit('notice', { message }))

      /** The scope the open transaction was started in. */
      let transactionScope: Scope | undefined

      const run = (preludes: readonly Prelude[], text: string, values: readonly unknown[], name?: string) =>
        new Promise<DriverQueryResult>((resolve, reject) => {
          client.query(new ScopedQuery(preludes, { text, values, name, types }, (error, result) => {
            if (error) reject(error)
            else resolve(result as unknown as DriverQueryResult)
          }) as unknown as pg.Submittable)
        })

      async function control (word: string, text: string, values: readonly unknown[]) {
        const scope = currentScope()
        const isStart = word === 'start' || word === 'begin'
        const result = await run([], isStart && scope?.isFrozen ? `${text} ISOLATION LEVEL REPEATABLE READ READ ONLY` : text, values)
        if (isStart) {
          transactionScope = scope
          for (const prelude of scope ? preludesOf(scope) : []) await run([], prelude.text, prelude.values)
        }
        return result
      }

      function inTransaction (scope: Scope | undefined): Prelude[] {
        if (scope?.userId === transactionScope?.userId && scope?.lock === transactionScope?.lock) return []
        throw new InvalidInputError('The scope changed inside a transaction')
      }

      /** Sends one statement, its scope ahead of it where no transaction has it. */
      function send (text: string, values: readonly unknown[], name?: string): Promise<DriverQueryResult> {
        const word = firstWord(text)
        if (transactionControl.has(word)) return control(word, text, values)
        if (word === 'copy') throw new InvalidInputError('COPY cannot be scoped')
        const scope = currentScope()
        const preludes = client.getTransactionStatus() === 'T' ? inTransaction(scope) : scope ? preludesOf(scope) : []
        return run(preludes, text, values, name)
      }

      return {
        connect: async () => { await client.connect() },
        end: async () => {
          await client.end()
          client.removeListener('error', report)
        },
        query: async (text, values = [], options = {}) => {
          if (text === beforeRelease.sql) {
            if (client.getTransactionStatus() !== 'I') throw new Error('A connection was released inside a transaction')
            return nothing
          }
          // Asked before the attempt: an error comes ahead of the status it leads to.
          const isAlone = client.getTransactionStatus() === 'I'
          try {
            return await send(text, values, namedStatements ? options.name : undefined)
          } catch (error) {
            if (!namedStatements || !isAlone || !isLostStatement(error)) throw toSlonikError(error as Error)
          }
          return await send(text, values).catch((error: Error) => { throw toSlonikError(error) })
        },
        stream: () => { throw new InvalidInputError('Streams cannot be scoped; page by cursor') },
      }
    },
  }))
}

const nothing: DriverQueryResult = { command: 'SELECT', fields: [], rowCount: 0, rows: [] }

/** 26000: the pooler moved us to a server that never saw the name. 0A000: the cached plan's result type has changed. */
const isLostStatement = (error: unknown) =>
  error instanceof pg.DatabaseError && (error.code === '26000' || error.code === '0A000')

const errorByCode: Record<string, new (error: Error) => Error> = {
  23502: NotNullIntegrityConstraintViolationError,
  23503: ForeignKeyIntegrityConstraintViolationError,
  23505: UniqueIntegrityConstraintViolationError,
  23514: CheckIntegrityConstraintViolationError,
  57014: StatementTimeoutError,
  '57P01': BackendTerminatedError,
}

function toSlonikError (error: Error): Error {
  if (error.message.toLowerCase().includes('connection terminated')) return new BackendTerminatedError(error)
  const Wrapped = errorByCode[(error as pg.DatabaseError).code ?? '']
  return Wrapped ? new Wrapped(error) : error
}

const { INT8, DATE, TIMESTAMPTZ } = pg.types.builtins

/** One name and one shape from the column to the wire: instants as RFC 3339 in UTC, dates as they are, int8 as a number. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === TIMESTAMPTZ) return toInstant
    if (oid === DATE) return String
    if (oid === INT8) return Number
    return pg.types.getTypeParser(oid, format as 'text')
  }) as pg.CustomTypesConfig['getTypeParser'],
}

const toInstant = (text: string) => new Date(text).toISOString()
