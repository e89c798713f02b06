import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import { busy, Problem } from '@daymark/kit/problem'
import { asWriter } from '@daymark/kit/scope'
import pLimit from 'p-limit'
import type { DatabasePool } from 'slonik'
import { accountGone, isAccountMissing, openAccount } from './open-account.ts'

const turnsOf = new Map<string, ReturnType<typeof pLimit>>()
const longestQueue = 200

const listeners = new WeakMap<DatabasePool, (userId: string) => void>()

/**
 * Tells `listener` from now on of each account that was written to by this pool, after the commit; also where only the answer to
 * the commit may have been lost.
 */
export const onWritten = (pool: DatabasePool, listener: (userId: string) => void): unknown => listeners.set(pool, listener)

/** What a write throws that found no account: it is opened, and the write made again. Later writes pay nothing for that. */
export class NoAccountYet extends Error {}

/**
 * Runs a write of the signed-in tenant behind the tenant's lock. Writers queue at that lock anyway; all but two of them queue
 * here, where waiting takes no connection, so that one busy tenant cannot hold the whole pool: one writes, and one is at the
 * lock to follow at once. Never call it while holding a connection, which those in front may be waiting for.
 * @throws {Problem} busy (503) when too many of the same tenant wait already; accountGone
 */
export async function writeInTurn<T> (pool: DatabasePool, { id, user: { sub } }: { id: string, user: AccessTokenClaims }, write: () => Promise<T>): Promise<T> {
  let isRefused = false
  try {
    return await takeTurn(sub, write).catch(async (error: unknown) => {
      if (!(error instanceof NoAccountYet)) throw error
      await openAccount(pool, sub, id)
      return await takeTurn(sub, write).catch((again: unknown) => { throw again instanceof NoAccountYet ? accountGone() : again })
    })
  } catch (error) {
    isRefused = error instanceof Problem
    throw error
  } finally {
    if (!isRefused) listeners.get(pool)?.(sub)
  }
}

async function takeTurn<T> (userId: string, write: () => Promise<T>): Promise<T> {
  const turns = turnsOf.get(userId) ?? pLimit(2)
  if (turns.pendingCount >= longestQueue) throw busy()
  turnsOf.set(userId, turns)
  try {
    return await turns(() => asWriter(userId, write))
  } catch (error) {
    throw isAccountMissing(error) ? new NoAccountYet() : error
  } finally {
    if (turns.activeCount === 0 && turns.pendingCount === 0) turnsOf.delete(userId)
  }
}
