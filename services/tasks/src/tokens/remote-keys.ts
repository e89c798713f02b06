import { keysUnavailable, notSignedIn } from '@daymark/kit/problem'
import type { FastifyBaseLogger } from 'fastify'
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, exportSPKI, type FetchImplementation, type JSONWebKeySet } from 'jose'

const second = 1000

/** The longest a key verifies without having been seen in the set again: auth may be away that long. */
const trustedFor = 24 * 60 * 60 * second
/** How long auth lets a set be kept. */
const refreshedAfter = 5 * 60 * second
/** Between two fetches for the sake of unknown keys, or after one that failed. */
const coolDown = 30 * second
/** The same, while there is no key at all or a withdrawal is not followed yet. */
const shortCoolDown = 1 * second

export interface RemoteKeysOptions {
  url: string
  log: Pick<FastifyBaseLogger, 'warn'>
  /** Milliseconds of a clock that nobody sets. */
  now?: () => number
}

/**
 * The public keys in the set at `url`, each as PEM, the same text each time. A known key never waits for auth: the set is
 * fetched again in the background. An unknown one may cause a fetch, once in 30 seconds however many ask (SEC-66). What
 * the last set does not have is not known.
 */
export class RemoteKeys {
  readonly #set: ReturnType<typeof createRemoteJWKSet>
  readonly #log: RemoteKeysOptions['log']
  readonly #now: () => number
  #pems: ReadonlyMap<string, string> = new Map()
  #fetchedAt = -Infinity
  #failedAt = -Infinity
  #fetching: Promise<void> | undefined
  /** Withdrawals told, and how many of them the set in use is younger than. */
  #told = 0
  #followed = 0

  constructor ({ url, log, now = () => performance.now() }: RemoteKeysOptions) {
    // `no-cache`: after a withdrawal a cache on the way would still have the set of before.
    this.#set = createRemoteJWKSet(new URL(url), { timeoutDuration: 5 * second, headers: { 'cache-control': 'no-cache' }, [customFetch]: fetchCapped })
    this.#log = log
    this.#now = now
  }

  /** @throws {Problem} notSignedIn for a kid the set has not, keysUnavailable while that cannot be told */
  async publicKeyOf (kid: string): Promise<string> {
    const pem = this.#pems.get(kid)
    if (pem === undefined || this.#now() - this.#fetchedAt >= trustedFor) return await this.#lookUp(kid)
    if (this.#isOld() && !this.#isCoolingDown(this.#failedAt)) this.#fetch().catch(() => {}) // told already
    return pem
  }

  /** Fetches the set anew, whatever was fetched just now: another key signs from here on, perhaps one nobody has seen. */
  withdraw (kid: string): void {
    this.#told++
    this.#pems = new Map([...this.#pems].filter(([known]) => known !== kid))
    const fetchAnew = () => { this.#fetch().catch(() => {}) } // told already; the next request tries again
    if (this.#fetching) this.#fetching.then(fetchAnew, fetchAnew) // that one may have been answered before
    else fetchAnew()
  }

  async #lookUp (kid: string): Promise<string> {
    if (this.#fetching || !this.#isCoolingDown(Math.max(this.#fetchedAt, this.#failedAt))) await this.#fetch()
    else if (this.#failedAt > this.#fetchedAt) throw keysUnavailable()
    const pem = this.#pems.get(kid)
    if (pem === undefined) throw notSignedIn({ detail: 'The token is not valid.' })
    return pem
  }

  #isOld (): boolean {
    return this.#followed < this.#told || this.#now() - this.#fetchedAt >= refreshedAfter
  }

  #isCoolingDown (since: number): boolean {
    return this.#now() - since < (this.#fetchedAt === -Infinity || this.#followed < this.#told ? shortCoolDown : coolDown)
  }

  #fetch (): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => { this.#fetching = undefined })
    return this.#fetching
  }

  async #fetchOnce (): Promise<void> {
    const told = this.#told
    try {
      await this.#set.reload()
      this.#pems = await readSet(this.#set.jwks() ?? { keys: [] })
      this.#fetchedAt = this.#now()
      this.#followed = told
    } catch (cause) {
      this.#failedAt = this.#now()
      this.#log.warn({ err: cause }, 'the keys of auth could not be fetched')
      throw keysUnavailable({ cause })
    }
  }
}

/**
 * A set without keys of ours, with two of one id, with a secret in it or with half a key, is a fault of the set, and none of it
 * is used (SEC-54). What is for another use is not ours.
 */
async function readSet (set: JSONWebKeySet): Promise<ReadonlyMap<string, string>> {
  const kids = set.keys.flatMap(({ kid }) => kid ?? [])
  if (new Set(kids).size < kids.length) throw new Error('The set has two keys of one id')
  if (set.keys.some((key) => key.kty === 'oct' || 'k' in key)) throw new Error('The set has a symmetric key')
  const choose = createLocalJWKSet(set)
  const pems = new Map<string, string>()
  for (const { kid } of set.keys) {
    if (kid === undefined) continue
    const key = await choose({ alg: 'EdDSA', kid }).catch((error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    })
    if (key) pems.set(kid, await exportSPKI(key))
  }
  if (pems.size === 0) throw new Error('The set has no key that access tokens are signed with')
  return pems
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
