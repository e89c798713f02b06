import type { DatabasePool } from 'slonik'

/** Milliseconds that a request waits for a connection, before it is told that the database cannot be had. */
const patience = 5000

const takers = ['any', 'anyFirst', 'connect', 'exists', 'many', 'manyFirst', 'maybeOne', 'maybeOneFirst', 'one', 'oneFirst', 'query', 'transaction'] as const

/**
 * A pool that lets in as many at once as it has connections, and keeps the others waiting here, for a bounded time. Slonik's
 * own queue has no deadline, and forgets those in it when a new connection cannot be made: they would wait until somebody
 * else comes, long after the database is back, and be carried out then. Whoever gives up here has asked the database nothing.
 */
export function boundedPool (pool: DatabasePool, size: number): DatabasePool {
  const waiting = new Set<() => void>()
  let free = size

  const wait = () => new Promise<void>((resolve, reject) => {
    const enter = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      waiting.delete(enter)
      reject(new Error('Connection timeout: none became free'))
    }, patience)
    waiting.add(enter)
  })
  const leave = () => {
    const [next] = waiting
    if (!next) return free++
    waiting.delete(next)
    next()
  }

  const bounded = (work: (...parameters: unknown[]) => Promise<unknown>) => async (...parameters: unknown[]) => {
    if (free > 0) free--
    else await wait()
    try {
      return await work(...parameters)
    } finally {
      leave()
    }
  }
  const methods = Object.fromEntries(takers.map((name) => [name, bounded(pool[name].bind(pool) as (...parameters: unknown[]) => Promise<unknown>)]))
  return { ...pool, ...methods }
}
