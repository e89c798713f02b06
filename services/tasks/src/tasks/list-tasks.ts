import type { Cursors } from '@daymark/kit/cursor'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import type { TaskQuery } from '../../contracts.ts'
import { findWords } from '../search/find-words.ts'
import { nothingListed, type TaggedPage, taggedPage } from '../tagged-page.ts'
import { countCarriers, listTasks } from './list-queries.ts'
import { toTimeZone } from './task-fields.ts'

/**
 * Lists what a query asks for.
 * @throws {Problem} invalidCursor; unprocessable for a time zone that nobody knows, no word or too many
 */
export async function pageOfTasks (pool: DatabasePool, cursors: Cursors, user_id: string, query: TaskQuery, ifNoneMatch?: string): Promise<TaggedPage> {
  const { status = 'all', sort = 'position', direction = 'asc', time_zone: given = 'UTC', limit = 50, cursor, q, ...filters } = query
  const time_zone = given === 'UTC' ? given : toTimeZone(given, '/querystring/time_zone')
  const search = q === undefined ? { words: [], meant: null, seq: undefined } : await asUser(user_id, () => findWords(pool, user_id, q))
  const listed = [user_id, 'tasks', JSON.stringify(Object.entries({ ...filters, status, sort, direction, time_zone, ...q !== undefined && { q, meant: search.meant } }).sort())]
  // What the words mean is looked up ahead of the page: the ETag must not stand for what was written since.
  const { words, seq } = search
  return await taggedPage(pool, cursors, { user_id, listed, limit, cursor, ifNoneMatch, seq }, async (after) => {
    if (seq !== undefined && words.some(({ hits }) => hits === 0)) return nothingListed(seq)
    const { label } = filters
    const carriers = label === undefined ? undefined : await countCarriers(pool, { user_id, label })
    return await listTasks(pool, { ...filters, carriers, user_id, status, sort, direction, time_zone, words, after, limit })
  })
}
