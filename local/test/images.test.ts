import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

// No engine for containers is needed to run the tests; what an image lacks, nobody would find before its build.

const root = dirname(dirname(import.meta.dirname))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** What a Dockerfile copies from the repository, by stage, with what a stage has from the one it is built on. */
function copied (dockerfile: string): Record<string, string[]> {
  const stages: Record<string, string[]> = {}
  let paths: string[] = []
  for (const line of read(dockerfile).split('\n')) {
    const [, base = '', stage = ''] = /^FROM (\S+) AS (\S+)/.exec(line) ?? []
    if (stage !== '') stages[stage] = paths = [...stages[base] ?? []]
    if (line.startsWith('COPY ') && !line.includes('--from=')) paths.push(...line.split(' ').slice(1, -1))
  }
  return stages
}

/** The file of a workspace that another imports by the workspace's name. */
function exported (specifier: string): string {
  const [, workspace = '', ...rest] = specifier.split('/')
  const folder = ['services', '.'].map((parent) => join(parent, workspace)).find((path) => existsSync(join(root, path, 'package.json'))) ?? ''
  const { exports } = JSON.parse(read(join(folder, 'package.json'))) as { exports: Record<string, string> }
  const name = `./${rest.join('/')}`
  return join(folder, exports[name] ?? (exports['./*'] ?? '').replace('*', rest.join('/')))
}

/** The files of the repository that a file loads when it runs; types alone are not loaded. */
function loadedBy (path: string): string[] {
  const specifiers = [...read(path).matchAll(/^(?:import|export) (?!type )(?:[^'"]*? from )?'([^']+)'|\bimport\('([^']+)'\)/gm)].map(([, one, other]) => one ?? other ?? '')
  return specifiers.flatMap((specifier) => {
    if (specifier.startsWith('.')) return [join(dirname(path), specifier.replace(/\?.*$/, ''))]
    return specifier.startsWith('@daymark/') ? [exported(specifier)] : []
  }).filter((file) => /\.tsx?$/.test(file))
}

/** What is loaded from some files on. */
function reachable (entries: readonly string[]): Set<string> {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path)) return
    found.add(path)
    if (existsSync(join(root, path))) loadedBy(path).forEach(visit)
  }
  entries.forEach(visit)
  return found
}

const commands = [...read('docker-compose.yml').matchAll(/\b(?:local|db)\/[\w/-]+\.ts/g)].map(([path]) => path)
const images: Array<[image: string, dockerfile: string, stage: string, entries: string[]]> = [
  ['tools', 'Dockerfile', 'tools', commands],
  ['auth', 'Dockerfile', 'auth', ['services/auth/server.ts', ...globSync('services/auth/commands/*.ts', { cwd: root })]],
  ['tasks', 'Dockerfile', 'tasks', ['services/tasks/server.ts']],
  ['web', 'web/Dockerfile', 'build', globSync('web/{*,app/**/*,http/**/*,session/**/*}.{ts,tsx}', { cwd: root })],
]
for (const [image, dockerfile, stage, entries] of images) {
  t.test(`FR-006: the image of ${image} has all that it loads`, async (t) => {
    const paths = copied(dockerfile)[stage] ?? []
    t.ok(entries.length > 0)
    for (const file of reachable(entries)) {
      t.ok(existsSync(join(root, file)), `${file} exists`)
      t.ok(paths.some((path) => file === path || file.startsWith(`${path}/`)), `${file} is copied`)
    }
  })
}
