import { generateKeyPairSync } from 'node:crypto'
import type { CommonQueryMethods, DatabasePool } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { Config } from '../../config.ts'
import type { AuditAction } from '../../contracts.ts'
import { keyNotFound, nextKeyTooNew } from '../../problems.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { type Caller, nobody } from '../callers/caller.ts'
import { announceWithdrawn, deleteSigningKey, insertSigningKey, type KeyTimes, listSigningKeys, lockSigningKeys, setKeyState, type StoredKey } from './queries.ts'
import type { Sealer } from './sealer.ts'

export interface KeyDeps { pool: DatabasePool, sealer: Sealer, audit: AuditLog, config: Pick<Config, 'KEY_PUBLISH_SECONDS' | 'KEY_ROTATION_DAYS'> }

/** Who changes the keys: an admin, or nobody in particular. */
export interface Occasion { caller: Caller, actor_id?: string, session_id?: string }

const hour = 3600
const day = 24 * hour

/** A retired key outlives every token it signed (900 seconds at most) and the skew of clocks. */
export const keyTimes = ({ KEY_PUBLISH_SECONDS, KEY_ROTATION_DAYS }: KeyDeps['config']): KeyTimes =>
  ({ next_seconds: KEY_PUBLISH_SECONDS, active_seconds: KEY_ROTATION_DAYS * day, retired_seconds: hour })

/** How long a set of published keys may be kept: until a key signs, everybody has asked twice (SEC-63). */
export const jwksMaxAgeSeconds = ({ KEY_PUBLISH_SECONDS }: Pick<Config, 'KEY_PUBLISH_SECONDS'>): number => Math.min(300, Math.floor(KEY_PUBLISH_SECONDS / 2))

/** Whether time, or what is missing, asks for a change. */
export const isChangeDue = (keys: readonly StoredKey[]): boolean =>
  !find(keys, 'active') || !find(keys, 'next') || isRotationDue(keys) || keys.some(({ state, is_due: isDue }) => state === 'retired' && isDue)

/** Makes the changes that are due. Any number of instances may do so at once: the first does it, the others find it done (SEC-64). */
export const advanceKeys = (deps: KeyDeps): Promise<void> => inTurn(deps, (transaction) => settle(transaction, deps, { caller: nobody('schedule') }))

/**
 * Makes the next key the active one now, not when its time comes.
 * @throws {Problem} nextKeyTooNew while verifiers may not have seen it yet; so also to all but one who ask at the same time
 */
export const rotateKeys = (deps: KeyDeps, occasion: Occasion): Promise<void> => inTurn(deps, async (transaction) => {
  const next = find(await listSigningKeys(transaction, keyTimes(deps.config)), 'next')
  if (next?.is_due !== true) throw nextKeyTooNew(next && { detail: `The next key may sign from ${next.due_at} on, when every verifier has seen it.` })
  await settle(transaction, deps, occasion, { isWanted: true })
})

/**
 * Takes a key out of use at once, whatever its state: its private half is deleted, and every verifier refuses its tokens
 * within two seconds. Where it was the active one, the next key signs from now on, long published or not.
 * @throws {Problem} keyNotFound
 */
export const withdrawKey = (deps: KeyDeps, kid: string, occasion: Occasion): Promise<void> => inTurn(deps, async (transaction) => {
  if (!await deleteSigningKey(transaction, { kid })) throw keyNotFound()
  await record(transaction, deps, occasion, 'key.withdrawn', { kid })
  await settle(transaction, deps, occasion)
  await announceWithdrawn(transaction, { kid })
})

const inTurn = (deps: KeyDeps, change: (transaction: CommonQueryMethods) => Promise<void>) => deps.pool.transaction(async (transaction) => {
  await lockSigningKeys(transaction)
  await change(transaction)
})

/** The one place where keys change state. Afterwards there is an active key, and a next one that is published. */
async function settle (transaction: CommonQueryMethods, deps: KeyDeps, occasion: Occasion, { isWanted = false } = {}): Promise<void> {
  const keys = await listSigningKeys(transaction, keyTimes(deps.config))
  const [active, next] = [find(keys, 'active'), find(keys, 'next')]
  for (const { kid, state, is_due: isDue } of keys) if (state === 'retired' && isDue) await deleteSigningKey(transaction, { kid })
  const isRotated = active && next?.is_due === true && (isWanted || active.is_due)
  if (isRotated) await setKeyState(transaction, { kid: active.kid, state: 'retired' })
  if (next && (isRotated || !active)) {
    await setKeyState(transaction, { kid: next.kid, state: 'active' })
    await record(transaction, deps, occasion, 'key.activated', { kid: next.kid, ...active && { retired: active.kid } })
  }
  const missing = [
    ...!next && !active ? ['active'] as const : [], // the very first, or every other was withdrawn
    ...!next || isRotated || !active ? ['next'] as const : [],
  ]
  for (const state of missing) {
    const key = makeKey(deps.sealer, state)
    await insertSigningKey(transaction, key)
    await record(transaction, deps, occasion, 'key.created', { kid: key.kid, state })
  }
}

const record = (transaction: CommonQueryMethods, { audit }: KeyDeps, { caller, ...who }: Occasion, action: AuditAction, details: Record<string, string>) =>
  audit.record(transaction, caller, { action, user_id: null, ...who, details })

function makeKey (sealer: Sealer, state: 'next' | 'active') {
  const kid = uuidv7()
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    kid,
    state,
    public_jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' },
    sealed_private_key: sealer.seal(privateKey.export({ type: 'pkcs8', format: 'der' }), signingKeyPurpose(kid)),
  }
}

/** Binds a sealed private key to its id. */
export const signingKeyPurpose = (kid: string): string => `signing-key:${kid}`

const find = (keys: readonly StoredKey[], state: StoredKey['state']) => keys.find((key) => key.state === state)

const isRotationDue = (keys: readonly StoredKey[]) => find(keys, 'active')?.is_due === true && find(keys, 'next')?.is_due === true
