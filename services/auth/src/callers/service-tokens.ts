import { createPublicKey } from 'node:crypto'
import { importSPKI, jwtVerify } from 'jose'
import { notAService } from '../../problems.ts'

const serviceTokenType = 'service+jwt'
const maxAge = '60s'

/** Gives the name of the service that made a token. @throws {Problem} notAService */
export type VerifyServiceToken = (token: string) => Promise<string>

/**
 * Verifies service tokens: Ed25519 JWTs of at most 60 seconds, of a type of their own, made for `audience`, signed by the
 * key that `kid` names (SEC-68).
 * @param keys raw Ed25519 public keys, base64url, by the service's name
 */
export async function serviceTokenVerifier (keys: ReadonlyMap<string, string>, audience: string): Promise<VerifyServiceToken> {
  const publicKeys = new Map(await Promise.all([...keys].map(async ([name, x]) => {
    const pem = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
    return [name, await importSPKI(pem, 'EdDSA')] as const
  })))
  return async (token) => {
    try {
      const { protectedHeader: { kid: name }, payload } = await jwtVerify(token, ({ kid }) => {
        const key = publicKeys.get(kid ?? '')
        if (!key) throw notAService()
        return key
      }, { algorithms: ['EdDSA'], typ: serviceTokenType, audience, maxTokenAge: maxAge, clockTolerance: 5, requiredClaims: ['iss', 'sub', 'iat', 'exp', 'jti'] })
      if (name === undefined || payload.iss !== name || payload.sub !== name) throw notAService()
      return name
    } catch (cause) {
      throw notAService({ cause })
    }
  }
}
