import { keysUnavailable, notSignedIn } from '@daymark/kit/problem'
import { createRemoteJWKSet, customFetch, errors, exportSPKI, type FetchImplementation } from 'jose'

const second = 1000

/** The longest a key verifies without having been seen in the set again: auth may be away that long. */
const trustedFor = 24 * 60 * 60 * second
const coolDown = 30 * second
const firstCoolDown = 1 * second

/**
 * Looks public keys up in the set at `url`, and gives each as PEM, the same text each time. jose caches the set, fetches
 * it once however many ask, and waits 30 s between fetches; a fetch that failed counts as one.
 * @throws {Problem} notSignedIn for a kid the set has not, keysUnavailable while that cannot be told
 */
export function remoteKeys (url: string, now: () => number = Date.now): (kid: string) => Promise<string> {
  const jwks = createRemoteJWKSet(new URL(url), { timeoutDuration: 5 * second, cooldownDuration: coolDown, cacheMaxAge: 10 * 60 * second, [customFetch]: fetchCapped })
  const pems = new Map<string, { pem: string, seenAt: number }>()
  let failedAt = -Infinity

  async function lookUp (kid: string): Promise<string> {
    if (now() - failedAt < (pems.size > 0 ? coolDown : firstCoolDown)) throw keysUnavailable()
    try {
      const pem = await exportSPKI(await jwks({ alg: 'EdDSA', kid }))
      pems.set(kid, { pem, seenAt: now() })
      return pem
    } catch (cause) {
      // A set without keys, or with two of one id, is a fault of the set; in a good one, a kid that is missing is none of ours.
      if (cause instanceof errors.JWKSNoMatchingKey && (jwks.jwks()?.keys.length ?? 0) > 0) {
        throw notSignedIn({ cause, detail: 'The token is not valid.' })
      }
      failedAt = now()
      throw keysUnavailable({ cause })
    }
  }

  return async (kid) => {
    const known = pems.get(kid)
    return known && now() - known.seenAt < trustedFor ? known.pem : await lookUp(kid)
  }
}

const largestSet = 64 * 1024

/** Reads no more than a set of keys can reasonably be (SEC-66). */
const fetchCapped: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > largestSet) throw new Error('The set of keys is too large')
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks), { status: response.status, headers: response.headers })
}
