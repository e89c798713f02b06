import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { connectionOptions } from './database.ts'

/** The part of tap's test that a resource needs to end with it. */
export interface Teardown { teardown: (end: () => unknown) => void }

export type Role = 'daymark_owner' | 'auth_service' | 'tasks_service' | 'daymark_probe'

export interface TestDatabase {
  name: string
  caFile: string | undefined
  /** Its URL for a role, direct, or through `port`. */
  urlFor: (role: Role, port?: number) => string
  /** One statement as a superuser, who sees every row: for arranging and for looking, never for the code under test. */
  asSuperuser: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>
  /** A statement whose transaction, and with it the locks it took, lasts until it is let go. */
  hold: (text: string, values?: unknown[]) => Promise<() => Promise<void>>
  /** What a service's configuration says of it. */
  settings: (role: Role, port?: number) => { DATABASE_URL: string, DATABASE_CA_FILE: string | undefined, ALLOW_PLAINTEXT_DATABASE: string }
}

/**
 * A private copy of the migrated template database, dropped when the test file ends. `npm test` has started the server
 * and says in the environment where it is.
 */
export async function createTestDatabase (t: Teardown): Promise<TestDatabase> {
  const { TEST_DATABASE_ADMIN_URL: adminUrl, TEST_DATABASE_CA_FILE: caFile, TEST_DATABASE_TEMPLATE: template, TEST_DATABASE_PASSWORD: password } = process.env
  if (adminUrl === undefined || template === undefined || password === undefined) throw new Error('Run the tests by npm test, which starts their database')
  const name = `test_${randomUUID().replaceAll('-', '')}`

  const address = (user: string, secret: string, database: string, port?: number) => {
    const url = new URL(adminUrl)
    Object.assign(url, { username: user, password: secret, pathname: `/${database}`, ...port !== undefined && { port } })
    return url.href
  }
  const admin = new URL(adminUrl)
  const open = (database: string) => {
    const pool = new pg.Pool({ ...connectionOptions({ DATABASE_URL: address(admin.username, admin.password, database), DATABASE_CA_FILE: caFile }), max: 4 })
    // Dropping the database ends what is still closing.
    return pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  }

  const server = open(admin.pathname.slice(1))
  await server.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER daymark_owner`)
  const inside = open(name)
  t.teardown(async () => {
    await inside.end()
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await server.end()
  })

  const urlFor = (role: Role, port?: number) => address(role, password, name, port)
  return {
    name,
    caFile,
    urlFor,
    asSuperuser: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) => (await inside.query<R>(text, values)).rows,
    async hold (text, values = []) {
      const client = await inside.connect()
      await client.query('BEGIN')
      await client.query(text, values)
      return async () => {
        await client.query('COMMIT')
        client.release()
      }
    },
    settings: (role, port) => ({ DATABASE_URL: urlFor(role, port), DATABASE_CA_FILE: caFile, ALLOW_PLAINTEXT_DATABASE: String(admin.searchParams.get('sslmode') !== 'verify-full') }),
  }
}
