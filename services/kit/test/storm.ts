import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { type CommonQueryMethods, type DatabasePool, type DatabaseTransactionConnection, sql } from 'slonik'
import { asUser, asWriter } from '../src/scope.ts'
import { anything, owned } from './tenants.ts'

// Statements that leave the tenant to row-level security: none of them says whose rows it wants.
const statements = {
  list: sql.type(owned)`SELECT user_id FROM tasks.tasks`,
  listPrepared: sql.prepared('storm_list', owned)`SELECT user_id FROM tasks.tasks WHERE version > ${0}`,
  lists: sql.prepared('storm_lists', owned)`SELECT user_id FROM tasks.lists`,
  rename: sql.prepared('storm_rename', owned)`UPDATE tasks.tasks SET version = version + ${1} RETURNING user_id`,
  advance: sql.type(owned)`UPDATE tasks.accounts SET seq = seq + 1 RETURNING user_id`,
  divide: sql.type(anything)`SELECT 1 / 0 FROM tasks.tasks`,
  dividePrepared: sql.prepared('storm_divide', anything)`SELECT 1 / (version - version + ${0}) FROM tasks.tasks`,
  secondInbox: sql.type(anything)`INSERT INTO tasks.lists (user_id, id, name, is_inbox) SELECT user_id, gen_random_uuid(), 'Inbox', true FROM tasks.accounts`,
  mistaken: sql.type(anything)`SELECT no_such_column FROM tasks.tasks`,
  terminate: sql.type(anything)`SELECT pg_terminate_backend(pg_backend_pid())`,
  forget: sql.type(anything)`DEALLOCATE ALL`,
}

const reads = fc.constantFrom('list', 'listPrepared', 'lists').map((read) => ({ kind: 'read' as const, read: read as 'list' | 'listPrepared' | 'lists' }))
const writes = fc.constantFrom('rename', 'advance').map((write) => ({ kind: 'write' as const, write: write as 'rename' | 'advance' }))
const adds = fc.constant({ kind: 'add' as const })
const failures = fc.constantFrom('divide', 'dividePrepared', 'secondInbox', 'mistaken', 'timeout', 'foreign')
  .map((failure) => ({ kind: 'fail' as const, failure: failure as 'divide' | 'dividePrepared' | 'secondInbox' | 'mistaken' | 'timeout' | 'foreign' }))
const breaks = fc.constantFrom('terminate', 'forget').map((what) => ({ kind: 'break' as const, what: what as 'terminate' | 'forget' }))

export type Step =
  | { kind: 'read', read: 'list' | 'listPrepared' | 'lists' }
  | { kind: 'write', write: 'rename' | 'advance' }
  | { kind: 'add' }
  | { kind: 'fail', failure: 'divide' | 'dividePrepared' | 'secondInbox' | 'mistaken' | 'timeout' | 'foreign' }
  | { kind: 'break', what: 'terminate' | 'forget' }
  | { kind: 'unscoped' | 'badScope' | 'otherScope' | 'throw' }
  | { kind: 'savepoint' | 'transaction', steps: Step[], isCaught: boolean }
  | { kind: 'connection', parts: Array<{ tenant: number, steps: Step[] }>, isAbandoned: boolean, isLeftOpen: boolean }

