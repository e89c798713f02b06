import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

const lines = new URL('../src/gathered-lines.ts', import.meta.url).href

/** A process that runs a script which writes to standard output by `lines`. */
function start (script: string) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `
    import { GatheredLines } from '${lines}'
    import { setTimeout as delay } from 'node:timers/promises'
    const lines = new GatheredLines(1)
    ${script}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

async function outputOf (script: string) {
  const child = start(script)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const [code] = await once(child, 'close') as [number]
  return { output, code }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`).join('')

t.test('FR-296: a process that ends has written its lines, in their order', async (t) => {
  for (const end of ['', 'process.exit(0)', 'await delay(300)']) {
    t.same(await outputOf(`for (let n = 0; n < 20; n++) lines.write(\`line \${n}\\n\`); ${end}`), { output: numbers(20), code: 0 }, end)
  }
  t.same(await outputOf("for (let n = 0; n < 100_000; n++) { lines.write('line ' + n + '\\n'); if (n % 5000 === 0) await delay(1) }"), { output: numbers(100_000), code: 0 }, 'many')
})

t.test('FR-296: so has one that crashes', async (t) => {
  const { output, code } = await outputOf("process.on('uncaughtException', () => { lines.write('crashed\\n'); process.exit(3) }); setTimeout(() => { throw new Error('on purpose') }, 10); lines.write('before\\n')")
  t.same({ output, code }, { output: 'before\ncrashed\n', code: 3 })
})

t.test('FR-296: so has one that crashes with nobody to notice', async (t) => {
  for (const end of ["setTimeout(() => { throw new Error('on purpose') }, 10)", "void Promise.reject(new Error('on purpose'))"]) {
    t.same(await outputOf(`process.stderr.write = () => true; lines.write('before\\n'); ${end}`), { output: 'before\n', code: 1 }, end)
  }
})

t.test('FR-296: lines do not wait for more of them', async (t) => {
  const child = start("lines.write('one\\n'); await delay(60_000)")
  const [chunk] = await once(child.stdout, 'data') as [Buffer]
  t.equal(chunk.toString(), 'one\n')
})

t.test('FR-296: a line that came while others found no room follows them', async (t) => {
  const child = start("lines.write('x'.repeat(1_000_000)); await delay(400); lines.write('last'); setInterval(() => {}, 1000)")
  await delay(1000) // nobody reads meanwhile
  let output = ''
  while (!output.endsWith('last')) output += (await once(child.stdout, 'data') as [Buffer])[0].toString()
  t.equal(output.length, 1_000_004)
})

t.test('FR-296: where a write does not wait for room, all is written as it is made, in its order, and at the end as well', async (t) => {
  // Whoever looks at it as a stream leaves the pipe so that a write to it never waits.
  const many = "void process.stdout; lines.write('x'.repeat(1_000_000)); await delay(200); lines.write('last');"
  for (const end of ['await delay(1500)', 'process.exit(0)']) {
    const child = start(`${many} ${end}`)
    const isClosed = once(child, 'close')
    await delay(600) // nobody reads meanwhile
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
    t.same(await isClosed, [0, null])
    t.ok(output === `${'x'.repeat(1_000_000)}last`, `${end}: ${output.length} characters, the last of them ${output.slice(-8)}`)
  }
})

t.test('FR-296: a process whose reader has gone goes on, and ends', async (t) => {
  const child = start("process.on('SIGTERM', () => process.exit(7)); lines.write('here\\n'); for (;;) { lines.write('line\\n'); await delay(1) }")
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await delay(500)
  t.equal(child.exitCode, null, 'it goes on')
  child.kill('SIGTERM')
  t.same(await once(child, 'exit'), [7, null])
})

t.test('FR-296: a reader that stops reading holds nothing up, and is told how much it has missed', async (t) => {
  const line = `${'x'.repeat(999)}\n`
  const child = start(`for (let n = 0; n < 20_000; n++) lines.write('${line.trim()}\\n'); await delay(1000); for (let n = 0; n < 40; n++) { lines.write('${line.trim()}\\n') }; await delay(500)`)
  await delay(1500) // nobody reads meanwhile
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  await once(child, 'close')
  const told = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { lost: number, msg: string })
  const whole = output.split('\n').filter((line) => line.startsWith('x')).length
  t.ok(whole < 20_000, 'it was not kept for ever')
  t.equal(whole + told.reduce((sum, { lost }) => sum + lost, 0), 20_040, 'each line was written or counted')
})
