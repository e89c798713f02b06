import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { sealingKeyUnknown } from '../../problems.ts'

const algorithm = 'aes-256-gcm'

/**
 * Encrypts small secrets at rest under a key-encryption key: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. It
 * also vouches for what is no secret.
 */
export class Sealer {
  readonly #keys: ReadonlyMap<string, Buffer>
  readonly #sealingKeyId: string

  /** @param keys every key that may open, by id; the one named by `sealingKeyId`, else the first, seals */
  constructor (keys: ReadonlyMap<string, Buffer>, sealingKeyId = [...keys.keys()][0]) {
    if (sealingKeyId === undefined || !keys.has(sealingKeyId)) throw new Error('There is no key to seal with')
    this.#keys = keys
    this.#sealingKeyId = sealingKeyId
  }

  /** Gives text that names its key. Only `open` with the same `purpose` gives the plaintext back. */
  seal (plaintext: Buffer, purpose: string): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv(algorithm, this.#key(this.#sealingKeyId), nonce).setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    return `${this.#sealingKeyId}.${sealed.toString('base64url')}`
  }

  /** Whether the text was sealed under the key that seals now. */
  isCurrent (text: string): boolean {
    return text.startsWith(`${this.#sealingKeyId}.`)
  }

  /**
   * @throws {Problem} sealingKeyUnknown (503) where another instance sealed under a key this one has not learnt yet
   * @throws {Error} where the text was altered or sealed for another purpose
   */
  open (text: string, purpose: string): Buffer {
    const [id = '', body = ''] = text.split('.')
    const sealed = Buffer.from(body, 'base64url')
    const decipher = createDecipheriv(algorithm, this.#key(id), sealed.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(-16))
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
  }

  /** A MAC (HMAC-SHA256, by a key derived for `purpose` alone: RFC 5869), and the id of the key that it takes to check it. */
  authenticate (data: Buffer, purpose: string): { mac: Buffer, keyId: string } {
    return { mac: this.#mac(this.#key(this.#sealingKeyId), data, purpose), keyId: this.#sealingKeyId }
  }

  /** Whether a MAC is one of ours; undefined where its key is not among those this instance has. */
  isAuthentic (data: Buffer, purpose: string, { mac, keyId }: { mac: Buffer, keyId: string }): boolean | undefined {
    const key = this.#keys.get(keyId)
    if (!key) return undefined
    const expected = this.#mac(key, data, purpose)
    return mac.length === expected.length && timingSafeEqual(mac, expected)
  }

  /** Keys derived for `purpose` alone (RFC 5869), one of each key-encryption key; that of the sealing one first. */
  keysFor (purpose: string): [Buffer, ...Buffer[]] {
    const others = [...this.#keys].filter(([id]) => id !== this.#sealingKeyId)
    return [derive(this.#key(this.#sealingKeyId), purpose), ...others.map(([, key]) => derive(key, purpose))]
  }

  #mac (key: Buffer, data: Buffer, purpose: string): Buffer {
    return createHmac('sha256', derive(key, purpose)).update(data).digest()
  }

  #key (id: string): Buffer {
    const key = this.#keys.get(id)
    if (!key) throw sealingKeyUnknown()
    return key
  }
}

const derive = (key: Buffer, purpose: string) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
