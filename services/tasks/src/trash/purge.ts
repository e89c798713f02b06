import { allowedVersions, etagOf } from '@daymark/kit/etag'
import type { CommonQueryMethods } from 'slonik'
import { staleVersion, taskNotFound } from '../../problems.ts'
import { authorOf, type Origin } from '../changes/origin.ts'
import { purgeTasks } from '../changes/write-statements.ts'
import { emptying, findTrashed, purgingOfTree } from './queries.ts'

/** What goes in one statement. */
const most = 1000

/**
 * Deletes a task that is in the trash for good, with what is below it there. Nothing brings it back. Gives the number of the change.
 * @throws {Problem} taskNotFound for one that is not in the trash; staleVersion, with the task as it is
 */
export async function purgeTask (db: CommonQueryMethods, origin: Origin, id: string): Promise<number | null> {
  const author = authorOf(origin)
  const { user_id } = author
  const { found, stale, seq } = await purgeTasks(db, purgingOfTree({ user_id, id, versions: allowedVersions(origin.headers['if-match']) }), author)
  if (found === 0) throw taskNotFound()
  if (stale === 0) return seq
  const current = await findTrashed(db, { user_id, id })
  throw current ? staleVersion({ current, headers: { etag: etagOf(current) } }) : taskNotFound()
}

/**
 * Deletes for good what is in the trash, or what came there up to an instant, as one group of changes. Behind the tenant's lock;
 * not one statement.
 */
export async function emptyTrash (db: CommonQueryMethods, origin: Origin, until?: string): Promise<{ purged: number, seq: number | null }> {
  const author = authorOf(origin)
  let [total, first]: [number, number | null] = [0, null]
  for (;;) {
    const { purged, seq } = await purgeTasks(db, emptying(author.user_id, until, most), { ...author, group_seq: first ?? undefined })
    if (purged === 0) return { purged: total, seq: first }
    total += purged
    first ??= seq
  }
}
