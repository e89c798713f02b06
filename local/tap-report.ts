export interface Totals { passed: number, failed: number, skipped: number }

interface Block { name: string, failed: number, passed: number }

const point = /^( *)(not )?ok \d+(?: - (.*?))?(?: # (SKIP|TODO|time=\S+)(.*?))?( \{)?$/
const noise = /^ *(TAP version \d+|\d+\.\.\d+.*|# (Subtest|time=|\{ total|No coverage|bailout|mocha).*|\}|)$/

/**
 * Reads raw TAP line by line, prints a line per test file and each failure in full, and counts the assertions
 * themselves: a subtest's own "ok" counts for nothing, unless it failed with no failed assertion inside.
 */
export function tapReport (print: (line: string) => void) {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const blocks: Block[] = [] // the subtests we are inside of, outermost first
  let diagnosis: { indent: string, wanted: boolean } | undefined
  let lastFailed = false

  const path = (name: string) => [...blocks.map((block) => block.name), name].join(' › ')

  function count (kind: 'passed' | 'failed', name: string) {
    totals[kind]++
    for (const block of blocks) block[kind]++
    lastFailed = kind === 'failed'
    if (lastFailed) print(`✗ ${path(name)}`)
  }

  function close (block: Block, isOk: boolean, detail: string, isFile: boolean) {
    lastFailed = false
    if (!isOk && block.failed === 0) {
      count('failed', block.name)
      block.failed++
    }
    if (isFile) print(`${block.failed > 0 ? '✗' : '✓'} ${block.name}  ${block.passed} passed${block.failed > 0 ? `, ${block.failed} failed` : ''}${detail}`)
  }

  function readPoint ([, indent = '', not, name = '', directive, reason = '', opens]: string[]) {
    const depth = indent.length / 4
    const isOk = !not || directive === 'TODO'
    const detail = directive?.startsWith('time=') ? `  ${directive.slice('time='.length)}` : ''
    if (opens) { // a buffered subtest gives its verdict first
      blocks.length = depth
      blocks.push({ name, failed: isOk ? 0 : 1, passed: 0 })
      return
    }
    if (blocks.length > depth) {
      const [block] = blocks.splice(depth)
      if (block && directive !== 'SKIP') return close(block, isOk, detail, depth === 0)
    }
    if (directive === 'SKIP' || directive === 'TODO') {
      totals.skipped++
      lastFailed = false
      print(`– ${path(name)}  ${directive === 'SKIP' ? 'skipped' : 'to do'}:${reason || ' no reason given'}`)
    } else {
      count(isOk ? 'passed' : 'failed', name)
    }
  }

  function read (line: string) {
    if (diagnosis) {
      if (diagnosis.wanted) print(`    ${line.slice(diagnosis.indent.length)}`)
      if (line === `${diagnosis.indent}...`) diagnosis = undefined
      return
    }
    const yaml = /^( *)---$/.exec(line)
    if (yaml) {
      diagnosis = { indent: yaml[1] ?? '', wanted: lastFailed }
      return
    }
    const found = point.exec(line)
    if (found) return readPoint(found)
    const subtest = /^( *)# Subtest: (.*)$/.exec(line)
    if (subtest) {
      blocks.length = Math.min(blocks.length, (subtest[1] ?? '').length / 4)
      blocks.push({ name: subtest[2] ?? '', failed: 0, passed: 0 })
      return
    }
    if (!noise.test(line.trimEnd())) print(line)
  }
  return { read, totals }
}
