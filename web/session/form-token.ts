import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

const saltBytes = 16

export interface FormTokens {
  /** A token for forms shown to this session (or, before there is one, to this browser); another one each time, so that compression tells nothing. */
  issue: (boundTo: string) => string
  /** True for a token issued to the same session under any key. */
  accepts: (token: string, boundTo: string) => boolean
}

/** Makes and checks the token that every form carries, by keys derived from those of the session cookie. */
export function formTokens (sessionKeys: readonly Buffer[]): FormTokens {
  const keys = sessionKeys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'daymark form token', 32)))
  const mac = (key: Buffer, salt: Buffer, boundTo: string) => createHmac('sha256', key).update(salt).update(boundTo).digest()
  return {
    issue (boundTo) {
      const [key] = keys
      if (!key) throw new Error('There is no key for form tokens')
      const salt = randomBytes(saltBytes)
      return Buffer.concat([salt, mac(key, salt, boundTo)]).toString('base64url')
    },
    accepts (token, boundTo) {
      const bytes = Buffer.from(token, 'base64url')
      if (bytes.length !== saltBytes + 32) return false
      const salt = bytes.subarray(0, saltBytes)
      return keys.some((key) => timingSafeEqual(mac(key, salt, boundTo), bytes.subarray(saltBytes)))
    },
  }
}
