import type { Cursors } from '@daymark/kit/cursor'
import { etagOfQuery, isKnown } from '@daymark/kit/etag'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import type { TrashPage, TrashQuery } from '../../contracts.ts'
import { lastChange } from '../tasks/list-queries.ts'
import { listTrash } from './queries.ts'

/**
 * Lists what is in the trash; no page where the caller has it already. What is deleted meanwhile comes before all that is
 * listed, so that pages neither repeat nor skip a task that stays in the trash.
 * @throws {Problem} invalidCursor
 */
export async function pageOfTrash (pool: DatabasePool, cursors: Cursors, user_id: string, { limit = 50, cursor }: TrashQuery, ifNoneMatch?: string): Promise<{ page: TrashPage | null, etag: string }> {
  const listed = [user_id, 'trash']
  const [key = '', id = ''] = cursor === undefined ? [] : cursors.read(cursor, listed)
  const etagAt = (seq: number) => etagOfQuery([seq], [...listed, limit, cursor])
  return await asUser(user_id, async () => {
    if (ifNoneMatch !== undefined) {
      const etag = etagAt(await lastChange(pool, { user_id }))
      if (isKnown(ifNoneMatch, etag)) return { page: null, etag }
    }
    const found = await listTrash(pool, { user_id, after: cursor === undefined ? null : { key, id }, limit: limit + 1 }) // one more tells whether a page follows
    return { page: cursors.page(found, limit, ({ place, id }) => [place, id], listed), etag: etagAt(found[0]?.seq ?? 0) }
  })
}
