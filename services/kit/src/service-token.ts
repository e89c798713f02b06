import { createPrivateKey, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'

const lifeSeconds = 60
const renewAfterSeconds = 30

/**
 * Makes the tokens by which a service proves itself to another: Ed25519 JWTs of 60 seconds, for one audience. The token
 * is made anew when half its life has passed.
 * @param privateKey PKCS#8 DER, base64url
 */
export function serviceTokens ({ name, audience, privateKey }: { name: string, audience: string, privateKey: string }): () => Promise<string> {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64url'), format: 'der', type: 'pkcs8' })
  let token = Promise.resolve('')
  let madeAt = -Infinity
  return () => {
    const now = Math.floor(Date.now() / 1000)
    if (now - madeAt >= renewAfterSeconds || now < madeAt) {
      madeAt = now
      token = new SignJWT({ iss: name, sub: name, aud: audience, iat: now, exp: now + lifeSeconds, jti: randomUUID() })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'service+jwt', kid: name }).sign(key)
    }
    return token
  }
}
