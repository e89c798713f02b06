import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

/** Locks the tenant's row: the statement that `asWriter` sends ahead of each write. */
export const lockAccount = 'SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE'

const nothing = row(Type.Object({}))

/** Locks the tenant's row within a transaction that found none to lock at its beginning; gives nothing where there is none still. */
export const lockOpened = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.maybeOne(sql.prepared('lock_opened', row(Type.Object({ user_id: Type.String() })))`
  SELECT user_id FROM tasks.accounts WHERE user_id = ${user_id} FOR UPDATE`)

export interface NewAccount { user_id: string, inbox_id: string, request_id: string }

/** Makes the account row, its Inbox and the first entry of its change log, unless another request just has. */
export const insertAccount = (db: CommonQueryMethods, account: NewAccount) => db.query(sql.type(nothing)`
  WITH account AS (
    INSERT INTO tasks.accounts (user_id, seq) VALUES (${account.user_id}, 1) ON CONFLICT DO NOTHING RETURNING user_id, seq
  ), inbox AS (
    INSERT INTO tasks.lists (user_id, id, name, is_inbox) SELECT user_id, ${account.inbox_id}::uuid, 'Inbox', true FROM account
    RETURNING user_id, id, name, is_inbox, colour, position, archived
  )
  INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
  SELECT inbox.user_id, account.seq, 'list', inbox.id, 'created', '{}', to_jsonb(inbox) - '{user_id,id}'::text[], inbox.user_id, ${account.request_id}
  FROM inbox, account`)