const simple = fc.oneof(
  { weight: 5, arbitrary: reads },
  { weight: 3, arbitrary: writes },
  { weight: 1, arbitrary: adds },
  { weight: 3, arbitrary: failures },
  { weight: 1, arbitrary: breaks },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('unscoped' as const, 'badScope' as const) }) },
)
const inTransaction: fc.Arbitrary<Step> = fc.letrec<{ step: Step, savepoint: Step }>((tie) => ({
  step: fc.oneof({ maxDepth: 2, withCrossShrink: true }, { weight: 8, arbitrary: simple }, { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('otherScope' as const, 'throw' as const) }) }, { weight: 2, arbitrary: tie('savepoint') }),
  savepoint: fc.record({ kind: fc.constant('savepoint' as const), steps: fc.array(tie('step'), { minLength: 1, maxLength: 3 }), isCaught: fc.boolean() }),
})).step
const transaction: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('transaction' as const), steps: fc.array(inTransaction, { maxLength: 5 }), isCaught: fc.constant(true) })
const connection = (tenants: number): fc.Arbitrary<Step> => fc.record({
  kind: fc.constant('connection' as const),
  parts: fc.array(fc.record({ tenant: fc.nat(tenants - 1), steps: fc.array(fc.oneof({ weight: 4, arbitrary: simple }, { weight: 1, arbitrary: transaction }), { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 4 }),
  isAbandoned: fc.boolean(),
  isLeftOpen: fc.boolean(),
})

/** What a number of clients do at once, each one step after the other. */
export const storms = (tenants: number): fc.Arbitrary<Array<{ tenant: number, steps: Step[] }>> => fc.array(fc.record({
  tenant: fc.nat(tenants - 1),
  steps: fc.array(fc.oneof({ weight: 6, arbitrary: simple }, { weight: 2, arbitrary: transaction }, { weight: 2, arbitrary: connection(tenants) }), { minLength: 1, maxLength: 5 }),
}), { minLength: 2, maxLength: 8 })

type Place = 'pool' | 'connection' | 'transaction'

/** What came of a storm: each thing that must never be, and how often what should succeed did. */
export interface Weather { faults: string[], served: number, failed: Map<string, number> }

/** Lets a storm loose on a pool. Errors are what it is made of; rows of someone else, or of nobody's asking, are faults. */
export async function unleash (pool: DatabasePool, tenants: readonly string[], clients: Array<{ tenant: number, steps: Step[] }>, { breaks = true } = {}): Promise<Weather> {
  const weather: Weather = { faults: [], served: 0, failed: new Map() }

  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      const name = (error as Error).message
      weather.failed.set(name, (weather.failed.get(name) ?? 0) + 1)
    }
  }
  /** Holds the rows that `work` gives to be `me`'s, and to be there: each tenant has some of each kind. */
  const mine = async (me: string, what: string, work: () => Promise<ReadonlyArray<{ user_id: string }>>) => {
    const rows = await work()
    weather.served++
    if (rows.length === 0) weather.faults.push(`${what}: none of one's own rows`)
    if (rows.some(({ user_id }) => user_id !== me)) weather.faults.push(`${what}: a row of someone else's`)
  }
  const refused = async (what: string, work: () => Promise<unknown>) => {
    const isDone = await work().then(() => true, () => false)
    if (isDone) weather.faults.push(`${what} was not refused`)
  }

  async function perform (db: CommonQueryMethods, me: string, step: Step, place: Place): Promise<unknown> {
    // In a transaction the scope is the transaction's, and an error ends it.
    const isInside = place === 'transaction'
    const read = <T>(work: () => Promise<T>) => isInside ? work() : asUser(me, work)
    const write = <T>(work: () => Promise<T>) => isInside ? work() : asWriter(me, work)
    const tolerant = isInside ? (work: () => Promise<unknown>) => work() : attempt
    switch (step.kind) {
      case 'read': return await tolerant(() => mine(me, `${place} ${step.read}`, () => read(() => db.any(statements[step.read]))))
      case 'write': return await tolerant(() => mine(me, `${place} ${step.write}`, () => write(() => db.any(statements[step.write]))))
      case 'add': return await tolerant(() => mine(me, `${place} add`, () => write(() => db.any(sql.type(owned)`
        INSERT INTO tasks.tasks (user_id, id, title) SELECT user_id, ${randomUUID()}::uuid, 'added' FROM tasks.accounts RETURNING user_id`))))
      case 'fail':
        if (step.failure === 'timeout') {
          if (!isInside) return
          await db.query(sql.type(anything)`SET LOCAL statement_timeout = 5`)
          return await db.query(sql.type(anything)`SELECT pg_sleep(60)`)
        }
        return await tolerant(() => write(() => db.query(step.failure === 'foreign'
          ? sql.type(anything)`INSERT INTO tasks.tasks (user_id, id, title) VALUES (${tenants.find((tenant) => tenant !== me)!}::uuid, ${randomUUID()}::uuid, 'planted')`
          : statements[step.failure as 'divide'])))
      case 'break':
        if (!breaks) return
        return await tolerant(() => read(() => db.query(statements[step.what])))
      case 'unscoped':
        if (isInside) return
        return await refused('a statement without a scope', () => db.any(statements.list))
      case 'badScope':
        if (isInside) return
        return await refused('a scope that is no user', () => asWriter('no-uuid', () => db.any(statements.listPrepared)))
      case 'otherScope': return await refused('another scope in a transaction', () => asUser(tenants.find((tenant) => tenant !== me)!, () => db.any(statements.list)))
      case 'throw': throw new Error('on purpose')
      case 'savepoint': {
        const nested = (db as DatabaseTransactionConnection).transaction((tx) => all(tx, me, step.steps, 'transaction'))
        return await (step.isCaught ? attempt(() => nested) : nested)
      }
      case 'transaction': return await attempt(() => asWriter(me, () => (db as DatabasePool).transaction((tx) => all(tx, me, step.steps, 'transaction'))))
      case 'connection': return await attempt(() => (db as DatabasePool).connect(async (connection) => {
        for (const { tenant, steps } of step.parts) await all(connection, tenants[tenant]!, steps, 'connection')
        if (step.isAbandoned) attempt(() => asUser(me, () => mine(me, 'abandoned', () => connection.any(statements.list)))).catch(() => {})
        if (step.isLeftOpen) await asUser(me, () => connection.query(sql.type(anything)`BEGIN`))
      }))
    }
  }
  const all = async (db: CommonQueryMethods, me: string, steps: readonly Step[], place: Place) => {
    for (const step of steps) await perform(db, me, step, place)
  }

  await Promise.all(clients.map(({ tenant, steps }) => all(pool, tenants[tenant]!, steps, 'pool')))
  return weather
}
