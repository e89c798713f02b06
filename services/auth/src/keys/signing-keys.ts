import { notSignedIn } from '@daymark/kit/problem'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Jwks } from '../../contracts.ts'
import { advanceKeys, isChangeDue, jwksMaxAgeSeconds, type KeyDeps, keyTimes, signingKeyPurpose } from './change-keys.ts'
import { listSigningKeys, type StoredKey } from './queries.ts'

/** The key that signs, as an instance holds it. */
export interface ActiveKey { kid: string, privateKeyPem: string }

/** All keys as they were at one moment. */
interface KeySet {
  /** By the monotonic clock, from before they were read. */
  readAt: number
  jwks: Jwks
  etag: string
  active: StoredKey
  publicPems: ReadonlyMap<string, string>
}

const second = 1000
/** A set this old is used no more. */
const oldest = 1 * second
/** From this age on it is renewed in the background, so that on a busy instance nobody waits. */
const renewedFrom = oldest / 2

/**
 * The keys of this instance. They are read again when a request needs one and what is known is older than a second: by
 * that, instances agree within a second, and a database that nobody asks for anything can sleep. Whatever is due by the
 * schedule is done on such an occasion, by the database's clock.
 */
export class SigningKeys {
  readonly #deps: KeyDeps
  readonly #log: FastifyBaseLogger
  #keys: KeySet
  #reading: Promise<KeySet> | undefined
  #privatePem: ActiveKey | undefined

  private constructor (deps: KeyDeps, log: FastifyBaseLogger, keys: KeySet) {
    this.#deps = deps
    this.#log = log
    this.#keys = keys
  }

  /**
   * Reads the keys, making the first ones.
   * @throws {SealingKeyError} where this process cannot open the one that signs
   */
  static async load (deps: KeyDeps, log: FastifyBaseLogger): Promise<SigningKeys> {
    const keys = new SigningKeys(deps, log, await readKeys(deps, log))
    try {
      await keys.active()
    } catch (cause) {
      throw new SealingKeyError({ cause })
    }
    return keys
  }

  /** The key that signs now. @throws {Problem} sealingKeyUnknown where another instance sealed it under a key this one has not */
  async active (): Promise<ActiveKey> {
    const { active: { kid, sealed_private_key: sealed } } = await this.#recent()
    if (this.#privatePem?.kid !== kid) {
      const privateKey = createPrivateKey({ key: this.#deps.sealer.open(sealed, signingKeyPurpose(kid)), format: 'der', type: 'pkcs8' })
      this.#privatePem = { kid, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    }
    return this.#privatePem
  }

  /**
   * The public halves as they are at this moment. While the database is out of reach, as they were, for as long as
   * anybody may keep the answer: so a key is never signing before it was in every answer still in use.
   */
  async published (): Promise<Pick<KeySet, 'jwks' | 'etag'>> {
    try {
      return await this.#fresh()
    } catch (err) {
      if (performance.now() - this.#keys.readAt > jwksMaxAgeSeconds(this.#deps.config) * second) throw err
      this.#log.warn({ err }, 'the signing keys could not be read: those of before are published')
      return this.#keys
    }
  }

  /** The public half as PEM. @throws {Problem} notSignedIn for a kid that is not ours, or not any more */
  async publicKeyOf (kid: string): Promise<string> {
    const pem = (await this.#recent()).publicPems.get(kid) ?? (await this.#fresh()).publicPems.get(kid)
    if (pem === undefined) throw notSignedIn({ detail: 'The token is not valid.' })
    return pem
  }

  #recent (): KeySet | Promise<KeySet> {
    const age = performance.now() - this.#keys.readAt
    if (age > oldest) return this.#read()
    if (age > renewedFrom) this.#read().catch((err: unknown) => { this.#log.warn({ err }, 'the signing keys could not be read') })
    return this.#keys
  }

  /** Read at a moment after this call. */
  async #fresh (): Promise<KeySet> {
    await this.#reading?.catch(() => {})
    return await this.#read()
  }

  #read (): Promise<KeySet> {
    this.#reading ??= readKeys(this.#deps, this.#log)
      .then((keys) => { this.#keys = keys; return keys })
      .finally(() => { this.#reading = undefined })
    return this.#reading
  }
}

async function readKeys (deps: KeyDeps, log: FastifyBaseLogger): Promise<KeySet> {
  const read = async () => ({ readAt: performance.now(), rows: await listSigningKeys(deps.pool, keyTimes(deps.config)) })
  let { readAt, rows } = await read()
  if (isChangeDue(rows)) {
    await advanceKeys(deps).catch((err: unknown) => {
      if (!rows.some(({ state }) => state === 'active')) throw err
      log.error({ err }, 'the signing keys could not be changed: those of before go on')
    })
    ;({ readAt, rows } = await read())
  }
  const active = rows.find(({ state }) => state === 'active')
  if (!active) throw new Error('There is no active signing key')
  const jwks = { keys: rows.map(({ public_jwk: jwk }) => jwk) }
  return {
    readAt,
    active,
    jwks,
    etag: `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`,
    publicPems: new Map(jwks.keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()])),
  }
}

/** The key-encryption keys of this process are not those of its database. */
export class SealingKeyError extends Error {
  constructor (options: ErrorOptions) {
    super('KEY_ENCRYPTION_KEYS do not open the signing key in this database: give the key it was sealed with', options)
    this.name = 'SealingKeyError'
  }
}
