import type { Cursors } from '@daymark/kit/cursor'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import { TaskQuery } from '../../contracts.ts'
import { findWords } from '../search/find-words.ts'
import { nothingListed, type TaggedPage, taggedPage } from '../tagged-page.ts'
import { countCarriers, listTasks } from './list-queries.ts'
import { toTimeZone } from './task-fields.ts'

/**
 * Lists what a query asks for.
 * @throws {Problem} invalidCursor; unprocessable for a time zone that nobody knows, no word or too many
 */
export async function pageOfTasks (pool: DatabasePool, cursors: Cursors, user_id: string, query: TaskQuery, ifNoneMatch?: string): Promise<TaggedPage> {
  const { time_zone: given = 'UTC', limit = 50, cursor, q, label } = query
  const time_zone = given === 'UTC' ? given : toTimeZone(given, '/querystring/time_zone')
  const asked = { ...query, status: query.status ?? 'all', sort: query.sort ?? 'position', direction: query.direction ?? 'asc', time_zone, limit }
  const search = q === undefined ? { words: [], meant: null, seq: undefined } : await asUser(user_id, () => findWords(pool, user_id, q))
  const listed = [user_id, 'tasks', JSON.stringify([...deciding.map((name) => asked[name]), search.meant])]
  // What the words mean is looked up ahead of the page: the ETag must not stand for what was written since.
  const { words, seq } = search
  return await taggedPage(pool, cursors, { user_id, listed, limit, cursor, ifNoneMatch, seq }, async (after) => {
    if (seq !== undefined && words.some(({ hits }) => hits === 0)) return nothingListed(seq)
    const carriers = label === undefined ? undefined : await countCarriers(pool, { user_id, label })
    return await listTasks(pool, { ...asked, carriers, user_id, words, after })
  })
}

/** What decides which tasks are listed in which order. */
const deciding = (Object.keys(TaskQuery.properties) as Array<keyof TaskQuery>).filter((name) => name !== 'limit' && name !== 'cursor')
