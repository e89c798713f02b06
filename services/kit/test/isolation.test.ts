import t from 'tap'
import fc from 'fast-check'
import { sql } from 'slonik'
import { asUser } from '../src/scope.ts'
import { createTestDatabase } from '../src/test-database.ts'
import { storms, unleash } from './storm.ts'
import { addTenants, openPool, owned } from './tenants.ts'
import { startWire } from './wire.ts'

const database = await createTestDatabase(t)
const tenants = await addTenants(database, 6)

for (const named of [false, true]) {
  t.test(`FR-032: no concurrency, error or reuse of connections shows another tenant's row, with ${named ? 'named' : 'unnamed'} statements`, async (t) => {
    const failed = new Map<string, number>()
    let served = 0
    // Through the wire ReadyForQuery comes late, so that statements queue in pg as they do over a real network.
    const wire = await startWire(t, database)
    wire.holdReady()
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.boolean(), storms(tenants.length), async (size, isDirect, clients) => {
      const ends: Array<() => unknown> = []
      const pool = await openPool({ teardown: (end) => ends.push(end) }, database, { size, named, ...!isDirect && { url: wire.url } })
      try {
        const weather = await unleash(pool, tenants, clients)
        served += weather.served
        for (const [name, count] of weather.failed) failed.set(name, (failed.get(name) ?? 0) + count)
        // Whatever the connections have been through, they serve everyone what is theirs and all of it.
        const counts = await database.asSuperuser<{ user_id: string, count: string }>('SELECT user_id, count(*) FROM tasks.tasks GROUP BY user_id')
        for (const { user_id, count } of counts) {
          const rows = await asUser(user_id, () => pool.any(sql.type(owned)`SELECT user_id FROM tasks.tasks`))
          if (rows.length !== Number(count) || rows.some((row) => row.user_id !== user_id)) weather.faults.push('afterwards: not what is theirs')
        }
        if (weather.faults.length > 0) throw new Error(weather.faults.join('; '))
      } finally {
        for (const end of ends) await end()
      }
    }), { numRuns: 15, endOnFailure: true })
    t.same(await database.asSuperuser("SELECT 1 FROM tasks.tasks WHERE title = 'planted'"), [], 'no row was planted on another')
    t.ok(served > 100, `${served} statements were served`)
    t.ok(failed.size > 4, `and ${[...failed.values()].reduce((sum, count) => sum + count, 0)} failed, in ${failed.size} ways`)
  })
}
