import { AsyncLocalStorage } from 'node:async_hooks'
import pLimit from 'p-limit'
import { busy } from './problem.ts'

/** Whose rows a statement may touch, and whether it queues behind the tenant's other writers. */
export interface Scope { readonly userId: string, readonly lock: boolean }

const current = new AsyncLocalStorage<Scope>()

/** Runs `work` so that each statement it makes sees the rows of one user alone. */
export const asUser = <T>(userId: string, work: () => Promise<T>): Promise<T> =>
  current.run({ userId, lock: false }, work)

/**
 * As {@link asUser}, and each statement first waits for the tenant's lock: its snapshot is taken after the wait, so it
 * sees whatever it waited for.
 * @throws {Problem} busy (503) when too many of the same user wait already
 */
export const asWriter = <T>(userId: string, work: () => Promise<T>): Promise<T> =>
  inTurn(userId, () => current.run({ userId, lock: true }, work))

/**
 * Writers of one tenant queue at the tenant's lock anyway. All but two of them queue here, where waiting takes no
 * connection, so that one busy tenant cannot hold the whole pool: one writes, and one is at the lock to follow at once.
 */
async function inTurn<T> (userId: string, write: () => Promise<T>): Promise<T> {
  const turns = writers.get(userId) ?? pLimit(2)
  if (turns.pendingCount >= longestQueue) throw busy()
  writers.set(userId, turns)
  try {
    return await turns(write)
  } finally {
    if (turns.activeCount === 0 && turns.pendingCount === 0) writers.delete(userId)
  }
}

const writers = new Map<string, ReturnType<typeof pLimit>>()
const longestQueue = 200

/** The scope of the running request; undefined outside of one. */
export const currentScope = (): Scope | undefined => current.getStore()
