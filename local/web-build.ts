import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { root } from './children.ts'

const stampFile = `${root}/web/build/built-from`

/** Changes whenever a file that goes into the build is added, removed or written. */
function fingerprint () {
  const excluded = new Set(['node_modules', 'build', 'test', '.tap'])
  const sources = globSync(['web/**', 'services/*/contracts.ts', 'services/auth/password-strength.ts', 'package-lock.json'], { cwd: root, exclude: (name) => excluded.has(name.split(/[\\/]/).at(-1) ?? '') })
  const hash = createHash('sha256')
  for (const file of sources.sort()) {
    const { size, mtimeMs } = statSync(`${root}/${file}`)
    if (!statSync(`${root}/${file}`).isDirectory()) hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function readStamp () {
  try {
    return readFileSync(stampFile, 'utf8')
  } catch {
    return undefined
  }
}

function runBuild (signal: AbortSignal | undefined) {
  const parameters = ['run', 'build', '--workspace', 'web', '--silent']
  const npm = process.env['npm_execpath'] ?? '' // under npx it names npx
  const options = { cwd: root, signal }
  const build = npm.endsWith('npm-cli.js')
    ? promisify(execFile)(process.execPath, [npm, ...parameters], options)
    : promisify(execFile)('npm', parameters, { ...options, shell: process.platform === 'win32' })
  build.child.stdin?.end()
  return build
}

/** Builds the web app, unless the build that is there was made from these very sources. */
export async function ensureWebBuild (report: (line: string) => void, signal?: AbortSignal) {
  const sources = fingerprint()
  if (readStamp() === sources) return
  report('Building the web app …')
  try {
    await runBuild(signal)
  } catch (error) {
    signal?.throwIfAborted()
    const { stdout = '', stderr = '' } = error as { stdout?: string, stderr?: string }
    throw new Error(`The web app could not be built:\n${stdout}${stderr}`, { cause: error })
  }
  writeFileSync(stampFile, sources)
}
