import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../callers/caller.ts'
import { takeFromBucket } from '../limits/queries.ts'

const windowSeconds = 3600

/** Puts on record that an admin looks at what is others': once an hour in a session, not once a page. */
export async function noteReading ({ pool, audit }: Pick<Deps, 'pool' | 'audit'>, action: 'users.read' | 'audit.read', { user: { sub, sid }, caller }: { user: AccessTokenClaims, caller: Caller }): Promise<void> {
  await pool.transaction(async (transaction) => {
    const { used } = await takeFromBucket(transaction, { bucket: `${action}:${sid}`, window_seconds: windowSeconds })
    if (used === 1) await audit.record(transaction, caller, { action, user_id: null, actor_id: sub, session_id: sid })
  })
}
