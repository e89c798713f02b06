import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const Taken = Type.Object({ used: Type.Integer(), retry_after: Type.Integer() })

/**
 * Counts one use of a bucket, beginning a new window where the last is over. Atomic: of any number of parallel takes each
 * gets a number of its own (SEC-32). `retry_after` is in seconds.
 */
export const takeFromBucket = (db: CommonQueryMethods, { bucket, window_seconds: seconds }: { bucket: string, window_seconds: number }) => db.one(sql.type(row(Taken))`
  INSERT INTO auth.limits AS l (bucket, used, window_ends_at) VALUES (${bucket}, 1, now() + make_interval(secs => ${seconds}))
  ON CONFLICT (bucket) DO UPDATE SET
    used = CASE WHEN l.window_ends_at <= now() THEN 1 ELSE l.used + 1 END,
    window_ends_at = CASE WHEN l.window_ends_at <= now() THEN excluded.window_ends_at ELSE l.window_ends_at END
  RETURNING used, ceil(extract(epoch FROM window_ends_at - now()))::integer AS retry_after`)
