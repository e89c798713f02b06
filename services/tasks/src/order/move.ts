import type { CommonQueryMethods } from 'slonik'
import type { Move } from '../../contracts.ts'
import { unprocessable } from '../../problems.ts'
import { type Edits, editsGiven } from '../changes/write-statements.ts'
import { between, hasRoomFor, spread } from './keys.ts'
import { findPlace, newestKey, type Ordered, placeBefore, placesBehind } from './queries.ts'

/** How many that stand behind are moved along at most, where there is no room otherwise. */
const windows = [0, 50, 1000]

/**
 * Finds the edits by which something comes to stand where it is moved to: its own, the first, and those of neighbours where
 * there is no room, because they stand level or their keys have grown too long. Behind the tenant's lock.
 * @throws {Problem} unprocessable where what it is to stand next to is not there
 */
export async function editsOfMove (
  db: CommonQueryMethods, ordered: Ordered, { versions, ...asked }: { user_id: string, id: string, versions: number[] | null }, { after, before }: Move,
): Promise<Edits> {
  const neighbour = async (field: 'after' | 'before', id: string) => {
    const found = id.toLowerCase() === asked.id.toLowerCase() ? null : await findPlace(db, ordered, { ...asked, id })
    return found ?? refuse(field)
  }
  const low = typeof after === 'string'
    ? await neighbour('after', after)
    : after === null ? null : await placeBefore(db, ordered, { ...asked, of: typeof before === 'string' ? await neighbour('before', before) : null })

  for (const window of windows) {
    const behind = await placesBehind(db, ordered, { ...asked, of: low, limit: window + 1 })
    const [along, next] = [behind.slice(0, window), behind[window]?.position ?? null]
    const keys = low === null && window === 0 ? [await firstKey(db, next)] : spread(low?.position ?? null, next, along.length + 1)
    if (!hasRoomFor(keys, low?.position ?? null, next)) continue
    return editsGiven([{ id: asked.id, versions }, ...along].map(({ id, ...one }, n) => ({ ...one, id, patch: { position: keys[n] } })))
  }
  throw unprocessable(after === undefined ? '/before' : '/after', 'no_room', 'There is no room left there: move it to another place')
}

/** First of all; what is new later comes before it, as it does before everything. */
async function firstKey (db: CommonQueryMethods, next: string | null): Promise<string> {
  const newest = await newestKey(db)
  return next === null ? newest : between(newest < next ? newest : null, next)
}

function refuse (field: 'after' | 'before'): never {
  throw unprocessable(`/${field}`, 'unknown', `${field} must be the id of another one of yours, or null`)
}
