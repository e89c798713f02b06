import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process, and when it was started: together they never mean another one that got the same number later. */
export interface ProcessIdentity { pid: number, startedAt: string }

function ask (command: string, ...parameters: string[]) {
  try {
    return execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined
  } catch {
    return undefined
  }
}

function readStat (pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the command before it may hold spaces
  } catch {
    return undefined
  }
}

/** When process `pid` was started, or undefined if there is none, or only its unburied remains. */
function findStart (pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = readStat(pid)
    return stat && stat[0] !== 'Z' ? `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${stat[19]}` : undefined
  }
  if (process.platform === 'win32') {
    return ask('powershell', '-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.Ticks`)
  }
  return ask('ps', '-o', 'lstart=', '-p', String(pid))
}

/** The command line of process `pid`, as far as this system tells. */
export function findCommand (pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    } catch {
      return undefined
    }
  }
  if (process.platform === 'win32') return ask('powershell', '-NoProfile', '-Command', `(Get-Process -Id ${pid}).Path`)
  return ask('ps', '-o', 'command=', '-p', String(pid))
}

/** The process that started process `pid`, where this system tells. */
export function findParent (pid: number): number | undefined {
  const parent = process.platform === 'linux' ? readStat(pid)?.[1] : process.platform === 'win32' ? undefined : ask('ps', '-o', 'ppid=', '-p', String(pid))
  return Number(parent) > 1 ? Number(parent) : undefined
}

/** Who process `pid` is now; undefined if there is no such process. */
export function identify (pid: number): ProcessIdentity | undefined {
  const startedAt = findStart(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export const isAlive = ({ pid, startedAt }: ProcessIdentity) => findStart(pid) === startedAt

function signal (pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Ends exactly this process, if it still lives: kindly first, and after `seconds` by `then`. */
export async function end (target: ProcessIdentity, { first = 'SIGTERM', then = 'SIGKILL', seconds = 10 }: { first?: NodeJS.Signals, then?: NodeJS.Signals, seconds?: number } = {}) {
  for (const name of [first, then]) {
    if (!isAlive(target)) return
    signal(target.pid, name)
    const deadline = Date.now() + seconds * 1000
    while (Date.now() < deadline) {
      if (!isAlive(target)) return
      await sleep(25)
    }
  }
  throw new Error(`Process ${target.pid} does not end`)
}
