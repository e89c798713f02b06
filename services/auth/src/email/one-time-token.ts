import { createHash, randomBytes } from 'node:crypto'

/** A new token for a mailed link: 256 random bits. The database keeps the hash alone (SEC-17). */
export function makeOneTimeToken (): { token: string, hash: Buffer } {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: hashOneTimeToken(token) }
}

export const hashOneTimeToken = (token: string): Buffer => createHash('sha256').update(token).digest()
