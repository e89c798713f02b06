import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const Owner = Type.Object({ id: Type.String(), email: Type.String(), email_key: Type.String(), email_verified: Type.Boolean(), device_epoch: Type.String() })

/** What a signed-in user's password is checked against; nothing where they were deleted a moment ago. */
export const findPasswordHash = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.maybeOneFirst(sql.type(row(Type.Object({ password_hash: Type.String() })))`
  SELECT password_hash FROM auth.users WHERE id = ${user_id}`)

/** Makes a password worth nothing, whatever the state of the account, and every device a stranger. */
export const voidPassword = (db: CommonQueryMethods, { user_id, password_hash }: { user_id: string, password_hash: string }) => db.query(sql.type(row(Type.Object({})))`
  UPDATE auth.users SET password_hash = ${password_hash}, device_epoch = gen_random_uuid(), updated_at = now() WHERE id = ${user_id}`)

/**
 * Sets a password, if the one it replaces still is `verified`; without that, whatever it was. All devices are strangers from
 * here on, unless it is the same password, hashed anew.
 */
export const setPassword = (db: CommonQueryMethods, change: { user_id: string, password_hash: string, verified: string | null, is_same?: boolean }) => db.maybeOne(sql.type(row(Owner))`
  UPDATE auth.users SET password_hash = ${change.password_hash}, device_epoch = CASE WHEN ${change.is_same ?? false} THEN device_epoch ELSE gen_random_uuid() END, updated_at = now()
  WHERE id = ${change.user_id} AND status = 'active' AND (${change.verified}::text IS NULL OR password_hash = ${change.verified}::text)
  RETURNING id, email, email_key, email_verified_at IS NOT NULL AS email_verified, device_epoch`)
