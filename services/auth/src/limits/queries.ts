import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { createHash } from 'node:crypto'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'

const Taken = Type.Object({ used: Type.Integer(), retry_after: Type.Integer() })
const nothing = row(Type.Object({}))

/** Buckets are named by what is counted, such as an address: the tables have the SHA-256 of that, and nothing to read (SEC-90). */
const nameOf = (bucket: string) => createHash('sha256').update(bucket).digest('hex')

/** Drops a few buckets long over, so that the tables stay as small as the traffic; never one that the same statement counts. */
const dropOver = (...counted: string[]): FragmentSqlToken => sql.fragment`
  DELETE FROM auth.limits WHERE bucket IN (
    SELECT bucket FROM auth.limits WHERE window_ends_at < now() - interval '1 hour' AND bucket <> ALL (${sql.array(counted.map(nameOf), 'text')}) LIMIT 5 FOR UPDATE SKIP LOCKED)`

/** Counts one use of each bucket that `source` gives as `(bucket, seconds)`, beginning a new window where the last is over. */
const take = (source: FragmentSqlToken, more = sql.fragment`1`): FragmentSqlToken => sql.fragment`
  INSERT INTO auth.limits AS l (bucket, used, window_ends_at) SELECT bucket, 1, now() + make_interval(secs => seconds) FROM ${source}
  ON CONFLICT (bucket) DO UPDATE SET
    used = CASE WHEN l.window_ends_at <= now() THEN 1 ELSE l.used + ${more} END,
    window_ends_at = CASE WHEN l.window_ends_at <= now() THEN excluded.window_ends_at ELSE l.window_ends_at END
  RETURNING used, ceil(extract(epoch FROM window_ends_at - now()))::integer AS retry_after`

/**
 * Counts one use of a bucket. Atomic: of any number of parallel takes each gets a number of its own (SEC-32). `retry_after`
 * is in seconds.
 */
export const takeFromBucket = (db: CommonQueryMethods, { bucket, window_seconds: seconds }: { bucket: string, window_seconds: number }) => db.one(sql.type(row(Taken))`
  WITH dropped AS (${dropOver(bucket)})
  ${take(sql.fragment`(VALUES (${nameOf(bucket)}, ${seconds}::integer)) t (bucket, seconds)`)}`)

/** What an attempt to name a password counts against, in the order in which the buckets are locked. */
export interface GuessBuckets { address: string, both: string, account: string }

const Guess = Type.Object({
  by_address: Type.Union([Type.Literal('all accounts'), Type.Literal('this account'), Type.Null()], { description: 'Which limit of the address is passed' }),
  retry_after: Type.Integer(),
  is_allowed: Type.Boolean(),
})

/**
 * Counts an attempt as failed before it is made, in one statement: by address, if that is within its limit by address and
 * account, and if that is too, by account, unless it is blocked. From the fifth failure in a row the next attempt has to wait
 * 1 s, 2 s, 4 s and so on, 15 minutes at most (SEC-33). A day without one forgets. A statement that began before the one it
 * waited for has an earlier now(): by that clock the other's attempt would lie in the future, and block. One that is counted
 * once more, not `is_first`, counts once by address.
 */
export const takeGuess = (
  db: CommonQueryMethods, { address, both, account }: GuessBuckets,
  { per_address: perAddress, per_both: perBoth, window_seconds: seconds, is_first: isFirst }: { per_address: number, per_both: number, window_seconds: number, is_first: boolean },
) => db.one(sql.prepared('take_guess', row(Guess))`
  WITH dropped AS (${dropOver(address, both)}), dropped_back_offs AS (
    DELETE FROM auth.login_back_offs WHERE bucket IN (
      SELECT bucket FROM auth.login_back_offs WHERE blocked_until < now() - interval '1 day' AND bucket <> ${nameOf(account)} LIMIT 5 FOR UPDATE SKIP LOCKED)
  ), a AS (${take(sql.fragment`(VALUES (${nameOf(address)}, ${seconds}::integer)) t (bucket, seconds)`, sql.fragment`${isFirst}::boolean::integer`)}
  ), b AS (${take(sql.fragment`(SELECT ${nameOf(both)}, ${seconds}::integer FROM a WHERE used <= ${perAddress}) t (bucket, seconds)`)}
  ), attempt AS (
    INSERT INTO auth.login_back_offs AS o (bucket, failures, blocked_until) SELECT ${nameOf(account)}, 1, now() FROM b WHERE used <= ${perBoth}
    ON CONFLICT (bucket) DO UPDATE SET
      failures = CASE WHEN o.blocked_until < now() - interval '1 day' THEN 1 ELSE o.failures + 1 END,
      blocked_until = now() + CASE WHEN o.failures < 4 OR o.blocked_until < now() - interval '1 day' THEN interval '0' ELSE least(interval '15 minutes', interval '1 second' * power(2, least(o.failures - 4, 20))) END
    WHERE o.blocked_until <= clock_timestamp()
    RETURNING failures
  )
  SELECT CASE WHEN b.used IS NULL THEN 'all accounts' WHEN b.used > ${perBoth} THEN 'this account' END AS by_address,
    coalesce(b.retry_after, a.retry_after) AS retry_after, EXISTS (SELECT FROM attempt) AS is_allowed
  FROM a LEFT JOIN b ON true`)

/**
 * Takes an attempt back: the password was right. Locks the buckets in the order in which they were counted, or two log-ins
 * of one account could wait for each other.
 */
export const forgetGuess = (db: CommonQueryMethods, { address, both, account }: GuessBuckets) => db.query(sql.prepared('forget_guess', nothing)`
  WITH a AS (
    UPDATE auth.limits SET used = used - 1 WHERE bucket = ${nameOf(address)} AND used > 0 RETURNING used
  ), b AS (
    DELETE FROM auth.limits WHERE bucket = ${nameOf(both)} AND (SELECT count(*) FROM a) >= 0 RETURNING used
  )
  DELETE FROM auth.login_back_offs WHERE bucket = ${nameOf(account)} AND (SELECT count(*) FROM b) >= 0`)

/** Whether a device that was given its token in this epoch is still known to the account, if there is one. */
export const knowsDevicesOf = (db: CommonQueryMethods, { email_key, device_epoch }: { email_key: string, device_epoch: string }) => db.exists(sql.type(nothing)`
  SELECT FROM auth.users WHERE email_key = ${email_key} AND device_epoch = ${device_epoch}::uuid`)

/** Forgets what was counted in buckets of either kind. */
export const emptyBuckets = (db: CommonQueryMethods, ...buckets: string[]) => db.query(sql.type(nothing)`
  WITH emptied AS (DELETE FROM auth.limits WHERE bucket = ANY (${sql.array(buckets.map(nameOf), 'text')}))
  DELETE FROM auth.login_back_offs WHERE bucket = ANY (${sql.array(buckets.map(nameOf), 'text')})`)
