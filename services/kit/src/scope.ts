import { AsyncLocalStorage } from 'node:async_hooks'

/** Whose rows a statement may touch, and whether it queues behind the tenant's other writers. */
export interface Scope {
  readonly userId: string
  readonly lock: boolean
  /** Whether a transaction sees what there was at its beginning throughout, and only reads. */
  readonly isFrozen?: boolean
}

const current = new AsyncLocalStorage<Scope>()

/** Runs `work` so that each statement it makes sees the rows of one user alone. */
export const asUser = <T>(userId: string, work: () => Promise<T>): Promise<T> =>
  current.run({ userId, lock: false }, work)

/**
 * As {@link asUser}, and each statement first waits for the tenant's lock: its snapshot is taken after the wait, so it
 * sees whatever it waited for.
 */
export const asWriter = <T>(userId: string, work: () => Promise<T>): Promise<T> =>
  current.run({ userId, lock: true }, work)

/** As {@link asUser}, and all that one transaction reads is of one moment. */
export const asReaderOfOneMoment = <T>(userId: string, work: () => Promise<T>): Promise<T> =>
  current.run({ userId, lock: false, isFrozen: true }, work)

/** The scope of the running request; undefined outside of one. */
export const currentScope = (): Scope | undefined => current.getStore()
