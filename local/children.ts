import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, identify, type ProcessIdentity } from './processes.ts'

export interface ChildOptions {
  name: string
  /** Its program, from the root of the repository. */
  file: string
  environment: Record<string, string>
  /** All of them answer 200 when the child is ready. */
  readyUrls: string[]
  logFile?: string | undefined
  /** Gives the start up. */
  signal?: AbortSignal | undefined
  /** Called for what a person should see at once: warnings, errors, and what is said on standard error. */
  report: (line: string) => void
}

export interface Child {
  name: string
  identity: ProcessIdentity
  /** Resolves when the process has ended, and says how. */
  ended: Promise<string>
  stop: () => Promise<void>
}

export const root = dirname(import.meta.dirname)
const preload = new URL('child.mjs', import.meta.url).href
/** A small young generation: 40 MB less for each part at rest. */
const lean = ['--max-semi-space-size=8']

const levels: Record<string, number> = { warn: 40, error: 50, fatal: 60 }
const names: Record<number, string> = { 40: 'warning', 50: 'error', 60: 'fatal' }

/** What of a line of JSON log is worth a person's attention, in one line; undefined if nothing is. Other lines stay as they are. */
function summarise (line: string): string | undefined {
  if (!line.startsWith('{')) return line.trim() === '' ? undefined : line
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: unknown, msg?: unknown, err?: { message?: unknown } }
    const severity = typeof level === 'number' ? level : levels[String(level)] ?? 0
    if (severity < 40) return undefined
    const cause = err?.message === undefined || err.message === msg ? '' : `: ${err.message}`
    return `${names[severity] ?? level}: ${msg ?? ''}${cause}`
  } catch {
    return line
  }
}

const logLimit = 20_000_000

function openLog (file: string) {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logLimit) renameSync(file, `${file}.1`)
  return createWriteStream(file, { flags: 'a', mode: 0o600 })
}

async function answers (url: string) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

/**
 * Starts a part as a process of its own, which ends with this one however this one ends, and resolves when it is
 * ready. It does not hear Ctrl-C: `stop` decides the order.
 */
export async function startChild ({ name, file, environment, readyUrls, logFile, signal, report }: ChildOptions): Promise<Child> {
  signal?.throwIfAborted()
  const child = spawn(process.execPath, [...lean, '--import', preload, file], {
    cwd: root,
    env: { ...process.env, ...environment },
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = logFile === undefined ? undefined : openLog(logFile)
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) throw new Error(`${name} has no output`)
    createInterface({ input: stream }).on('line', (line) => {
      log?.write(`${line}\n`)
      const told = stream === child.stderr || line.startsWith('{') ? summarise(line) : undefined
      if (told !== undefined) report(`${name}: ${told}`)
    })
  }
  await once(child, 'spawn')
  const identity = identify(child.pid ?? 0)
  let hasEnded = false
  const ended = once(child, 'close').then(([code, by]: (number | string | null)[]) => {
    hasEnded = true
    log?.end()
    return by ? `by ${by}` : `with status ${code}`
  })

  async function stop () {
    if (identity) await end(identity, { seconds: 15 })
    await ended
  }
  const deadline = Date.now() + 60_000
  while (!(await Promise.all(readyUrls.map(answers))).every(Boolean)) {
    if (hasEnded) throw new Error(`${name} ended ${await ended} before it was ready`)
    if (signal?.aborted || Date.now() > deadline) {
      await stop()
      signal?.throwIfAborted()
      throw new Error(`${name} did not get ready: ${readyUrls.join(' and ')} gave no 200${logFile ? `; see ${logFile}` : ''}`)
    }
    await sleep(30)
  }
  if (!identity) throw new Error(`${name} ended ${await ended}`)
  return { name, identity, ended, stop }
}
