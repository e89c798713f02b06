import type { Cursors } from '@daymark/kit/cursor'
import type { DatabasePool } from 'slonik'
import type { Task, TaskQuery } from '../../contracts.ts'
import { type TaggedPage, taggedPage } from '../tagged-page.ts'
import { listTasks } from './list-queries.ts'
import { toTimeZone } from './task-fields.ts'

/**
 * Lists what a query asks for.
 * @throws {Problem} invalidCursor; unprocessable for a time zone that nobody knows
 */
export async function pageOfTasks (pool: DatabasePool, cursors: Cursors, user_id: string, query: TaskQuery, ifNoneMatch?: string): Promise<TaggedPage<Task>> {
  const { status = 'all', sort = 'position', direction = 'asc', time_zone: given = 'UTC', limit = 50, cursor, ...filters } = query
  const time_zone = given === 'UTC' ? given : toTimeZone(given, '/querystring/time_zone')
  const listed = [user_id, 'tasks', JSON.stringify(Object.entries({ ...filters, status, sort, direction, time_zone }).sort())]
  return await taggedPage(pool, cursors, { user_id, listed, limit, cursor, ifNoneMatch }, (after, most) =>
    listTasks(pool, { ...filters, user_id, status, sort, direction, time_zone, after, limit: most }))
}
