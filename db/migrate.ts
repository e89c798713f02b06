import { readdirSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import Postgrator from 'postgrator'
import { readFlags, runAsCommand, UsageError } from './command.ts'
import { readOwnerAddress } from './config.ts'
import { withConnection } from './connection.ts'
import { readLocaleProblem } from './locale.ts'

export interface MigrateOptions {
  /** Unpooled URL of daymark_owner. */
  url: string
  ca?: string | undefined
  allowPlaintext?: boolean | undefined
  /** The version to reach, upwards or downwards; the newest in the folder without it. */
  to?: number | undefined
  folder?: string
  /** How long to wait for another runner to finish. */
  lockSeconds?: number
  waitSeconds?: number
  log?: (line: string) => void
}

export interface MigrationFile { version: number, name: string, filename: string, md5: string }
interface AppliedMigration { version: number, name: string, md5: string }

export const schemaTable = 'migrations.schema_version'
export const migrationsFolder = `${import.meta.dirname}/migrations`

const lockKey = '7234018265910'

/** The checksum postgrator keeps, the same on a checkout with Windows line ends. */
const checksum = (sql: string) => createHash('md5').update(sql.replace(/\r\n|\r/g, '\n'), 'utf8').digest('hex')

/** Reads the `do` files in order; throws unless they are numbered from 1 without a gap and each has its `undo` twin. */
export function readMigrations (folder = migrationsFolder): MigrationFile[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql')).sort()
  const migrations = files.filter((file) => /^\d{3}\.do\.[a-z0-9-]+\.sql$/.test(file)).map((filename) => ({
    version: Number(filename.slice(0, 3)),
    name: filename.slice('000.do.'.length, -'.sql'.length),
    filename,
    md5: checksum(readFileSync(`${folder}/${filename}`, 'utf8')),
  }))
  migrations.forEach(({ version, filename }, index) => {
    if (version !== index + 1) throw new Error(`${filename} should have the number ${index + 1}: migrations count from 1 without a gap`)
    const twin = filename.replace('.do.', '.undo.')
    if (!files.includes(twin)) throw new Error(`${filename} has no ${twin} beside it`)
  })
  const stray = files.find((file) => !migrations.some(({ filename }) => filename === file || filename.replace('.do.', '.undo.') === file))
  if (stray) throw new Error(`${stray} is neither NNN.do.verb-noun.sql nor the undo of one`)
  return migrations
}

/** What the database says was applied, in order; nothing before the first run. */
export async function readApplied (client: pg.ClientBase): Promise<AppliedMigration[]> {
  const { rows: [found] } = await client.query<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [schemaTable])
  if (!found?.exists) return []
  const { rows } = await client.query<AppliedMigration>(`SELECT version::integer, name, md5 FROM ${schemaTable} WHERE version > 0 ORDER BY version`)
  return rows
}

function requireUnchanged (applied: AppliedMigration[], files: MigrationFile[]) {
  const top = applied.at(-1)?.version ?? 0
  for (const file of files.filter(({ version }) => version <= top)) {
    const row = applied.find(({ version }) => version === file.version)
    if (!row) throw new Error(`${file.filename} was never applied, although later ones were: give it the next number`)
    if (row.name !== file.name) throw new Error(`${file.filename} was applied as ${row.name}: applied migrations keep their names`)
    if (row.md5 !== file.md5) throw new Error(`${file.filename} was changed after it was applied: restore its text and add a new migration instead`)
  }
}

async function takeLock (client: pg.Client, lockSeconds: number) {
  const deadline = Date.now() + lockSeconds * 1000
  for (;;) {
    // Polled: a session that waits inside pg_advisory_lock holds a snapshot, which CREATE INDEX CONCURRENTLY waits for.
    const { rows: [answer] } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lockKey])
    if (answer?.taken) return
    if (Date.now() >= deadline) throw new Error(`Another migration has been running for ${lockSeconds} seconds and more: wait for it, then try again`)
    await sleep(200)
  }
}

async function findInvalidIndexes (client: pg.Client) {
  const { rows } = await client.query<{ index: string }>('SELECT indexrelid::regclass::text AS index FROM pg_index WHERE NOT indisvalid')
  return rows.map(({ index }) => index)
}

/** CREATE INDEX CONCURRENTLY and its like refuse to run in a transaction. */
const runsOutsideTransaction = (script: string) => /\bCONCURRENTLY\b/i.test(script.replace(/--.*$/gm, ''))

/**
 * Lets postgrator run each script and the row that records it as ONE transaction: by itself it would send two, and
 * a connection lost in between leaves a schema that was changed without saying so.
 */
