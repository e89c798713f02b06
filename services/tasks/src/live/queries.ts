import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const LastChange = Type.Object({ user_id: Type.String(), seq: Type.Integer() })

/** The number of the last change of each of many accounts: the one query that is asked outside of any scope. */
export const lastChanges = (db: CommonQueryMethods, { user_ids }: { user_ids: readonly string[] }) => db.any(sql.prepared('last_changes', row(LastChange))`
  SELECT user_id, seq FROM tasks.last_changes(${sql.array(user_ids, 'uuid')})`)
