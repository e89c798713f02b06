import { type KeyObject, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'

const lifetimeSeconds = 60
const renewAtSeconds = 30

/** Gives the token by which auth knows the web app; a new one is signed once the last has half its life behind it. */
export function serviceTokens (privateKey: KeyObject, now: () => Date): () => Promise<string> {
  let last: { token: Promise<string>, issuedAt: number } | undefined
  return () => {
    const issuedAt = Math.floor(now().getTime() / 1000)
    if (last && issuedAt >= last.issuedAt && issuedAt - last.issuedAt < renewAtSeconds) return last.token
    const token = new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', typ: 'service+jwt', kid: 'web' })
      .setIssuer('web')
      .setSubject('web')
      .setAudience('daymark-auth')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .setJti(randomUUID())
      .sign(privateKey)
    last = { token, issuedAt }
    return token
  }
}
