import { allowedVersions, etagOf } from '@daymark/kit/etag'
import type { CommonQueryMethods } from 'slonik'
import { staleVersion, taskNotFound } from '../../problems.ts'
import { authorOf, type Origin } from '../changes/origin.ts'
import { type Author, purgeTasks } from '../changes/write-statements.ts'
import { findTrashed, type Purged, purgingOfLeaves, purgingOfOldest, purgingOfTree } from './queries.ts'

/** What goes in one statement. */
const most = 1000

/**
 * Deletes a task that is in the trash for good, with what is below it there. Nothing brings it back. Gives the number of the change.
 * Behind the tenant's lock; not one statement.
 * @throws {Problem} taskNotFound for one that is not in the trash; staleVersion, with the task as it is
 */
export async function purgeTask (db: CommonQueryMethods, origin: Origin, id: string): Promise<number | null> {
  const author = authorOf(origin)
  const root = { user_id: author.user_id, id, versions: allowedVersions(origin.headers['if-match']), most }
  let first: number | null = null
  for (;;) {
    const { found, stale, seq } = await purgeTasks(db, purgingOfTree(root), { ...author, group_seq: first ?? undefined })
    if (found === 0 && first === null) throw taskNotFound()
    if (stale > 0) throw await staleTask(db, root)
    first ??= seq
    if (found < most) return first
  }
}

async function staleTask (db: CommonQueryMethods, root: { user_id: string, id: string }) {
  const current = await findTrashed(db, root)
  return current ? staleVersion({ current, headers: { etag: etagOf(current) } }) : taskNotFound()
}

/**
 * Deletes for good what is in the trash, or what came there up to an instant, as one group of changes. Behind the tenant's lock;
 * not one statement.
 */
export async function emptyTrash (db: CommonQueryMethods, origin: Origin, until?: string): Promise<{ purged: number, seq: number | null }> {
  const author = authorOf(origin)
  let [total, first]: [number, number | null] = [0, null]
  for (;;) {
    const { purged, seq } = await purgeSome(db, { until }, most, { ...author, group_seq: first ?? undefined })
    if (purged === 0) return { purged: total, seq: first }
    total += purged
    first ??= seq
  }
}

/** Deletes some for good of what came to the trash up to an instant; none where there are none, or all wait for what is below them. */
export async function purgeSome (db: CommonQueryMethods, which: Purged, most: number, author: Author): Promise<{ purged: number, seq: number | null }> {
  const oldest = await purgeTasks(db, purgingOfOldest(author.user_id, which, most), author)
  return oldest.purged > 0 ? oldest : await purgeTasks(db, purgingOfLeaves(author.user_id, which, most), author)
}
