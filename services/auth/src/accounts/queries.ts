import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { Account } from '../../contracts.ts'
import { insertSession, type NewSession, secondsLeft, StartedSession } from '../sessions/queries.ts'
import { accountColumns, userColumns } from './user-columns.ts'

const credentials = row(Type.Object({ id: Type.String(), password_hash: Type.String(), device_epoch: Type.String() }))

/** Whose password a log-in is checked against. Disabled accounts are found too: their answer must not differ (SEC-10). */
export const findCredentials = (db: CommonQueryMethods, email_key: string) => db.maybeOne(sql.prepared('find_credentials', credentials)`
  SELECT id, password_hash, device_epoch FROM auth.users WHERE email_key = ${email_key}`)

export interface NewUser { id: string, email: string, email_key: string, display_name: string | null, password_hash: string }

/** Makes a user and their first session, both or neither. The database decides whether the address is free; where it is not this gives nothing. */
export const insertUser = (db: CommonQueryMethods, user: NewUser, session: NewSession) => db.maybeOne(sql.type(row(StartedSession))`
  WITH u AS (
    INSERT INTO auth.users (id, email, email_key, display_name, password_hash)
    VALUES (${user.id}, ${user.email}, ${user.email_key}, ${user.display_name}, ${user.password_hash})
    ON CONFLICT (email_key) DO NOTHING
    RETURNING id, email, display_name, role, email_verified_at, created_at
  ), s AS (${insertSession(session)})
  SELECT ${userColumns}, s.session_id, s.generation, s.authenticated_at, ${secondsLeft} FROM u, s`)

/**
 * Keeps a user from being deleted until the transaction is over. Whatever ends sessions takes this first: its audit events
 * refer to the user, and a lock taken for them after those of the sessions and the feed would deadlock with the deletion.
 */
export const keepUser = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(row(Type.Object({ id: Type.String() })))`
  SELECT id FROM auth.users WHERE id = ${id} FOR KEY SHARE`)

/** The account of a user, which nobody else changes before the transaction is over. */
export const holdAccount = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(row(Account))`
  SELECT ${accountColumns} FROM auth.users u WHERE u.id = ${id} FOR NO KEY UPDATE`)

/** Where a user is reached. Whoever else has to do with them waits until the transaction is over. */
export const holdUser = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(row(Type.Object({ email: Type.String(), email_key: Type.String(), email_verified: Type.Boolean() })))`
  SELECT email, email_key, email_verified_at IS NOT NULL AS email_verified FROM auth.users WHERE id = ${id} FOR UPDATE`)

const Erased = Type.Object({ change: Type.Union([Type.Integer(), Type.Null()]), task: Type.Union([Type.String(), Type.Null()]) })

/**
 * Erases the next changes and tasks of a user, `most` of each, behind those named. Gives the last of each; null where there
 * was none.
 */
export const eraseSome = (db: CommonQueryMethods, { id, change, task, most }: { id: string, change: number, task: string, most: number }) => db.one(sql.type(row(Erased))`
  SELECT last_change AS change, last_task AS task FROM auth.erase_some(${id}, ${change}, ${task}, ${most})`)

/** Erases a user, and by the foreign keys whatever refers to them, in both schemas. */
export const deleteUser = (db: CommonQueryMethods, { id }: { id: string }) => db.query(sql.type(row(Type.Object({})))`DELETE FROM auth.users WHERE id = ${id}`)

/** Sets what owners set themselves. */
export const updateProfile = (db: CommonQueryMethods, profile: Pick<Account, 'id' | 'display_name' | 'time_zone'>) => db.one(sql.type(row(Account))`
  UPDATE auth.users u SET display_name = ${profile.display_name}, time_zone = ${profile.time_zone}, updated_at = now() WHERE u.id = ${profile.id}
  RETURNING ${accountColumns}`)
