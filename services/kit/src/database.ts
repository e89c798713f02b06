import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { BackendTerminatedError, BackendTerminatedUnexpectedlyError, createPool, type DatabasePool, IdleTransactionTimeoutError } from 'slonik'
import { leasedConnections } from './leased-connections.ts'
import { checkRows } from './row.ts'
import { beforeRelease, createScopedDriver } from './scoped-driver.ts'

export interface DatabaseConfig {
  DATABASE_URL: string
  DATABASE_CA_FILE?: string | undefined
  DATABASE_POOL_SIZE: number
  DATABASE_IDLE_SECONDS: number
  DATABASE_CONNECT_SECONDS: number
  DATABASE_NAMED_STATEMENTS: boolean
}

export interface OpenDatabaseOptions {
  /** Locks the row of the user whose id is $1; see asWriter. */
  lockStatement?: string
}

/**
 * Opens the pool of a service once the database answers, trying again until DATABASE_CONNECT_SECONDS have passed (a
 * serverless one may have to wake).
 * @throws the last refusal when the deadline passes; at once when the role is one that row-level security does not bind
 */
export async function openDatabase (config: DatabaseConfig, { lockStatement }: OpenDatabaseOptions = {}): Promise<DatabasePool> {
  const connection = connectionOptions(config)
  await refuseUnboundRole(connection, Date.now() + config.DATABASE_CONNECT_SECONDS * 1000)
  const pool = await createPool('postgresql://', {
    driverFactory: createScopedDriver({
      connection,
      namedStatements: config.DATABASE_NAMED_STATEMENTS,
      ...lockStatement !== undefined && { lockStatement },
    }),
    interceptors: [checkRows()],
    maximumPoolSize: config.DATABASE_POOL_SIZE,
    idleTimeout: config.DATABASE_IDLE_SECONDS * 1000,
    // Nothing to reset: scopes are local to their statement. The driver looks at the transaction status instead.
    resetConnection: ({ query }) => query(beforeRelease.sql),
    // A pooler refuses them as start-up parameters; the roles carry their own (db/bootstrap.ts).
    statementTimeout: 'DISABLE_TIMEOUT',
    idleInTransactionSessionTimeout: 'DISABLE_TIMEOUT',
  })
  return leasedConnections(pool, { size: config.DATABASE_POOL_SIZE, idleSeconds: config.DATABASE_IDLE_SECONDS })
}

/** Milliseconds. Above the server's own statement_timeout: it ends what a silent network would leave hanging. */
const queryTimeout = 7000

/** Node-postgres options for a URL that says sslmode=verify-full: the certificate is checked against the authority and the host. */
export function connectionOptions ({ DATABASE_URL, DATABASE_CA_FILE }: Pick<DatabaseConfig, 'DATABASE_URL' | 'DATABASE_CA_FILE'>): pg.ClientConfig {
  const url = new URL(DATABASE_URL)
  const isVerified = url.searchParams.get('sslmode') === 'verify-full'
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: isVerified && { rejectUnauthorized: true, ...DATABASE_CA_FILE !== undefined && { ca: readFileSync(DATABASE_CA_FILE, 'utf8') } },
    connectionTimeoutMillis: 5000,
    query_timeout: queryTimeout,
    keepAlive: true,
  }
}

/** Row-level security does not hold for a superuser, a role with BYPASSRLS or, without FORCE, an owner: none of them may serve. */
async function refuseUnboundRole (connection: pg.ClientConfig, deadline: number): Promise<void> {
  const { default: { Client } } = await import('pg')
  for (;;) {
    const client = new Client(connection)
    client.on('error', () => {}) // told by connect or query as well
    try {
      await client.connect()
      const { rows: [role] } = await client.query<{ unbound: boolean }>(`
        SELECT rolsuper OR rolbypassrls OR EXISTS (
          SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')
        ) AS unbound
        FROM pg_roles r WHERE rolname = current_user`)
      if (role?.unbound !== false) throw new UnboundRoleError()
      return
    } catch (error) {
      if (!isDatabaseAway(error) || Date.now() > deadline) throw error
      await delay(250)
    } finally {
      await client.end().catch(() => {})
    }
  }
}

/** The role of DATABASE_URL is a superuser, has BYPASSRLS or owns tables. */
export class UnboundRoleError extends Error {
  constructor () {
    super('DATABASE_URL names a role that row-level security does not bind (superuser, BYPASSRLS or table owner): use the service\'s own role, which npm run db:bootstrap makes')
    this.name = 'UnboundRoleError'
  }
}

const awayCodes = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH',
  '08000', '08001', '08003', '08004', '08006', '53300', '57P01', '57P02', '57P03', '25006',
])

const toldByPgBouncer = /^(database (removed|configuration changed|".*" is disabled)|no such database|no more connections allowed|query_wait_timeout|client_(idle|login)_timeout|(query|idle transaction) timeout)/

/** Whether an error means that the database cannot be had now, as against a fault of ours. */
export function isDatabaseAway (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof BackendTerminatedError || error instanceof BackendTerminatedUnexpectedlyError ||
    error instanceof IdleTransactionTimeoutError) return true
  if (awayCodes.has((error as NodeJS.ErrnoException).code ?? '')) return true
  // What PgBouncer says when it lets go of a client has the code of a fault in the protocol.
  if ((error as NodeJS.ErrnoException).code === '08P01' && toldByPgBouncer.test(error.message)) return true
  if (/^server conn(ection closed| crashed)|connection (terminated|timeout)|timeout expired|query read timeout|pool is being terminated|pool has ended|pgbouncer|server_login_retry/i.test(error.message)) return true
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway)
  return error.cause !== undefined && isDatabaseAway(error.cause)
}
