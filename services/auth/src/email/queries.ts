import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const nothing = row(Type.Object({}))
const id = row(Type.Object({ id: Type.String() }))
const Recipient = Type.Object({ id: Type.String(), email: Type.String(), email_key: Type.String() })

export type Purpose = 'verify_email' | 'reset_password' | 'change_email' | 'revert_email'

export interface NewOneTimeToken { hash: Buffer, user_id: string, purpose: Purpose, email: string, email_key: string, session_id: string | null, minutes: number }

/**
 * Keeps the hash of a token; earlier ones of the same purpose are void from here on (SEC-18). Not so ways back to an earlier
 * address: else whoever takes an account could void its owner's by changing the address twice.
 */
export const insertOneTimeToken = (db: CommonQueryMethods, token: NewOneTimeToken) => db.query(sql.type(nothing)`
  WITH voided AS (
    DELETE FROM auth.one_time_tokens
    WHERE user_id = ${token.user_id} AND (expires_at <= now() OR (purpose = ${token.purpose} AND purpose <> 'revert_email'))
  )
  INSERT INTO auth.one_time_tokens (token_hash, user_id, purpose, email, email_key, session_id, created_at, expires_at)
  SELECT ${sql.binary(token.hash)}, ${token.user_id}, ${token.purpose}, ${token.email}, ${token.email_key}, ${token.session_id}::uuid, at, at + make_interval(mins => ${token.minutes})
  FROM clock_timestamp() at`)

const TokenOwner = Type.Object({ user_id: Type.String(), email: Type.String(), display_name: Type.Union([Type.String(), Type.Null()]) })

/** Whose a token is, while it works; looking does not use it up. */
export const findOneTimeToken = (db: CommonQueryMethods, { hash, purpose }: { hash: Buffer, purpose: Purpose }) => db.maybeOne(sql.type(row(TokenOwner))`
  SELECT t.user_id, u.email, u.display_name FROM auth.one_time_tokens t JOIN auth.users u ON u.id = t.user_id
  WHERE t.token_hash = ${sql.binary(hash)} AND t.purpose = ${purpose} AND t.expires_at > now()`)

/** Uses a token up: of any number of parallel uses, one gets it. */
export const useOneTimeToken = (db: CommonQueryMethods, { hash, purpose }: { hash: Buffer, purpose: Purpose }) => db.maybeOne(sql.type(row(Type.Object({ user_id: Type.String(), email_key: Type.String() })))`
  DELETE FROM auth.one_time_tokens WHERE token_hash = ${sql.binary(hash)} AND purpose = ${purpose} AND expires_at > now() RETURNING user_id, email_key`)

const AddressToken = Type.Object({ email: Type.String(), email_key: Type.String(), session_id: Type.Union([Type.String(), Type.Null()]) })

/**
 * Uses up a token whose link makes an address the account's. One that a session asked for which somebody has thrown out since
 * no longer counts, nor does the log-out of who asked take it away.
 */
export const useAddressToken = (db: CommonQueryMethods, { hash, purpose }: { hash: Buffer, purpose: 'change_email' | 'revert_email' }) => db.maybeOne(sql.type(row(AddressToken))`
  DELETE FROM auth.one_time_tokens t
  WHERE token_hash = ${sql.binary(hash)} AND purpose = ${purpose} AND expires_at > now()
    AND NOT EXISTS (SELECT FROM auth.sessions s WHERE s.id = t.session_id AND s.ended_reason NOT IN ('logged_out', 'too_many'))
  RETURNING email, email_key, session_id`)

/** Voids every token of a user but the ways back to an earlier address, which outlast whatever is done with the account. */
export const deleteOneTimeTokens = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.query(sql.type(nothing)`
  DELETE FROM auth.one_time_tokens WHERE user_id = ${user_id} AND purpose <> 'revert_email'`)

/** Voids the ways back that later changes than that of one opened; those of earlier ones stay. Call it before the one is used. */
export const deleteLaterWaysBack = (db: CommonQueryMethods, { user_id, hash }: { user_id: string, hash: Buffer }) => db.query(sql.type(nothing)`
  DELETE FROM auth.one_time_tokens
  WHERE user_id = ${user_id} AND purpose = 'revert_email' AND created_at > (SELECT created_at FROM auth.one_time_tokens WHERE token_hash = ${sql.binary(hash)})`)

/** Whether there is a way back to an address. Those of later changes are void from here on. */
export const voidWaysBackSince = (db: CommonQueryMethods, { user_id, email_key }: { user_id: string, email_key: string }) => db.oneFirst(sql.type(row(Type.Object({ is_return: Type.Boolean() })))`
  WITH way AS (
    SELECT min(created_at) AS opened_at FROM auth.one_time_tokens
    WHERE user_id = ${user_id} AND purpose = 'revert_email' AND email_key = ${email_key} AND expires_at > now()
  ), voided AS (
    DELETE FROM auth.one_time_tokens WHERE user_id = ${user_id} AND purpose = 'revert_email' AND created_at > (SELECT opened_at FROM way)
  )
  SELECT opened_at IS NOT NULL AS is_return FROM way`)

/** The earlier addresses to which there still is a way back. */
export const listWaysBack = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.type(row(Type.Pick(Recipient, ['email'])))`
  SELECT DISTINCT email FROM auth.one_time_tokens WHERE user_id = ${user_id} AND purpose = 'revert_email' AND expires_at > now()`)

/** Notes that an address was proven, if it still is the account's. */
export const setEmailVerified = (db: CommonQueryMethods, { user_id, email_key }: { user_id: string, email_key: string }) => db.maybeOne(sql.type(id)`
  UPDATE auth.users SET email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
  WHERE id = ${user_id} AND email_key = ${email_key} RETURNING id`)

/** Whom a mail to an address reaches. */
export const findRecipient = (db: CommonQueryMethods, { email_key }: { email_key: string }) => db.maybeOne(sql.type(row(Recipient))`
  SELECT id, email, email_key FROM auth.users WHERE email_key = ${email_key} AND status = 'active'`)

const Address = Type.Object({ ...Recipient.properties, is_verified: Type.Boolean(), is_active: Type.Boolean() })

/** The address of a user, who is neither changed nor deleted by others before the transaction is over. */
export const holdAddress = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.maybeOne(sql.type(row(Address))`
  SELECT id, email, email_key, email_verified_at IS NOT NULL AS is_verified, status = 'active' AS is_active FROM auth.users WHERE id = ${user_id} FOR UPDATE`)

/**
 * Whether an address is free for a user. Only an advice: when it is set the database decides.
 */
export const isAddressFree = (db: CommonQueryMethods, { user_id, email_key }: { user_id: string, email_key: string }) => db.oneFirst(sql.type(row(Type.Object({ is_free: Type.Boolean() })))`
  SELECT NOT EXISTS (SELECT FROM auth.users WHERE email_key = ${email_key} AND id <> ${user_id})
    AND NOT EXISTS (
      SELECT FROM auth.one_time_tokens
      WHERE purpose = 'revert_email' AND email_key = ${email_key} AND user_id <> ${user_id} AND expires_at > now()) AS is_free`)

/** Makes a proven address the account's. @throws {UniqueIntegrityConstraintViolationError} where somebody else has it, or has it reserved */
export const setAddress = (db: CommonQueryMethods, { user_id, email, email_key }: { user_id: string, email: string, email_key: string }) => db.query(sql.type(nothing)`
  UPDATE auth.users SET email = ${email}, email_key = ${email_key}, email_verified_at = now(), updated_at = now() WHERE id = ${user_id}`)
