import { execFileSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'

/** The user that PostgreSQL runs as; undefined means: as ourselves. */
export type Account = { uid: number, gid: number } | undefined

// Root's own folders are often closed to everyone else (a 0700 home), hence to the user that PostgreSQL must run as.
// Opening a home is not ours to do, so what that user cannot reach goes here instead.
const systemFolder = '/var/lib/daymark'

/** PostgreSQL refuses to run as root; root therefore runs it as the system's user `postgres`, made if need be. */
export function findAccount (): Account {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { stdio: 'ignore' })
    } catch (error) {
      throw new Error('PostgreSQL does not run as root, and there is no user "postgres" to run it as. Make one ("useradd --system postgres"), or start Daymark as an ordinary user', { cause: error })
    }
    return { uid: id('-u'), gid: id('-g') }
  }
}

/** Whether `account` may pass through every folder down to `path`, judged by the mode bits alone. */
function canReach (path: string, account: Account): boolean {
  if (!account) return true
  let folder = path
  while (!existsSync(folder)) folder = dirname(folder)
  for (folder = realpathSync(folder); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder)
    const passes = uid === account.uid ? mode & 0o100 : gid === account.gid ? mode & 0o010 : mode & 0o001
    if (!passes) return false
    if (folder === dirname(folder)) return true
  }
}

/**
 * Makes sure there is a folder at `path` that `account` owns, and gives its real place: for root that may be in
 * /var/lib/daymark, with a link at `path`.
 */
export function ensureFolder (path: string, account: Account): string {
  mkdirSync(dirname(path), { recursive: true })
  const found = lstatSync(path, { throwIfNoEntry: false })
  let place = path
  if (found?.isSymbolicLink()) {
    place = readlinkSync(path)
  } else if (!canReach(dirname(path), account)) {
    if (found) throw new Error(`The user "postgres" cannot reach ${path}: let others pass through the folders above it, or start Daymark as an ordinary user`)
    mkdirSync(systemFolder, { recursive: true, mode: 0o755 })
    place = mkdtempSync(`${systemFolder}/cluster-`)
    symlinkSync(place, path)
  }
  mkdirSync(place, { recursive: true, mode: 0o700 })
  if (account) chownSync(place, account.uid, account.gid)
  return realpathSync(place)
}

/** Removes what `ensureFolder` made, wherever that was. */
export function removeFolder (path: string) {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink()) rmSync(readlinkSync(path), { recursive: true, force: true })
  rmSync(path, { recursive: true, force: true })
}

/** Gives a place of the program folder `path` where `account` can run it: itself, or a copy named `name`. */
export function ensureRunnable (path: string, name: string, account: Account): string {
  if (canReach(path, account)) return path
  const copy = `${systemFolder}/${name}`
  if (existsSync(copy)) return copy
  mkdirSync(systemFolder, { recursive: true, mode: 0o755 })
  const unfinished = mkdtempSync(`${systemFolder}/copy-`)
  cpSync(path, unfinished, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', unfinished])
  try {
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(copy)) throw error // else another start was faster, with the same files
  }
  return copy
}
