import t, { type Test } from 'tap'
import Fastify from 'fastify'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { problems } from '../src/problem.ts'
import { requestLimits } from '../src/request-limits.ts'
import { findFreePort } from './ports.ts'

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'].find((path) => existsSync(path))

async function startRedis (t: Test, program: string, port: number) {
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  t.teardown(kill)
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isUp = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (isUp) return { kill, hold: () => child.kill('SIGSTOP'), release: () => child.kill('SIGCONT') }
    if (attempt === 100 || child.exitCode !== null) throw new Error('Redis did not start')
    await delay(50)
  }
}

/** An instance of a service that allows an address so many requests a minute. */
async function startInstance (t: Test, { perMinute, port }: { perMinute: number, port: number }) {
  const app = Fastify()
  await app.register(problems)
  await app.register(requestLimits, { perMinute, redisUrl: `redis://127.0.0.1:${port}` })
  app.addHook('onRequest', (request, reply) => app.countRequest(request, reply, ({ ip }) => ip))
  app.get('/', async () => 'served')
  t.teardown(() => app.close())
  return async (address: string) => (await app.inject({ url: '/', remoteAddress: address })).statusCode
}

/** Asks until the answer shows that Redis counts. */
async function untilCounted (ask: (address: string) => Promise<number>, perMinute: number) {
  for (let address = 1; address < 250; address++) {
    for (let n = 0; n <= perMinute; n++) if (await ask(`198.51.100.${address}`) === 429) return
    await delay(50)
  }
  throw new Error('Nothing was counted')
}

if (program === undefined) t.plan(0, 'Redis is not installed')
else await testWith(program)

async function testWith (program: string) {
  t.test('SEC-31: instances that share a Redis share the limit', async (t) => {
    const port = await findFreePort()
    await startRedis(t, program, port)
    const [one, other] = [await startInstance(t, { perMinute: 4, port }), await startInstance(t, { perMinute: 4, port })]
    await untilCounted(one, 4)
    await untilCounted(other, 4)
    t.same([await one('192.0.2.1'), await other('192.0.2.1'), await one('192.0.2.1'), await other('192.0.2.1')], [200, 200, 200, 200])
    t.same([await one('192.0.2.1'), await other('192.0.2.1')], [429, 429])
    t.same([await one('192.0.2.2'), await other('192.0.2.2')], [200, 200])
  })

  t.test('SEC-31: where Redis is away or does not answer, nobody is refused or waits, and once it is back it counts', async (t) => {
    const port = await findFreePort()
    const ask = await startInstance(t, { perMinute: 1, port })
    const askOften = () => Promise.all(Array.from({ length: 20 }, () => ask('192.0.2.1')))
    t.same(await askOften(), Array(20).fill(200), 'not there from the beginning')
    const first = await startRedis(t, program, port)
    await untilCounted(ask, 1)
    first.hold()
    t.same(await askOften(), Array(20).fill(200), 'held up')
    first.release()
    await untilCounted(ask, 1)
    await first.kill()
    t.same(await askOften(), Array(20).fill(200), 'gone')
    await startRedis(t, program, port)
    await untilCounted(ask, 1)
    t.same((await askOften()).filter((status) => status === 200).length, 1)
  })
}
