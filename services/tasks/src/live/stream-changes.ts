import { notSignedIn } from '@daymark/kit/problem'
import { asUser } from '@daymark/kit/scope'
import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { DatabasePool } from 'slonik'
import type { Change } from '../../contracts.ts'
import { listChangesSince } from '../changes/queries.ts'
import type { RevocationFeed } from '../revocations/revocation-feed.ts'
import type { Waiter } from './waiters.ts'

const heartbeat = 15_000
/** How many changes are read at once. */
const most = 50
/** Characters of those that are kept for a reader that is slow, beside one that may be longer; the others are read again. */
const mostKept = 65_536

/** How long a reader has to take the last event. */
const lastWord = 1000

const comment = (text = '') => `:${text}\n\n`
const event = (name: string, data: unknown, id?: number) => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/**
 * The changes of one account after what a waiter has seen, as Server-Sent Events, for as long as its token is good. The last event
 * says why there are no more. It reads when it is woken and at no other time.
 */
export async function * streamChanges ({ pool, feed, waiter }: { pool: DatabasePool, feed: RevocationFeed, waiter: Waiter }): AsyncGenerator<string> {
  const { bearer } = waiter
  const { sub: user_id } = bearer
  // The number that a connection which breaks before the first change goes on behind.
  yield `${comment(' changes, oldest first')}id: ${waiter.seen}\nretry: 2000\n\n`
  for (let limit = most; ;) {
    const { events, isAll } = told(await asUser(user_id, () => listChangesSince(pool, { user_id, since: waiter.seen, limit })), limit)
    limit = Math.min(most, 2 * events.length || most)
    for (const { seq, text } of events) {
      if (waiter.ending !== undefined) break
      waiter.seen = seq
      yield text
    }
    const woken = await waiter.next(isAll ? heartbeat : 0)
    if (woken === 'gone') return
    if (woken !== 'news' && woken !== 'time') return yield event('end', { reason: woken })
    if (woken === 'time' && isAll) {
      await feed.isRevoked(bearer, { isWrite: false }).catch(() => {}) // so that the feed goes on telling; it ends the waiter itself
      yield comment()
    }
  }
}

/** Closes the connection of a reader that does not take the last event in time: it would keep its place, and the service from stopping. */
export function closeInTime (waiter: Waiter, raw: ServerResponse): void {
  const expiry = setTimeout(() => { waiter.end('expired') }, waiter.bearer.exp * 1000 - Date.now() + 1)
  waiter.ended.then(async () => {
    clearTimeout(expiry)
    await delay(lastWord, undefined, { ref: false })
    if (!raw.writableFinished) raw.destroy()
  }).catch(() => {})
}

/** The first of some changes as events, as many as are kept at once, and whether nothing was left, here or in the log. */
function told (changes: readonly Change[], limit: number): { events: Array<{ seq: number, text: string }>, isAll: boolean } {
  const events: Array<{ seq: number, text: string }> = []
  let kept = 0
  for (const change of changes) {
    const text = event('change', change, change.seq)
    kept += text.length
    if (events.length > 0 && kept > mostKept) break
    events.push({ seq: change.seq, text })
  }
  return { events, isAll: events.length < limit && events.length === changes.length }
}

/**
 * What comes after the change that a waiter has seen, as soon as there is something, or nothing when the time is over.
 * @throws {Problem} notSignedIn where the token has ended meanwhile
 */
export async function awaitChanges (waiter: Waiter, milliseconds: number, read: () => Promise<readonly Change[]>): Promise<readonly Change[]> {
  const deadline = Date.now() + milliseconds
  for (;;) {
    const found = await read()
    if (waiter.ending === 'revoked' || waiter.ending === 'expired') throw notSignedIn({ detail: 'The session is over.' })
    if (found.length > 0 || Date.now() >= deadline) return found
    const woken = await waiter.next(deadline - Date.now())
    if (woken === 'closing' || woken === 'gone') return found
  }
}
