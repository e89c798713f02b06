import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { withConnection } from '../connection.ts'
import { migrate, readMigrations } from '../migrate.ts'
import { readPrivileges } from '../privileges.ts'
import { readSchema } from '../schema.ts'
import { schemaFile } from '../verify.ts'
import { addressOf, createEmptyDatabase } from './database.ts'

async function describe (database: string) {
  return withConnection(addressOf('daymark_owner', database), async (client) => ({
    schema: await readSchema(client), privileges: await readPrivileges(client),
  }))
}

t.test('up, down, up gives the same schema, and down leaves nothing', async (t) => {
  const database = await createEmptyDatabase(t)
  const address = addressOf('daymark_owner', database)
  const newest = readMigrations().length

  t.equal((await migrate(address)).length, newest)
  const first = await describe(database)
  t.equal((await migrate({ ...address, to: 0 })).length, newest)
  t.same(await describe(database), { schema: [], privileges: {} })
  await migrate(address)
  t.same(await describe(database), first)
})

t.test('each migration alone goes down to what was there before it', async (t) => {
  const database = await createEmptyDatabase(t)
  const address = addressOf('daymark_owner', database)
  for (const { version, filename } of readMigrations()) {
    const before = await describe(database)
    await migrate({ ...address, to: version })
    await migrate({ ...address, to: version - 1 })
    t.same(await describe(database), before, filename)
    await migrate({ ...address, to: version })
  }
})

t.test('schema.txt records what the migrations give ("npm test -- db/test/schema.test.ts --snapshot" writes it)', async (t) => {
  const database = await createEmptyDatabase(t)
  await migrate(addressOf('daymark_owner', database))
  const { schema } = await describe(database)
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(schemaFile, `${schema.join('\n')}\n`)
  t.same(readFileSync(schemaFile, 'utf8').trimEnd().split(/\r?\n/), schema)
})
