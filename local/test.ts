import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './children.ts'
import { removeFolder } from './postgres-account.ts'
import { endPostgres } from './postgres.ts'
import { identify, isAlive, type ProcessIdentity } from './processes.ts'
import { closeFolder } from './secrets.ts'
import { ensureTestServer } from './test-server.ts'
import { tapReport } from './tap-report.ts'
import { ensureWebBuild } from './web-build.ts'

const prefix = 'daymark-test-'

/** Clears away what runs left behind that were killed before they could do so themselves. */
async function sweep () {
  for (const name of globSync(`${prefix}*`, { cwd: tmpdir() })) {
    const folder = join(tmpdir(), name)
    try {
      if (isAlive(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as ProcessIdentity)) continue
    } catch {
      continue // not ours, or only just begun
    }
    await endPostgres(join(folder, 'postgres'))
    removeFolder(join(folder, 'postgres'))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** tap would run every file of a folder it is given, start.ts included: give it the tests alone. */
function expand (parameters: string[]) {
  return parameters.flatMap((parameter) => {
    if (parameter.startsWith('-') || !statSync(parameter, { throwIfNoEntry: false })?.isDirectory()) return parameter
    const found = globSync(`${parameter}/**/*.test.ts`, { exclude: (name) => name.includes('node_modules') })
    if (found.length === 0) throw new Error(`There are no tests in ${parameter}`)
    return found.sort()
  })
}

const tapProgram = join(dirname(createRequire(import.meta.url).resolve('tap/package.json')), 'dist/esm/run.mjs')

async function runTap (parameters: string[], environment: NodeJS.ProcessEnv, signal: AbortSignal) {
  const report = tapReport((line) => console.log(line))
  const tap = spawn(process.execPath, [tapProgram, 'run', '--reporter=tap', '--no-color', ...parameters], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // A terminal sends Ctrl-C to tap as well; a plain kill of this process does not.
  signal.addEventListener('abort', () => tap.kill('SIGTERM'), { once: true })
  const ended = once(tap, 'close')
  for await (const line of createInterface({ input: tap.stdout })) report.read(line)
  const [code] = await ended as [number | null]
  return { code, totals: report.totals }
}

/** Tests of the services and the database do without the web app, and should not wait for it. */
function needsWeb (parameters: string[]) {
  const files = parameters.filter((parameter) => !parameter.startsWith('-'))
  return files.length === 0 || files.some((file) => !/^(\.\/)?(services|db|bench)\//.test(file))
}

async function main () {
  const interruption = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interruption.abort(new Error('Stopped.')))

  const parameters = expand(process.argv.slice(2))
  await sweep()
  const folder = mkdtempSync(join(tmpdir(), prefix))
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identify(process.pid)))
  closeFolder(folder)
  let stop: (() => Promise<void>) | undefined
  try {
    if (needsWeb(parameters)) await ensureWebBuild((line) => console.log(line), interruption.signal)
    const server = await ensureTestServer(folder, process.env)
    stop = server.stop
    interruption.signal.throwIfAborted()
    const { code, totals } = await runTap(parameters, { ...process.env, ...server.environment }, interruption.signal)
    // tap also fails a run for what no assertion says: a file that found no test, a crash on the way out.
    if (code !== 0 && totals.failed === 0) totals.failed++
    if (totals.skipped > 0) console.log(`\n${totals.skipped} skipped`)
    console.log(`\n${totals.passed} passed, ${totals.failed} failed`)
    return interruption.signal.aborted ? 130 : code ?? 1
  } finally {
    await stop?.()
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
