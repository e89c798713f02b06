import { tooManyRequests } from '@daymark/kit/problem'
import { rateLimitFields, type UsedUp } from '@daymark/kit/rate-limit-fields'
import type { CommonQueryMethods } from 'slonik'
import { takeFromBucket } from './queries.ts'

export interface Limit { bucket: string, limit: number, windowSeconds: number }

/**
 * Counts one request against a limit that all instances share.
 * @throws {Problem} tooManyRequests (429), with the time to wait (RFC 6585 section 4)
 */
export async function enforceLimit (db: CommonQueryMethods, { bucket, limit, windowSeconds }: Limit): Promise<void> {
  const { used, retry_after: retryAfter } = await takeFromBucket(db, { bucket, window_seconds: windowSeconds })
  if (used > limit) throw limitReached({ limit, windowSeconds, retryAfter })
}

/** What who is past a limit is told. */
export const limitReached = ({ limit, windowSeconds, retryAfter }: UsedUp) => tooManyRequests({
  detail: `Try again in ${retryAfter} seconds.`,
  headers: {
    ...rateLimitFields({ limit, windowSeconds, retryAfter }),
    'retry-after': String(retryAfter),
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': '0',
    'ratelimit-reset': String(retryAfter),
  },
})
