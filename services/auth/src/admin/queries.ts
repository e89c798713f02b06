import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'
import { ManagedUser, type Role, UserDetails } from '../../contracts.ts'
import { userColumns } from '../accounts/user-columns.ts'

const managedUser = row(ManagedUser)
const managedColumns = sql.fragment`${userColumns}, u.status, u.version`

/** What the index users_words holds: the same expression to the letter. */
const words = sql.fragment`to_tsvector('simple', regexp_replace(normalize(u.email_key || ' ' || coalesce(u.display_name, ''), NFKC), '[^[:alnum:]]+', ' ', 'g'))`

export interface UserFilter {
  /** A text-search query of prefixes, by `wordPrefixes`. */
  words: string | null
  status: 'active' | 'disabled' | null
  role: Role | null
  after: string | null
  limit: number
}

/** Each value of a filter has an index of its own, or is most of the table. */
const ofStatus = { active: sql.fragment`u.status = 'active'`, disabled: sql.fragment`u.status = 'disabled'` }
const ofRole = { user: sql.fragment`u.role = 'user'`, admin: sql.fragment`u.role = 'admin'` }
const any = sql.fragment`true`

/** Newest first, which is the order of the ids, from behind a place in it. */
export const listUsers = (db: CommonQueryMethods, { words: wanted, status, role, after, limit }: UserFilter) => db.any(sql.type(managedUser)`
  SELECT ${managedColumns}
  FROM auth.users u
  WHERE ${wanted === null ? any : sql.fragment`${words} @@ to_tsquery('simple', ${wanted})`}
    AND ${status ? ofStatus[status] : any} AND ${role ? ofRole[role] : any} AND ${after === null ? any : sql.fragment`u.id < ${after}::uuid`}
  ORDER BY u.id DESC
  LIMIT ${limit}`)

/** One account, with how it is used. */
export const findUser = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(row(UserDetails))`
  SELECT ${managedColumns},
    (SELECT count(*) FROM auth.sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL AND now() < s.idle_expires_at AND u.status = 'active')::integer AS live_sessions,
    (SELECT e.occurred_at FROM auth.audit_events e
     WHERE e.user_id = u.id AND e.action IN ('account.created', 'session.started') ORDER BY e.id DESC LIMIT 1) AS last_login_at
  FROM auth.users u WHERE u.id = ${id}`)

/**
 * Locks those who are admins and may log in, in the order of their ids, and gives these. Whoever changes what they may do
 * takes this lock first, so that of two who do so at once the second sees what the first has done.
 */
export const lockActiveAdmins = (db: CommonQueryMethods) => db.anyFirst(sql.type(row(Type.Object({ id: Type.String() })))`
  SELECT id FROM auth.users WHERE role = 'admin' AND status = 'active' ORDER BY id FOR NO KEY UPDATE`)

/** An account, locked against log-ins and changes. */
export const lockUser = (db: CommonQueryMethods, { id }: { id: string }) => db.maybeOne(sql.type(managedUser)`
  SELECT ${managedColumns} FROM auth.users u WHERE u.id = ${id} FOR NO KEY UPDATE`)

/** Sets what an account may do; its version grows by a trigger. */
export const setAccess = (db: CommonQueryMethods, { id, status, role }: Pick<ManagedUser, 'id' | 'status' | 'role'>) => db.query(sql.type(row(Type.Object({})))`
  UPDATE auth.users SET status = ${status}, role = ${role}, updated_at = now() WHERE id = ${id}`)

/** Whose an address is. */
export const findUserId = (db: CommonQueryMethods, { email_key }: { email_key: string }) => db.maybeOneFirst(sql.type(row(Type.Object({ id: Type.String() })))`
  SELECT id FROM auth.users WHERE email_key = ${email_key}`)
