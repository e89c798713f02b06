import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { end, findCommand, findParent, identify, isAlive, type ProcessIdentity } from './processes.ts'

interface Run {
  parent: ProcessIdentity
  /** npm, if it started us: killing it leaves the rest behind. */
  launcher?: ProcessIdentity | undefined
  children: Record<string, ProcessIdentity>
}

function read (file: string): Run | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Run
  } catch {
    return undefined
  }
}

/**
 * npm, if it started us, be it through a shell: it waits for us and passes signals on, so its sudden end is meant for us
 * too. Whoever else starts us may leave us running on purpose.
 */
function findLauncher () {
  if (!process.env['npm_lifecycle_event']) return undefined
  for (let pid = findParent(process.pid); pid !== undefined; pid = findParent(pid)) {
    if (/^npm\b|npm-cli\.js/.test(findCommand(pid) ?? '')) return identify(pid)
  }
  return undefined
}

/**
 * Ends what an earlier run in this folder left behind, and keeps a record of ours from now on. Throws if that run is
 * alive and well.
 */
export async function takeOver (file: string) {
  const earlier = read(file)
  if (earlier) {
    const isOrphan = earlier.launcher !== undefined && !isAlive(earlier.launcher)
    if (isAlive(earlier.parent) && !isOrphan) {
      throw new Error(`Daymark is running from this folder already (process ${earlier.parent.pid}): stop it first, or set DAYMARK_DATA to another folder`)
    }
    await end(earlier.parent, { seconds: 30 })
    await Promise.all(Object.values(earlier.children).map((child) => end(child)))
  }
  const parent = identify(process.pid)
  if (!parent) throw new Error('This system does not tell about its processes')
  const run: Run = { parent, launcher: findLauncher(), children: {} }
  const write = () => {
    writeFileSync(`${file}.new`, JSON.stringify(run, null, 2), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  write()
  return {
    launcher: run.launcher,
    add (name: string, identity: ProcessIdentity) {
      run.children[name] = identity
      write()
    },
    close: () => rmSync(file, { force: true }),
  }
}
