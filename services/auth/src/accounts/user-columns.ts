import { sql } from 'slonik'

/** The user `u` as the contract gives it out. */
export const userColumns = sql.fragment`
  u.id, u.email, u.display_name, u.role, u.email_verified_at IS NOT NULL AS email_verified, u.created_at`

/** The user `u` as their owner sees them. */
export const accountColumns = sql.fragment`${userColumns}, u.time_zone, u.version`
