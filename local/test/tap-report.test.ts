import t from 'tap'
import { tapReport } from '../tap-report.ts'

function read (tap: string) {
  const lines: string[] = []
  const report = tapReport((line) => lines.push(line))
  for (const line of tap.split('\n')) report.read(line)
  return { lines, totals: report.totals }
}

t.test('assertions are counted, and not the subtests around them', async (t) => {
  const { lines, totals } = read(`TAP version 14
1..2
# Subtest: a.test.ts
    # Subtest: adds
        ok 1 - one
        ok 2 - two
        1..2
    ok 1 - adds # time=3ms
    ok 2 - later # SKIP no network
    1..2
ok 1 - a.test.ts # time=5ms
# Subtest: b.test.ts
    not ok 1 - should be equal
      ---
      diff: |
        -1
        +2
      ...
    1..1
not ok 2 - b.test.ts # time=7ms
  ---
  exitCode: 1
  ...
# time=12ms`)
  t.same(totals, { passed: 2, failed: 1, skipped: 1 })
  t.same(lines, [
    '– a.test.ts › later  skipped: no network',
    '✓ a.test.ts  2 passed  5ms',
    '✗ b.test.ts › should be equal',
    '    diff: |', '      -1', '      +2', '    ...',
    '✗ b.test.ts  0 passed, 1 failed  7ms',
  ])
})

t.test('a file that fails without a failed assertion counts as one, and so does an unfinished plan', async (t) => {
  t.match(read('# Subtest: a.test.ts\n    1..0\nnot ok 1 - a.test.ts # time=1ms'), { totals: { passed: 0, failed: 1 } })
  t.match(read('# Subtest: a.test.ts\n    ok 1 - one\n    1..2\nnot ok 1 - a.test.ts # time=1ms'), { totals: { passed: 1, failed: 1 } })
})

t.test('what a test prints is passed on', async (t) => {
  t.same(read('# Subtest: a.test.ts\n    hello\n    ok 1 - one\n    1..1\nok 1 - a.test.ts # time=1ms').lines, ['    hello', '✓ a.test.ts  1 passed  1ms'])
})
