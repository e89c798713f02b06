import { readFileSync } from 'node:fs'
import { clientSettings, type DatabaseAddress } from './connection.ts'

export type Environment = Record<string, string | undefined>

/** The four roles of the database, and the variable that holds each one's password. */
export const passwordVariables = {
  daymark_owner: 'DAYMARK_OWNER_PASSWORD',
  auth_service: 'AUTH_SERVICE_PASSWORD',
  tasks_service: 'TASKS_SERVICE_PASSWORD',
  daymark_probe: 'DAYMARK_PROBE_PASSWORD',
} as const

export type Role = keyof typeof passwordVariables
export type Passwords = Record<Role, string>

const environments = ['development', 'staging', 'production']
const placeholder = /change.?me|placeholder|your.?password|example|^<.*>$|^(.)\1*$/i

/** Several settings were wrong; the message names each one on a line of its own. */
export class ConfigurationError extends Error {}

function collector (env: Environment) {
  const problems: string[] = []

  function address (name: string): DatabaseAddress {
    if (!environments.includes(env['DAYMARK_ENV'] ?? '')) {
      problems.push(`DAYMARK_ENV must be one of ${environments.join(', ')}`)
    }
    const plaintext = env['ALLOW_PLAINTEXT_DATABASE'] ?? 'false'
    if (plaintext !== 'true' && plaintext !== 'false') problems.push('ALLOW_PLAINTEXT_DATABASE must be true or false')
    if (plaintext === 'true' && env['DAYMARK_ENV'] !== 'development') {
      problems.push('ALLOW_PLAINTEXT_DATABASE may be true in development only')
    }

    const found: DatabaseAddress = { url: env[name] ?? '', ca: undefined, allowPlaintext: plaintext === 'true' }
    const caFile = env['DATABASE_CA_FILE']
    if (caFile) {
      try {
        found.ca = readFileSync(caFile, 'utf8')
      } catch (error) {
        problems.push(`DATABASE_CA_FILE cannot be read: ${(error as Error).message}`)
      }
    }
    if (!found.url) {
      problems.push(`${name} is missing`)
    } else if (/[<>]/.test(found.url)) {
      problems.push(`${name} holds a placeholder`)
    } else {
      try {
        clientSettings(found)
      } catch (error) {
        problems.push(`${name} ${(error as Error).message}`)
      }
    }
    return found
  }

  function password (name: string): string {
    const value = env[name] ?? ''
    if (!value) problems.push(`${name} is missing`)
    else if (placeholder.test(value)) problems.push(`${name} is a placeholder`)
    else if (Buffer.byteLength(value) < 32) problems.push(`${name} is shorter than 32 bytes`)
    return value
  }

  function settled<T> (value: T): T {
    if (problems.length > 0) throw new ConfigurationError(`The configuration is wrong:\n${problems.map((each) => `  ${each}`).join('\n')}`)
    return value
  }
  return { problems, address, password, settled }
}

/** Where migrations run: DATABASE_DIRECT_URL. Throws one error naming everything that is wrong. */
export function readOwnerAddress (env: Environment): DatabaseAddress {
  const { problems, address, settled } = collector(env)
  const found = address('DATABASE_DIRECT_URL')
  // A transaction pooler would give the advisory lock to one connection and the migration to another.
  if (/@[^/]*-pooler\./.test(found.url)) problems.push('DATABASE_DIRECT_URL names a pooler: take the host without "-pooler"')
  return settled(found)
}

/** What bootstrap needs: DATABASE_ADMIN_URL and the four passwords. Throws one error naming everything that is wrong. */
export function readAdminSettings (env: Environment): { admin: DatabaseAddress, passwords: Passwords } {
  const { address, password, settled } = collector(env)
  const admin = address('DATABASE_ADMIN_URL')
  const passwords = {
    daymark_owner: password(passwordVariables.daymark_owner),
    auth_service: password(passwordVariables.auth_service),
    tasks_service: password(passwordVariables.tasks_service),
    daymark_probe: password(passwordVariables.daymark_probe),
  }
  return settled({ admin, passwords })
}
