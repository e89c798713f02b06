import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { connect, withConnection } from '../connection.ts'
import { migrate, migrationsFolder, readApplied, readMigrations } from '../migrate.ts'
import { readSchema } from '../schema.ts'
import { addressOf, caFile, createEmptyDatabase, createMigratedDatabase, urlFor } from './database.ts'
import { runCommand } from './command.ts'

const newest = readMigrations().length
const numbered = (offset: number) => String(newest + offset).padStart(3, '0')

/** A copy of our migrations, with more of them written by the test. */
function copyMigrations (t: { teardown: (work: () => void) => void }, additions: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'daymark-migrations-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  cpSync(migrationsFolder, folder, { recursive: true })
  for (const [name, sql] of Object.entries(additions)) writeFileSync(join(folder, name), sql)
  return folder
}

async function readState (database: string) {
  return withConnection(addressOf('daymark_owner', database), async (client) => ({
    schema: await readSchema(client), applied: await readApplied(client),
  }))
}

t.test('a failing migration leaves the schema as it was, and says where it failed', async (t) => {
  const { name } = await createMigratedDatabase(t)
  const before = await readState(name)
  const folder = copyMigrations(t, {
    [`${numbered(1)}.do.add-two-things.sql`]: 'CREATE TABLE tasks.first (user_id uuid PRIMARY KEY);\nCREATE TABLE tasks.first (user_id uuid PRIMARY KEY);\n',
    [`${numbered(1)}.undo.add-two-things.sql`]: 'DROP TABLE tasks.first;\n',
  })
  await t.rejects(migrate({ ...addressOf('daymark_owner', name), folder }), /add-two-things.sql.*already exists/)
  t.same(await readState(name), before)
})

t.test('a migration whose record cannot be written is not kept either', async (t) => {
  const { name, admin } = await createMigratedDatabase(t)
  await admin.query(`
    CREATE FUNCTION migrations.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the disk is full''; END';
    CREATE TRIGGER refuse BEFORE INSERT ON migrations.schema_version FOR EACH ROW EXECUTE FUNCTION migrations.refuse()`)
  const before = await readState(name)
  const folder = copyMigrations(t, {
    [`${numbered(1)}.do.add-a-thing.sql`]: 'CREATE TABLE tasks.first (user_id uuid PRIMARY KEY);',
    [`${numbered(1)}.undo.add-a-thing.sql`]: 'DROP TABLE tasks.first;',
  })
  await t.rejects(migrate({ ...addressOf('daymark_owner', name), folder }), /the disk is full/)
  t.same(await readState(name), before)
})

t.test('an index is made concurrently, and a failed one is cleared away', async (t) => {
  const { name, admin } = await createMigratedDatabase(t)
  const index = 'CREATE UNIQUE INDEX CONCURRENTLY users_by_status ON auth.users (status);'
  const folder = copyMigrations(t, {
    [`${numbered(1)}.do.index-users.sql`]: index,
    [`${numbered(1)}.undo.index-users.sql`]: 'DROP INDEX CONCURRENTLY auth.users_by_status;',
  })
  await admin.query(`INSERT INTO auth.users (id, email, email_key, password_hash)
    SELECT gen_random_uuid(), 'user' || n || '@example.org', 'user' || n || '@example.org', 'x' FROM generate_series(1, 2) n`)
  const before = await readState(name)
  await t.rejects(migrate({ ...addressOf('daymark_owner', name), folder }), /index-users.sql.*users_by_status/)
  t.same(await readState(name), before)

  await admin.query('DELETE FROM auth.users')
  await migrate({ ...addressOf('daymark_owner', name), folder })
  t.equal((await readState(name)).applied.length, newest + 1)
})

t.test('two runners at once apply each migration once', async (t) => {
  const name = await createEmptyDatabase(t)
  const address = addressOf('daymark_owner', name)
  const done = await Promise.all([migrate(address), migrate(address), migrate(address)])
  t.same(done.map((files) => files.length).sort(), [0, 0, newest])
  t.equal((await readState(name)).applied.length, newest)
})

t.test('a runner that never gets its turn says so', async (t) => {
  const { name } = await createMigratedDatabase(t)
  const address = addressOf('daymark_owner', name)
  const other = await connect(address)
  t.teardown(() => other.end())
  await other.query('SELECT pg_advisory_lock(7234018265910)')
  await t.rejects(migrate({ ...address, lockSeconds: 0.3 }), /Another migration has been running/)
})

