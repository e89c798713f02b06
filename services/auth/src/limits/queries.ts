import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const Taken = Type.Object({ used: Type.Integer(), retry_after: Type.Integer() })
const nothing = row(Type.Object({}))

/**
 * Counts one use of a bucket, beginning a new window where the last is over. Atomic: of any number of parallel takes each
 * gets a number of its own (SEC-32). `retry_after` is in seconds. A few buckets long over are dropped along the way.
 */
export const takeFromBucket = (db: CommonQueryMethods, { bucket, window_seconds: seconds }: { bucket: string, window_seconds: number }) => db.one(sql.type(row(Taken))`
  WITH dropped AS (
    DELETE FROM auth.limits WHERE bucket IN (
      SELECT bucket FROM auth.limits WHERE window_ends_at < now() - interval '1 hour' AND bucket <> ${bucket} LIMIT 5 FOR UPDATE SKIP LOCKED)
  )
  INSERT INTO auth.limits AS l (bucket, used, window_ends_at) VALUES (${bucket}, 1, now() + make_interval(secs => ${seconds}))
  ON CONFLICT (bucket) DO UPDATE SET
    used = CASE WHEN l.window_ends_at <= now() THEN 1 ELSE l.used + 1 END,
    window_ends_at = CASE WHEN l.window_ends_at <= now() THEN excluded.window_ends_at ELSE l.window_ends_at END
  RETURNING used, ceil(extract(epoch FROM window_ends_at - now()))::integer AS retry_after`)

/** Empties a bucket. */
export const emptyBucket = (db: CommonQueryMethods, { bucket }: { bucket: string }) => db.query(sql.type(nothing)`
  DELETE FROM auth.limits WHERE bucket = ${bucket}`)

/**
 * Counts an attempt as failed before it is made, unless the bucket is blocked: then it gives nothing. From the fifth failure
 * in a row the next attempt has to wait 1 s, 2 s, 4 s and so on, 15 minutes at most (SEC-33). A day without one forgets.
 */
export const countAttempt = (db: CommonQueryMethods, { bucket }: { bucket: string }) => db.maybeOne(sql.type(row(Type.Object({ failures: Type.Integer() })))`
  WITH dropped AS (
    DELETE FROM auth.login_back_offs WHERE bucket IN (
      SELECT bucket FROM auth.login_back_offs WHERE blocked_until < now() - interval '1 day' AND bucket <> ${bucket} LIMIT 5 FOR UPDATE SKIP LOCKED)
  )
  INSERT INTO auth.login_back_offs AS b (bucket, failures, blocked_until) VALUES (${bucket}, 1, now())
  ON CONFLICT (bucket) DO UPDATE SET
    failures = b.failures + 1,
    blocked_until = now() + CASE WHEN b.failures < 4 THEN interval '0' ELSE least(interval '15 minutes', interval '1 second' * power(2, least(b.failures - 4, 20))) END
  WHERE b.blocked_until <= now()
  RETURNING failures`)

/** Forgets the failures of a bucket: the password was right. */
export const forgetFailures = (db: CommonQueryMethods, { bucket }: { bucket: string }) => db.query(sql.type(nothing)`
  DELETE FROM auth.login_back_offs WHERE bucket = ${bucket}`)