function transactionPerFile (client: pg.Client) {
  let open = false
  let invalidBefore: string[] | undefined
  return {
    async execSqlScript (script: string) {
      if (runsOutsideTransaction(script)) {
        invalidBefore = await findInvalidIndexes(client)
      } else {
        await client.query('BEGIN')
        open = true
      }
      await client.query(script)
    },
    async execQuery (query: string) {
      const result = await client.query(query)
      if (open) await client.query('COMMIT')
      open = false
      invalidBefore = undefined
      return result
    },
    async undoFailure () {
      if (open) await client.query('ROLLBACK')
      // A failed CREATE INDEX CONCURRENTLY leaves its half-made index behind, which every write would go on feeding.
      const before = invalidBefore
      if (before) {
        for (const index of (await findInvalidIndexes(client)).filter((each) => !before.includes(each))) await client.query(`DROP INDEX ${index}`)
      }
    },
  }
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(2)} s`

async function run (client: pg.Client, { to, folder = migrationsFolder, lockSeconds = 60, log = () => {} }: MigrateOptions) {
  const { rows: [session] } = await client.query<{ role: string }>('SELECT current_user AS role')
  if (session?.role !== 'daymark_owner') throw new Error(`Migrations run as daymark_owner, not as ${session?.role}: see DATABASE_DIRECT_URL`)
  await client.query("SET timezone TO 'UTC'")

  const files = readMigrations(folder)
  const newest = files.length
  if (to !== undefined && to > newest) throw new Error(`There is no migration ${to}; the newest is ${newest}`)

  await takeLock(client, lockSeconds)
  const applied = await readApplied(client)
  const current = applied.at(-1)?.version ?? 0
  requireUnchanged(applied, files)
  if (current > newest) {
    if (to !== undefined) throw new Error(`The database is at version ${current}, but this release has ${newest} migrations only: go down with the release that went up`)
    log(`The database is at version ${current}, ahead of this release (${newest}): nothing to do`)
    return []
  }

  const localeProblem = await readLocaleProblem(client)
  // While it is empty, another database costs nothing; one in use goes on as it is.
  if (localeProblem !== undefined && current === 0) throw new Error(`Nothing was migrated: ${localeProblem}`)
  if (localeProblem !== undefined) log(`! ${localeProblem}`)

  const perFile = transactionPerFile(client)
  const postgrator = new Postgrator({
    driver: 'pg',
    schemaTable,
    migrationPattern: `${folder.replaceAll('\\', '/')}/*.sql`,
    newline: 'LF',
    execSqlScript: perFile.execSqlScript,
    execQuery: perFile.execQuery,
  })
  let running = ''
  let since = 0
  const filename = ({ version, action, name }: Postgrator.Migration) => `${String(version).padStart(3, '0')}.${action}.${name}.sql`
  postgrator.on('migration-started', (migration) => {
    running = filename(migration)
    since = performance.now()
  })
  postgrator.on('migration-finished', (migration) => log(`✓ ${filename(migration)}  ${seconds(since)}`))
  try {
    const done = await postgrator.migrate(String(to ?? newest))
    log(done.length > 0 ? `The database is at version ${to ?? newest}` : `The database is at version ${current}: nothing to do`)
    return done.map(filename)
  } catch (error) {
    await perFile.undoFailure().catch(() => {})
    const { message, position, internalQuery } = error as { message: string, position?: string, internalQuery?: string }
    const line = position && !internalQuery && running ? lineAt(`${folder}/${running}`, Number(position)) : ''
    throw new Error(running ? `✗ ${running}${line}: ${message}. Nothing of this file was kept` : message, { cause: error })
  }
}

function lineAt (file: string, position: number) {
  return `, line ${readFileSync(file, 'utf8').slice(0, position - 1).split('\n').length}`
}

/**
 * Brings the schema to version `to`, one transaction per file, and returns the names of the files it ran. Only one
 * runner works at a time; the others wait. On failure it throws, and the failed file has changed nothing.
 */
export async function migrate (options: MigrateOptions): Promise<string[]> {
  const { url, ca, allowPlaintext, waitSeconds = 30 } = options
  return withConnection({ url, ca, allowPlaintext }, (client) => run(client, options), { waitSeconds })
}

function readTarget (to: string | undefined) {
  if (to === undefined) return undefined
  if (!/^\d+$/.test(to)) throw new UsageError(`--to takes the number of a migration, or 0 for an empty schema; not "${to}"`)
  return Number(to)
}

await runAsCommand(import.meta.url, `Usage: npm run migrate [-- --to N]

Brings the database to migration N, upwards or downwards; to the newest without --to.
Reads DATABASE_DIRECT_URL (role daymark_owner, unpooled), DATABASE_CA_FILE and DAYMARK_ENV from the environment.`, async () => {
  const { to } = readFlags({ to: { type: 'string' } })
  const target = readTarget(to)
  const { url, ca, allowPlaintext } = readOwnerAddress(process.env)
  await migrate({ url, ca, allowPlaintext, to: target, log: (line) => console.log(line) })
})
