import { spawn } from 'node:child_process'
import t from 'tap'
import { end, identify, isAlive } from '../processes.ts'

function startIdle (program = 'setInterval(() => {}, 1000)') {
  const child = spawn(process.execPath, ['-e', `console.log('up'); ${program}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise<typeof child>((resolve) => child.stdout.once('data', () => resolve(child)))
}

t.test('a process is known by its number and its start together', async (t) => {
  const child = await startIdle()
  const identity = identify(child.pid ?? 0)
  if (!identity) return t.fail('the process was not found')
  t.ok(isAlive(identity))
  t.notOk(isAlive({ ...identity, startedAt: 'another time' }), 'the same number at another time is another process')
  await end({ ...identity, startedAt: 'another time' })
  t.ok(isAlive(identity), 'and is left alone')
  await end(identity)
  t.notOk(isAlive(identity))
})

t.test('a process that does not hear the first signal gets the second', async (t) => {
  const child = await startIdle("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)")
  const identity = identify(child.pid ?? 0)
  if (!identity) return t.fail('the process was not found')
  await end(identity, { seconds: 0.3 })
  t.notOk(isAlive(identity))
})
