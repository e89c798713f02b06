import { Type } from '@sinclair/typebox'
import { randomUUID } from 'node:crypto'
import type { DatabasePool } from 'slonik'
import { openDatabase } from '../src/database.ts'
import { row } from '../src/row.ts'
import type { Teardown, TestDatabase } from '../src/test-database.ts'

export const lockStatement = 'SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE'

/** What the tests here ask of every row: whose it is. */
export const owned = row(Type.Object({ user_id: Type.String() }))
export const anything = row(Type.Object({}))

export interface PoolSettings {
  url?: string
  caFile?: string | undefined
  size?: number
  named?: boolean
  idleSeconds?: number
}

/** The pool as a service opens it, on the test's database. */
export async function openPool (t: Teardown, database: TestDatabase, { url = database.urlFor('tasks_service'), caFile = database.caFile, size = 1, named = false, idleSeconds = 60 }: PoolSettings = {}): Promise<DatabasePool> {
  const pool = await openDatabase({
    DATABASE_URL: url,
    DATABASE_CA_FILE: caFile,
    DATABASE_POOL_SIZE: size,
    DATABASE_IDLE_SECONDS: idleSeconds,
    DATABASE_CONNECT_SECONDS: 10,
    DATABASE_NAMED_STATEMENTS: named,
  }, { lockStatement })
  t.teardown(() => pool.end())
  return pool
}

/** A user with an account, an Inbox and two tasks, each titled by the user's id. */
export async function addTenant (database: TestDatabase): Promise<string> {
  const id = randomUUID()
  await database.asSuperuser('INSERT INTO auth.users (id, email, email_key, password_hash) VALUES ($1, $2, $2, $3)', [id, `${id}@example.com`, 'none'])
  await database.asSuperuser('INSERT INTO tasks.accounts (user_id) VALUES ($1)', [id])
  await database.asSuperuser("INSERT INTO tasks.lists (user_id, id, name, is_inbox) VALUES ($1, $2, 'Inbox', true)", [id, randomUUID()])
  await database.asSuperuser('INSERT INTO tasks.tasks (user_id, id, title) SELECT $1, gen_random_uuid(), $1::uuid::text FROM generate_series(1, 2)', [id])
  return id
}

export const addTenants = (database: TestDatabase, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => addTenant(database)))

/** What a promise was rejected with; fails where it was not. */
export async function refusal (promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It was not refused')
}

/** The code PostgreSQL gave to an error, which Slonik may have wrapped. */
export const codeOf = (error: unknown): string | undefined => {
  const { code, cause } = error as { code?: string, cause?: unknown }
  return code ?? (cause === undefined ? undefined : codeOf(cause))
}
