import type { Cursors } from '@daymark/kit/cursor'
import { etagOfQuery, isKnown } from '@daymark/kit/etag'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import { lastChange } from './changes/queries.ts'

/** The texts of a page, joined, and what goes with them, or null where the caller has it already. */
export interface TaggedPage { page: { items: string, rest: { next_cursor: string | null } } | null, etag: string }

/** A page as the database tells it (`asPage`): where its last row stands, if another follows, and the number of the tenant's last change. */
export interface Listed { items: string, id: string | null, place: string | null, has_more: boolean, seq: number }

/** A page of nothing. */
export const nothingListed = (seq: number): Listed => ({ items: '', id: null, place: null, has_more: false, seq })

export interface Asked {
  user_id: string
  /** Everything that decides which rows are listed in which order, the tenant first. */
  listed: readonly string[]
  limit: number
  cursor: string | undefined
  ifNoneMatch: string | undefined
  /** The number of the tenant's last change when what the page is made from was looked up, where that was before. */
  seq?: number | undefined
}

/** The row a page begins behind: its key in the sort order, and its id. */
export type After = { key: string, id: string } | null

/**
 * Reads one page of a tenant's. While they change nothing, the answer stays the same: the number of their last change, which
 * comes with the page, is what its ETag tells.
 * @throws {Problem} invalidCursor
 */
export async function taggedPage (
  pool: DatabasePool, cursors: Cursors, { user_id, listed, limit, cursor, ifNoneMatch, seq: before }: Asked, read: (after: After) => Promise<Listed>,
): Promise<TaggedPage> {
  const [key = '', id = ''] = cursor === undefined ? [] : cursors.read(cursor, listed)
  const etagAt = (seq: number) => etagOfQuery([seq], [...listed, limit, cursor])
  return await asUser(user_id, async () => {
    if (ifNoneMatch !== undefined) {
      const etag = etagAt(await lastChange(pool, { user_id }))
      if (isKnown(ifNoneMatch, etag)) return { page: null, etag }
    }
    const { items, seq, has_more: hasMore, ...last } = await read(cursor === undefined ? null : { key, id })
    const next_cursor = hasMore && last.place !== null && last.id !== null ? cursors.write([last.place, last.id], listed) : null
    return { page: { items, rest: { next_cursor } }, etag: etagAt(before ?? seq) }
  })
}