t.test('what was applied may not be changed, renamed, slipped in between or left without its undo', async (t) => {
  const { name } = await createMigratedDatabase(t)
  const address = addressOf('daymark_owner', name)
  const first = '001.do.create-schemas.sql'
  const edited = `${readFileSync(join(migrationsFolder, first), 'utf8')}-- edited\n`
  await t.rejects(migrate({ ...address, folder: copyMigrations(t, { [first]: edited }) }), /001.do.create-schemas.sql was changed after it was applied/)
  await t.rejects(migrate({ ...address, to: 0, folder: copyMigrations(t, { [first]: edited }) }), /was changed after it was applied/, 'downwards too')

  const windows = readFileSync(join(migrationsFolder, first), 'utf8').replaceAll('\n', '\r\n')
  t.same(await migrate({ ...address, folder: copyMigrations(t, { [first]: windows }) }), [], 'line ends are no change')

  await t.rejects(migrate({ ...address, folder: copyMigrations(t, { '001.do.another-first.sql': '', '001.undo.another-first.sql': '' }) }), /should have the number 2/)
  await t.rejects(migrate({ ...address, folder: copyMigrations(t, { [`${numbered(1)}.do.no-way-back.sql`]: '' }) }), /has no .*undo.no-way-back.sql/)
  await t.rejects(migrate({ ...address, folder: copyMigrations(t, { 'notes.sql': '' }) }), /notes.sql is neither/)
})

t.test('an older release does nothing to a newer schema, and refuses to take it down', async (t) => {
  const { name } = await createMigratedDatabase(t)
  const address = addressOf('daymark_owner', name)
  const folder = copyMigrations(t, { [`${numbered(1)}.do.be-newer.sql`]: 'SELECT 1', [`${numbered(1)}.undo.be-newer.sql`]: 'SELECT 1' })
  await migrate({ ...address, folder })
  const lines: string[] = []
  t.same(await migrate({ ...address, log: (line) => lines.push(line) }), [])
  t.match(lines.join(), /ahead of this release/)
  await t.rejects(migrate({ ...address, to: 0 }), /go down with the release that went up/)
  await t.rejects(migrate({ ...address, to: newest + 5, folder }), /There is no migration/)
})

t.test('only daymark_owner migrates', async (t) => {
  const { name } = await createMigratedDatabase(t)
  await t.rejects(migrate(addressOf('tasks_service', name)), /run as daymark_owner, not as tasks_service/)
})

t.test('the command', async (t) => {
  const name = await createEmptyDatabase(t)
  const env = { DAYMARK_ENV: 'development', DATABASE_CA_FILE: caFile, DATABASE_DIRECT_URL: urlFor('daymark_owner', name) }

  t.test('tells each migration, and exits 0', async (t) => {
    const up = await runCommand('migrate.ts', ['--to', '2'], env)
    t.equal(up.code, 0, up.stderr)
    t.match(up.stdout, /✓ 001\.do\..*\n✓ 002\.do\..*\nThe database is at version 2\n/)
    const down = await runCommand('migrate.ts', ['--to', '1'], env)
    t.match(down, { code: 0, stdout: /✓ 002\.undo\..*\nThe database is at version 1\n/ })
    t.match(await runCommand('migrate.ts', [], env), { code: 0 })
    t.match(await runCommand('migrate.ts', [], env), { code: 0, stdout: /nothing to do/ })
  })

  t.test('exits 1 on a failure, and 2 on flags it does not know', async (t) => {
    t.match(await runCommand('migrate.ts', [], { ...env, DATABASE_DIRECT_URL: urlFor('tasks_service', name) }), { code: 1, stderr: /daymark_owner/ })
    t.match(await runCommand('migrate.ts', ['--to', 'two'], env), { code: 2, stderr: /--to takes the number of a migration.*"two"[^]*Usage/ })
    t.match(await runCommand('migrate.ts', ['--too', '2'], env), { code: 2, stderr: /--too[^]*Usage/ })
    t.match(await runCommand('migrate.ts', ['--to', '-1'], env), { code: 2, stderr: /Usage/ })
  })
})
