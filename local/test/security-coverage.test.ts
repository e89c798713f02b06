import t from 'tap'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../children.ts'
import { coverage, itemsNamed, readItems, securityCoverage, testNames } from '../security-coverage.ts'

t.test('FR-147: the ninety requirements are read, with what some of them wait for', async (t) => {
  const { items } = securityCoverage()
  t.equal(items.length, 90)
  t.match(items[40], { number: 41, parts: 'A', waitsFor: undefined, text: /^Rotation at each use/ })
  t.match(items[25], { number: 26, waitsFor: 'TOTP' })
  t.throws(() => readItems('1. [A] One\n3. [A] Three'))
  t.throws(() => readItems('nothing'))
})

t.test('FR-147: a test counts by its name, or by the row of its table, and nothing else in a file does', async (t) => {
  t.same(testNames(`
    // SEC-1
    t.test('SEC-2: one', async (t) => { t.equal(1, 1, 'SEC-3') })
    for (const x of [{ why: 'SEC-4: a row', token: 'SEC-5' }]) t.test(\`FR-1 \${x} (SEC-6)\`, async () => {})
  `), ['SEC-2: one', 'SEC-4: a row', 'FR-1 … (SEC-6)'])
  t.same(itemsNamed('SEC-41 to SEC-44, FR-9, SEC-7: x'), [41, 42, 43, 44, 7])
  t.same(itemsNamed('FR-41: nothing'), [])
})

t.test('FR-147: an item without a test, a needless mark and a number that is none are told', async (t) => {
  const items = readItems('1. [A] One\n2. [A/T] *Waits for rain.* Two\n3. [W] *Waits for rain.* Three\n4. [A] Four')
  const proof = (name: string) => ({ file: 'x.test.ts', name })
  t.same(coverage(items, [proof('SEC-1: x'), proof('SEC-3: x'), proof('SEC-9: x')]).faults, [
    'SEC-4 has no test: Four',
    'SEC-3 has a test and is said to wait for rain',
    'SEC-9 is no requirement, but named in x.test.ts',
  ])
})

t.test('FR-147: every requirement that waits for nothing has a test that names it, and the command says so', async (t) => {
  const run = promisify(execFile)(process.execPath, ['local/security-coverage.ts'], { cwd: root })
  const { stdout, stderr } = await run.catch((error: { stdout: string, stderr: string }) => error)
  t.equal(run.child.exitCode, 0)
  t.equal(stderr, '')
  t.match(stdout, /\n90 items: \d+ proven, \d+ waiting\n/)
})
