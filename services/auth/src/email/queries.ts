import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const nothing = row(Type.Object({}))
const Recipient = Type.Object({ id: Type.String(), email: Type.String(), email_key: Type.String() })

export type Purpose = 'verify_email' | 'reset_password'

export interface NewOneTimeToken { hash: Buffer, user_id: string, purpose: Purpose, email_key: string, minutes: number }

/** Keeps the hash of a token; earlier ones of the same purpose are void from here on (SEC-18). */
export const insertOneTimeToken = (db: CommonQueryMethods, token: NewOneTimeToken) => db.query(sql.type(nothing)`
  WITH voided AS (
    DELETE FROM auth.one_time_tokens WHERE user_id = ${token.user_id} AND purpose = ${token.purpose}
  )
  INSERT INTO auth.one_time_tokens (token_hash, user_id, purpose, email_key, expires_at)
  VALUES (${sql.binary(token.hash)}, ${token.user_id}, ${token.purpose}, ${token.email_key}, now() + make_interval(mins => ${token.minutes}))`)

/** Whose a token is, while it works; looking does not use it up. */
export const findOneTimeToken = (db: CommonQueryMethods, { hash, purpose }: { hash: Buffer, purpose: Purpose }) => db.maybeOne(sql.type(row(Type.Object({ user_id: Type.String() })))`
  SELECT user_id FROM auth.one_time_tokens WHERE token_hash = ${sql.binary(hash)} AND purpose = ${purpose} AND expires_at > now()`)

/** Uses a token up: of any number of parallel uses, one gets it. */
export const useOneTimeToken = (db: CommonQueryMethods, { hash, purpose }: { hash: Buffer, purpose: Purpose }) => db.maybeOne(sql.type(row(Type.Object({ user_id: Type.String(), email_key: Type.String() })))`
  DELETE FROM auth.one_time_tokens WHERE token_hash = ${sql.binary(hash)} AND purpose = ${purpose} AND expires_at > now() RETURNING user_id, email_key`)

/** Voids every token of a user. */
export const deleteOneTimeTokens = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.query(sql.type(nothing)`
  DELETE FROM auth.one_time_tokens WHERE user_id = ${user_id}`)

/** Notes that an address was proven, if it still is the account's. */
export const setEmailVerified = (db: CommonQueryMethods, { user_id, email_key }: { user_id: string, email_key: string }) => db.maybeOne(sql.type(row(Type.Object({ id: Type.String() })))`
  UPDATE auth.users SET email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
  WHERE id = ${user_id} AND email_key = ${email_key} RETURNING id`)

/** Whom a mail to an address reaches. */
export const findRecipient = (db: CommonQueryMethods, { email_key }: { email_key: string }) => db.maybeOne(sql.type(row(Recipient))`
  SELECT id, email, email_key FROM auth.users WHERE email_key = ${email_key} AND status = 'active'`)
