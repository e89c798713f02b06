import type { Cursors } from '@daymark/kit/cursor'
import { etagOfQuery, isKnown } from '@daymark/kit/etag'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import type { TaskPage, TaskQuery } from '../../contracts.ts'
import { lastChange, listTasks } from './list-queries.ts'
import { toTimeZone } from './task-fields.ts'

/** A page, or null where the caller has it already. */
export interface TaggedPage { page: TaskPage | null, etag: string }

/**
 * Lists what a query asks for. While the tenant changes nothing, the answer stays the same: the number of their last change
 * is what its ETag tells.
 * @throws {Problem} invalidCursor; unprocessable for a time zone that nobody knows
 */
export async function pageOfTasks (pool: DatabasePool, cursors: Cursors, user_id: string, query: TaskQuery, ifNoneMatch?: string): Promise<TaggedPage> {
  const { status = 'all', sort = 'position', direction = 'asc', time_zone: given = 'UTC', limit = 50, cursor, ...filters } = query
  const time_zone = given === 'UTC' ? given : toTimeZone(given, '/querystring/time_zone')
  const listed = [user_id, 'tasks', JSON.stringify(Object.entries({ ...filters, status, sort, direction, time_zone }).sort())]
  const [key = '', id = ''] = cursor === undefined ? [] : cursors.read(cursor, listed)
  const after = cursor === undefined ? null : { key, id }
  const etagAt = (seq: number) => etagOfQuery([seq], [...listed, limit, cursor])
  return await asUser(user_id, async () => {
    if (ifNoneMatch !== undefined) {
      const etag = etagAt(await lastChange(pool, { user_id }))
      if (isKnown(ifNoneMatch, etag)) return { page: null, etag }
    }
    const found = await listTasks(pool, { ...filters, user_id, status, sort, direction, time_zone, after, limit: limit + 1 }) // one more tells whether a page follows
    // Read before an empty list, the number can only be too small: then the next answer is given in full.
    const seq = found[0]?.seq ?? 0
    return { page: cursors.page(found, limit, ({ place, id }) => [place, id], listed), etag: etagAt(seq) }
  })
}
