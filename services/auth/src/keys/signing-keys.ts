import { notSignedIn } from '@daymark/kit/problem'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { DatabasePool } from 'slonik'
import type { Static } from '@sinclair/typebox'
import { uuidv7 } from 'uuidv7'
import { insertActiveKey, listSigningKeys, type PublicJwk } from './queries.ts'
import type { Sealer } from './sealer.ts'

export type Jwk = Static<typeof PublicJwk>

/** The keys of this instance: one signs, all of them are published. */
export interface SigningKeys {
  readonly jwks: { keys: Jwk[] }
  /** The key that signs now. */
  readonly active: { kid: string, privateKeyPem: string }
  /** The public half as PEM. @throws {Problem} notSignedIn for a kid that is not ours */
  publicKeyOf (kid: string): Promise<string>
}

/** Loads the keys, making the very first one; their private halves are sealed at rest, bound to their id. */
export async function loadSigningKeys (pool: DatabasePool, sealer: Sealer): Promise<SigningKeys> {
  let rows = await listSigningKeys(pool)
  if (!rows.some(({ state }) => state === 'active')) {
    await insertActiveKey(pool, makeKey(sealer))
    rows = await listSigningKeys(pool)
  }
  const active = rows.find(({ state }) => state === 'active')
  if (!active) throw new Error('There is no active signing key')
  const privateKey = createPrivateKey({ key: open(sealer, active.sealed_private_key, active.id), format: 'der', type: 'pkcs8' })
  const pems = new Map(rows.map(({ id, public_jwk: jwk }) => [id, createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()]))
  return {
    jwks: { keys: rows.map(({ public_jwk: jwk }) => jwk) },
    active: { kid: active.id, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    publicKeyOf: async (kid) => {
      const pem = pems.get(kid)
      if (pem === undefined) throw notSignedIn({ detail: 'The token is not valid.' })
      return pem
    },
  }
}

function open (sealer: Sealer, sealed: string, id: string): Buffer {
  try {
    return sealer.open(sealed, purposeOf(id))
  } catch (cause) {
    throw new SealingKeyError({ cause })
  }
}

/** The key-encryption keys of this process are not those of its database. */
export class SealingKeyError extends Error {
  constructor (options: ErrorOptions) {
    super('KEY_ENCRYPTION_KEYS do not open the signing key in this database: give the key it was sealed with', options)
    this.name = 'SealingKeyError'
  }
}

function makeKey (sealer: Sealer) {
  const id = uuidv7()
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    id,
    public_jwk: { ...publicKey.export({ format: 'jwk' }), kid: id, alg: 'EdDSA', use: 'sig' },
    sealed_private_key: sealer.seal(privateKey.export({ type: 'pkcs8', format: 'der' }), purposeOf(id)),
  }
}

const purposeOf = (id: string) => `signing-key:${id}`
