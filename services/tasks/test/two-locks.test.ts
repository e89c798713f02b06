import t from 'tap'
import { askForWhatIsNotYours, startWorld } from './isolation-matrix.ts'
import { liftRowSecurity, predicatesOnTheWire } from './unguarded.ts'

t.setTimeout(30 * 60 * 1000) // some thousand questions, on a machine of any speed
const unnamed = { DATABASE_NAMED_STATEMENTS: 'false' }

t.test('SEC-82: without any tenant predicate in the statements, row-level security alone holds', async (t) => {
  const predicates = predicatesOnTheWire(t)
  const world = await startWorld(t, unnamed)
  const functions = await predicates.remove(world.database)
  t.same((await askForWhatIsNotYours(world, 'user')).findings, [])
  const { statements } = predicates
  t.same(predicates.left(), [], 'no predicate was left')
  t.same(predicates.without(), [], 'and every statement had one')
  t.ok(statements.size > 60)
  t.comment(`${[...statements.values()].reduce((sum, removed) => sum + removed)} predicates of ${statements.size} statements, and those of ${functions.join()}`)
})

t.test('SEC-82: without row-level security, the predicates of the statements alone hold', async (t) => {
  const world = await startWorld(t)
  t.ok(await liftRowSecurity(world.database) >= 8)
  t.same((await askForWhatIsNotYours(world, 'user')).findings, [])
})

t.test('SEC-82: without both, the same questions find what is not the asker\'s: they have teeth', async (t) => {
  const predicates = predicatesOnTheWire(t)
  const world = await startWorld(t, unnamed)
  await predicates.remove(world.database)
  await liftRowSecurity(world.database)
  const { findings, probes } = await askForWhatIsNotYours(world, 'user', async (work) => {
    // What the questions have done to the counters of all tenants would stand in the way of the next.
    await world.database.asSuperuser('UPDATE tasks.accounts a SET seq = greatest(seq, (SELECT max(c.seq) FROM tasks.changes c WHERE c.user_id = a.user_id))')
    return await predicates.keepDuring(work)
  })
  const found = new Set(findings.map(({ operation, place }) => `${operation} ${place}`))
  const missed = [...probes].filter((probe) => !found.has(probe) && !/ path user_id| query cursor$/.test(probe))
  t.same(missed, [], 'but for what the token and the signature of a cursor guard')
})
