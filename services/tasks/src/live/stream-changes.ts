import { notSignedIn } from '@daymark/kit/problem'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import type { Change } from '../../contracts.ts'
import { listChangesSince } from '../changes/queries.ts'
import type { RevocationFeed } from '../revocations/revocation-feed.ts'
import type { Waiter } from './waiters.ts'

const heartbeat = 15_000
/** Read at once; a reader that is slow holds no more than that in memory. */
const most = 50

const comment = (text = '') => `:${text}\n\n`
const event = (name: string, data: unknown, id?: number) => `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/**
 * The changes of one account after what a waiter has seen, as Server-Sent Events, for as long as its token is good. The last event
 * says why there are no more. It reads when it is woken and at no other time.
 */
export async function * streamChanges ({ pool, feed, waiter }: { pool: DatabasePool, feed: RevocationFeed, waiter: Waiter }): AsyncGenerator<string> {
  const { bearer } = waiter
  const { sub: user_id } = bearer
  yield `${comment(' changes, oldest first')}retry: 2000\n\n`
  for (;;) {
    const changes = await asUser(user_id, () => listChangesSince(pool, { user_id, since: waiter.seen, limit: most }))
    for (const change of changes) {
      if (waiter.ending !== undefined) break
      waiter.seen = change.seq
      yield event('change', change, change.seq)
    }
    const woken = await waiter.next(changes.length === most ? 0 : heartbeat)
    if (woken === 'gone') return
    if (woken !== 'news' && woken !== 'time') return yield event('end', { reason: woken })
    if (woken === 'time' && changes.length < most) {
      await feed.isRevoked(bearer, { isWrite: false }).catch(() => {}) // so that the feed goes on telling; it ends the waiter itself
      yield comment()
    }
  }
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
