import type { Cursors, Place } from '@daymark/kit/cursor'
import { etagOfQuery, isKnown } from '@daymark/kit/etag'
import type { JsonText } from '@daymark/kit/json-text'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import { lastChange } from './changes/queries.ts'

/** A page of texts and what goes with them, or null where the caller has it already. */
export interface TaggedPage<T> { page: { items: Array<JsonText<T>>, rest: { next_cursor: string | null } } | null, etag: string }

/** A row of a page: where it stands in the order, and the number of the tenant's last change, read at the same moment. */
export interface Listed<T> { id: string, json: JsonText<T>, place: string, seq: number }

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
 * each row has as `seq`, is what its ETag tells.
 * @throws {Problem} invalidCursor
 */
export async function taggedPage<T> (
  pool: DatabasePool, cursors: Cursors, { user_id, listed, limit, cursor, ifNoneMatch, seq: before }: Asked, read: (after: After, limit: number) => Promise<ReadonlyArray<Listed<T>>>,
): Promise<TaggedPage<T>> {
  const [key = '', id = ''] = cursor === undefined ? [] : cursors.read(cursor, listed)
  const etagAt = (seq: number) => etagOfQuery([seq], [...listed, limit, cursor])
  return await asUser(user_id, async () => {
    if (ifNoneMatch !== undefined) {
      const etag = etagAt(await lastChange(pool, { user_id }))
      if (isKnown(ifNoneMatch, etag)) return { page: null, etag }
    }
    const readPage = () => read(cursor === undefined ? null : { key, id }, limit + 1) // one more tells whether a page follows
    let found = await readPage()
    let seq = before ?? found[0]?.seq
    if (seq === undefined) {
      // No row tells the number. Asked for ahead of the page it can only be too small: then the next answer is given in full.
      seq = await lastChange(pool, { user_id })
      found = await readPage()
    }
    const { items, next_cursor } = cursors.page(found, limit, ({ place, id }): Place => [place, id], listed)
    return { page: { items: items.map(({ json }) => json), rest: { next_cursor } }, etag: etagAt(seq) }
  })
}
