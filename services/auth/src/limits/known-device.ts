import { randomUUID } from 'node:crypto'
import type { CommonQueryMethods } from 'slonik'
import type { Sealer } from '../keys/sealer.ts'
import { knowsDevicesOf } from './queries.ts'

/**
 * A device on which an account was logged into before. Its token is sealed and bound to the account, so that nobody can
 * make one; with it a device has a count of failures of its own, and strangers cannot lock its owner out (SEC-33). It is of
 * the `epoch` that was read or set together with the password it was got by.
 */
export function newDeviceToken (sealer: Sealer, emailKey: string, epoch: string): string {
  return sealer.seal(Buffer.from(`${randomUUID()} ${epoch}`), purposeOf(emailKey))
}

/**
 * The id of the device, where the token was made for this account and its password is still the same: whoever may have
 * known the one before is a stranger again.
 */
export async function readDeviceToken (db: CommonQueryMethods, sealer: Sealer, emailKey: string, token: string | undefined): Promise<string | undefined> {
  if (token === undefined) return undefined
  let opened: string
  try {
    opened = sealer.open(token, purposeOf(emailKey)).toString()
  } catch {
    return undefined
  }
  const [, id, device_epoch] = /^([0-9a-f-]{36}) ([0-9a-f-]{36})$/.exec(opened) ?? []
  return device_epoch !== undefined && await knowsDevicesOf(db, { email_key: emailKey, device_epoch }) ? id : undefined
}

const purposeOf = (emailKey: string) => `device:${emailKey}`
