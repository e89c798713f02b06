import { row } from '@daymark/kit/row'
import { type CommonQueryMethods, sql } from 'slonik'
import { List } from '../../contracts.ts'

/** Every list of an account, the Inbox first. */
export const listLists = (db: CommonQueryMethods, { user_id }: { user_id: string }) => db.any(sql.prepared('list_lists', row(List))`
  SELECT id, user_id, name, is_inbox, version, created_at, updated_at
  FROM tasks.lists WHERE user_id = ${user_id} ORDER BY is_inbox DESC, created_at, id`)
