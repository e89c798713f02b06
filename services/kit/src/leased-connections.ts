import type { DatabasePool, DatabasePoolConnection } from 'slonik'
import { Problem } from './problem.ts'
import { beforeRelease } from './scoped-driver.ts'

/** Milliseconds that a request waits for a connection, before it is told that the database cannot be had. */
const patience = 5000
/** Milliseconds a connection is kept at most: what a name stands for may have changed. */
const longestLease = 30 * 60_000

export interface LeaseOptions {
  /** How many connections there are at most. */
  size: number
  /** After how long without work one is closed, so that a serverless database can sleep. */
  idleSeconds: number
}

/** A connection of Slonik's that is kept from query to query. */
interface Lease {
  connection: DatabasePoolConnection
  until: number
  isOver: boolean
  /** Ends it: Slonik closes the connection. */
  endBy: (reason: Error) => void
  /** Fails what runs on it. */
  fail: (reason: Error) => void
  idle: NodeJS.Timeout
}

interface Waiter { serve: (lease: Lease) => void, refuse: (reason: Error) => void }

const queries = ['any', 'anyFirst', 'exists', 'many', 'manyFirst', 'maybeOne', 'maybeOneFirst', 'one', 'oneFirst', 'query'] as const

/**
 * A pool that leases connections from Slonik's and runs one query after the other on them: to take one out and put it back for
 * each costs as much again as the query does. Those who find none free wait here for a bounded time; Slonik's own queue has
 * no deadline, and forgets those in it when a new connection cannot be made. Whoever gives up has asked the database nothing.
 * A connection on which anything failed but by a {@link Problem} is closed.
 */
export function leasedConnections (pool: DatabasePool, { size, idleSeconds }: LeaseOptions): DatabasePool {
  const free: Lease[] = [] // the last used is used first, so that the others can go
  const waiting = new Set<Waiter>()
  let count = 0
  let isClosing = false

  function open (): Promise<Lease> {
    count++
    return new Promise((resolve, reject) => {
      let lease: Lease | undefined
      pool.connect((connection) => {
        const { promise: end, reject: endBy } = Promise.withResolvers<never>()
        const idle = setTimeout(() => { if (lease && free.includes(lease)) close(lease) }, idleSeconds * 1000).unref()
        lease = { connection, until: Date.now() + longestLease, isOver: false, endBy, fail: () => {}, idle }
        resolve(lease)
        return end
      }).catch((error: Error) => {
        count--
        if (lease) forget(lease)
        lease?.fail(error)
        reject(error)
        const [next] = waiting
        if (next) open().then(next.serve, next.refuse)
      })
    })
  }

  function forget (lease: Lease): void {
    lease.isOver = true
    clearTimeout(lease.idle)
    if (free.includes(lease)) free.splice(free.indexOf(lease), 1)
  }

  function close (lease: Lease): void {
    forget(lease)
    lease.endBy(new Error('The lease of a connection is over'))
  }

  function take (): Promise<Lease> {
    const lease = free.pop()
    if (lease) return Promise.resolve(lease)
    return count < size ? open() : wait()
  }

  const wait = () => new Promise<Lease>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      waiting.delete(waiter)
    }
    const waiter: Waiter = {
      serve: (lease) => {
        leave()
        resolve(lease)
      },
      refuse: (reason) => {
        leave()
        reject(reason)
      },
    }
    const timer = setTimeout(() => { waiter.refuse(new Error('Connection timeout: none became free')) }, patience)
    waiting.add(waiter)
  })

  function giveBack (lease: Lease): void {
    if (lease.isOver) return
    if (isClosing || Date.now() > lease.until) return close(lease)
    const [next] = waiting
    if (next) return next.serve(lease)
    lease.idle.refresh()
    free.push(lease)
  }

  async function run<T> (work: (connection: DatabasePoolConnection) => Promise<T>): Promise<T> {
    const lease = await take()
    try {
      return await new Promise<T>((resolve, reject) => {
        lease.fail = reject
        work(lease.connection).then(resolve, reject)
      })
    } catch (error) {
      if (!(error instanceof Problem) && !lease.isOver) close(lease)
      throw error
    } finally {
      giveBack(lease)
    }
  }

  /** The same of what might leave a transaction open. */
  const runWhole = <T>(work: (connection: DatabasePoolConnection) => Promise<T>) => run(async (connection) => {
    const look = () => connection.query(beforeRelease)
    const result = await work(connection).catch(async (error: unknown) => {
      if (error instanceof Problem) await look()
      throw error
    })
    await look()
    return result
  })

  const query = (name: typeof queries[number]) => (...parameters: Parameters<DatabasePool[typeof name]>) =>
    run((connection) => (connection[name] as (...parameters: unknown[]) => Promise<unknown>)(...parameters))
  return {
    ...pool,
    ...Object.fromEntries(queries.map((name) => [name, query(name)])),
    connect: (work) => runWhole(work),
    transaction: (work, ...retry) => runWhole((connection) => connection.transaction(work, ...retry)),
    end: async () => {
      isClosing = true
      for (const lease of [...free]) close(lease)
      await pool.end()
    },
  }
}
