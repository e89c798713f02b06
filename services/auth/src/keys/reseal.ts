import type { DatabasePool } from 'slonik'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Caller } from '../callers/caller.ts'
import { mailPurpose } from '../mail/outbox.ts'
import { sessionPurpose } from '../sessions/new-session.ts'
import { signingKeyPurpose } from './change-keys.ts'
import { listSealed, replaceSealed, type Sealed, type SealedRow } from './sealed-rows.ts'
import type { Sealer } from './sealer.ts'

const purposeOf: Record<Sealed, (id: string) => string> = { 'signing key': signingKeyPurpose, session: sessionPurpose, mail: mailPurpose }
const batch = 500

export interface Resealed {
  done: number
  /** Not under the sealing key at the end: busy just then, or not to be opened with the keys we have. */
  left: number
}

/**
 * Seals everything that is stored sealed under the key that seals now, beside running instances: in batches, each row only
 * if it is still what was read. Done again it changes nothing.
 */
export async function resealAll ({ pool, sealer, audit }: { pool: DatabasePool, sealer: Sealer, audit: AuditLog }, caller: Caller): Promise<Record<Sealed, Resealed>> {
  const counts = { 'signing key': await resealKind(pool, sealer, 'signing key'), session: await resealKind(pool, sealer, 'session'), mail: await resealKind(pool, sealer, 'mail') }
  const done = Object.entries(counts).map(([kind, count]) => [kind, count.done] as const)
  if (done.some(([, count]) => count > 0)) await audit.record(pool, caller, { action: 'key.resealed', user_id: null, details: Object.fromEntries(done) })
  return counts
}

/** Seals the token key of one session anew, where it is not under the key that seals now: sessions in use come along by themselves. */
export async function resealSession ({ pool, sealer }: { pool: DatabasePool, sealer: Sealer }, id: string, sealed: string): Promise<void> {
  if (sealer.isCurrent(sealed)) return
  const resealed = reseal(sealer, { id, sealed }, sessionPurpose(id))
  if (resealed) await replaceSealed(pool, 'session', [resealed])
}

async function resealKind (pool: DatabasePool, sealer: Sealer, kind: Sealed): Promise<Resealed> {
  const count = { done: 0, left: 0 }
  for (let after: string | undefined; ;) {
    const rows = await listSealed(pool, kind, { after, limit: batch })
    const old = rows.filter(({ sealed }) => !sealer.isCurrent(sealed))
    const resealed = old.flatMap((each) => reseal(sealer, each, purposeOf[kind](each.id)) ?? [])
    const { length: done } = resealed.length > 0 ? await replaceSealed(pool, kind, resealed) : []
    count.done += done
    count.left += old.length - done
    if (rows.length < batch) return count
    after = rows.at(-1)?.id
  }
}

/** Nothing where none of our keys opens it: that is told by the count, and ends nothing. */
function reseal (sealer: Sealer, { id, sealed }: SealedRow, purpose: string) {
  try {
    return { id, sealed, resealed: sealer.seal(sealer.open(sealed, purpose), purpose) }
  } catch {
    return undefined
  }
}
