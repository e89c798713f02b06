import t from 'tap'
import { withConnection } from '../connection.ts'
import { migrate, readMigrations } from '../migrate.ts'
import { verify } from '../verify.ts'
import { bootstrap } from '../bootstrap.ts'
import { addressOf, adminUrl, ca, caFile, createEmptyDatabase, newName, passwords, urlFor } from './database.ts'
import { runCommand } from './command.ts'

const check = 'the locale folds letters of every script'

/** A database made by hand, with a locale that the test names, then given to our roles by bootstrap. */
async function databaseOf (t: { teardown: (work: () => unknown) => void }, locale: string) {
  const name = newName()
  t.teardown(() => withConnection({ url: adminUrl, ca }, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)))
  await withConnection({ url: adminUrl, ca }, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' ${locale}`))
  await bootstrap({ adminUrl, ca, database: name, passwords })
  return name
}

const verified = (name: string) => runCommand('verify.ts', [], { DAYMARK_ENV: 'development', DATABASE_CA_FILE: caFile, DATABASE_DIRECT_URL: urlFor('daymark_owner', name) })
const remedy = /the locale of the database test_\w+, C, knows the letters of ASCII alone.*npm run db:bootstrap -- --database NAME.*specs\/database\/neon-migration.md/

t.test('FR-077: an empty database of a locale that folds ASCII alone is not migrated, and told with the remedy', async (t) => {
  const name = await databaseOf(t, "LOCALE_PROVIDER libc LOCALE 'C'")
  await t.rejects(migrate(addressOf('daymark_owner', name)), { message: remedy })
  t.match(await verified(name), { code: 1, stdout: new RegExp(`✗ ${check}: ${remedy.source}`) })
  await withConnection(addressOf('daymark_owner', name), async (client) => t.same((await client.query("SELECT to_regnamespace('tasks') AS tasks")).rows, [{ tasks: null }]))
})

t.test('FR-077: one in use goes on: it is migrated with a warning, and db:verify tells it', async (t) => {
  const name = await createEmptyDatabase(t)
  const address = addressOf('daymark_owner', name)
  await migrate({ ...address, to: readMigrations().length - 1 })
  // As a release before left it, which asked for no locale.
  await withConnection({ url: adminUrl, ca }, (admin) => admin.query("UPDATE pg_database SET datlocprovider = 'c', datcollate = 'C', datctype = 'C', datlocale = NULL WHERE datname = $1", [name]))
  const lines: string[] = []
  t.equal((await migrate({ ...address, log: (line) => lines.push(line) })).length, 1)
  t.match(lines[0], new RegExp(`^! ${remedy.source}`))
  t.match(await verified(name), { code: 1, stdout: new RegExp(`✗ ${check}: ${remedy.source}.*\\n(✓.*\\n)*1 of \\d+ checks do not hold`) })
})

t.test('FR-077: what bootstrap makes, and the locales of hosts, fold: C.UTF-8 of the system and of PostgreSQL, and ICU\'s', async (t) => {
  for (const locale of ["LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'", "LOCALE_PROVIDER icu ICU_LOCALE 'und'", "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'"]) {
    const name = await databaseOf(t, locale)
    t.equal((await migrate(addressOf('daymark_owner', name))).length, readMigrations().length, locale)
    await withConnection(addressOf('daymark_owner', name), async (client) => t.same((await verify(client)).filter(({ ok }) => !ok), [], locale))
  }
})
