import { randomBytes } from 'node:crypto'
import type { Sealer } from '../keys/sealer.ts'

/**
 * A device on which an account was logged into before. Its token is sealed and bound to the account, so that nobody can
 * make one; with it a device has a count of failures of its own, and strangers cannot lock its owner out (SEC-33).
 */
export function newDeviceToken (sealer: Sealer, emailKey: string): string {
  return sealer.seal(randomBytes(16), purposeOf(emailKey))
}

/** The id of the device, where the token was made for this account. */
export function readDeviceToken (sealer: Sealer, emailKey: string, token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  try {
    return sealer.open(token, purposeOf(emailKey)).toString('base64url')
  } catch {
    return undefined
  }
}

const purposeOf = (emailKey: string) => `device:${emailKey}`
