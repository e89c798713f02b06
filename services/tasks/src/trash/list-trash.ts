import type { Cursors } from '@daymark/kit/cursor'
import type { DatabasePool } from 'slonik'
import type { TrashQuery } from '../../contracts.ts'
import { type TaggedPage, taggedPage } from '../tagged-page.ts'
import { listTrash } from './queries.ts'

/**
 * Lists what is in the trash. What is deleted meanwhile comes before all that is listed, so that pages neither repeat nor skip
 * a task that stays in the trash.
 * @throws {Problem} invalidCursor
 */
export async function pageOfTrash (
  pool: DatabasePool, cursors: Cursors, user_id: string, { limit = 50, cursor }: TrashQuery, keep_days: number, ifNoneMatch?: string,
): Promise<TaggedPage> {
  return await taggedPage(pool, cursors, { user_id, listed: [user_id, 'trash', String(keep_days)], limit, cursor, ifNoneMatch }, (after) =>
    listTrash(pool, { user_id, after, limit }))
}
