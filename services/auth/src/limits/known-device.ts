import { randomBytes } from 'node:crypto'
import type { CommonQueryMethods } from 'slonik'
import type { Sealer } from '../keys/sealer.ts'
import { trustsDevicesOf } from './queries.ts'

const idBytes = 16
const timeBytes = 6

/**
 * A device on which an account was logged into before. Its token is sealed and bound to the account, so that nobody can
 * make one; with it a device has a count of failures of its own, and strangers cannot lock its owner out (SEC-33).
 */
export function newDeviceToken (sealer: Sealer, emailKey: string, now: Date): string {
  const token = Buffer.alloc(idBytes + timeBytes)
  randomBytes(idBytes).copy(token)
  token.writeUIntBE(now.getTime(), idBytes, timeBytes)
  return sealer.seal(token, purposeOf(emailKey))
}

/**
 * The id of the device, where the token was made for this account and since its password was last replaced: whoever may
 * have known the one before is a stranger again.
 */
export async function readDeviceToken (db: CommonQueryMethods, sealer: Sealer, emailKey: string, token: string | undefined): Promise<string | undefined> {
  if (token === undefined) return undefined
  let opened: Buffer
  try {
    opened = sealer.open(token, purposeOf(emailKey))
  } catch {
    return undefined
  }
  if (opened.length !== idBytes + timeBytes) return undefined
  const made = new Date(opened.readUIntBE(idBytes, timeBytes)).toISOString()
  return await trustsDevicesOf(db, { email_key: emailKey, made }) ? opened.toString('base64url', 0, idBytes) : undefined
}

const purposeOf = (emailKey: string) => `device:${emailKey}`
