import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { bootstrap, grantDatabase } from '../bootstrap.ts'
import { passwordVariables, type Role } from '../config.ts'
import { connect, withConnection, type DatabaseAddress } from '../connection.ts'

interface Teardown { teardown: (work: () => unknown) => void }

function required (name: string) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests by "npm test"`)
  return value
}

export const ca = process.env['TEST_DATABASE_CA_FILE'] ? readFileSync(process.env['TEST_DATABASE_CA_FILE'], 'utf8') : undefined
export const adminUrl = required('TEST_DATABASE_ADMIN_URL')
export const caFile = process.env['TEST_DATABASE_CA_FILE'] ?? ''

/** Roles belong to the whole server, which test files share: their passwords must stay what they are. */
export const password = required('TEST_DATABASE_PASSWORD')
export const passwords = Object.fromEntries(Object.keys(passwordVariables).map((role) => [role, password])) as Record<Role, string>

export function urlFor (role: string, database: string, secret = password) {
  const url = new URL(adminUrl)
  url.username = role
  url.password = secret
  url.pathname = `/${database}`
  return url.href
}

export const addressOf = (role: string, database: string): DatabaseAddress => ({ url: urlFor(role, database), ca })

function adminOf (database: string): DatabaseAddress {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return { url: url.href, ca }
}

function dropLater (t: Teardown, name: string) {
  t.teardown(() => withConnection({ url: adminUrl, ca }, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)))
}

export const newName = () => `test_${randomBytes(8).toString('hex')}`

/** An empty database as bootstrap makes it, dropped when the test ends. */
export async function createEmptyDatabase (t: Teardown): Promise<string> {
  const name = newName()
  dropLater(t, name)
  await bootstrap({ adminUrl, ca, database: name, passwords })
  return name
}

/** A copy of the migrated template, dropped when the test ends, and a superuser's connection to it. */
export async function createMigratedDatabase (t: Teardown): Promise<{ name: string, admin: pg.Client }> {
  const name = newName()
  dropLater(t, name)
  await withConnection({ url: adminUrl, ca }, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${required('TEST_DATABASE_TEMPLATE')} OWNER daymark_owner`)
    await grantDatabase(client, name)
  })
  const admin = await connect(adminOf(name))
  t.teardown(() => admin.end())
  return { name, admin }
}
