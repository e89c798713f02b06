import t from 'tap'
import Fastify from 'fastify'
import { problems } from '../src/problem.ts'
import { health, Readiness } from '../src/readiness.ts'

/** What a service stands on, and a clock: both do as told. */
function makeReadiness () {
  const world = { now: 1_000_000, isAway: false, asked: 0 }
  const readiness = new Readiness([async () => {
    world.asked++
    if (world.isAway) throw new Error('away')
  }], () => world.now)
  return { world, readiness }
}

t.test('good news is trusted for a minute, and bad news never', async (t) => {
  const { world, readiness } = makeReadiness()
  t.equal(await readiness.isReady(), true)
  world.isAway = true
  world.now += 59_999
  t.equal(await readiness.isReady(), true)
  t.equal(world.asked, 1, 'nothing was asked within the minute: a serverless database may sleep')
  world.now += 1
  t.equal(await readiness.isReady(), false)
  t.equal(await readiness.isReady(), false)
  t.equal(world.asked, 3)
  world.isAway = false
  t.equal(await readiness.isReady(), true)
})

t.test('a doubt makes it ask again at once', async (t) => {
  const { world, readiness } = makeReadiness()
  await readiness.isReady()
  world.isAway = true
  readiness.doubt()
  t.equal(await readiness.isReady(), false)
  world.isAway = false
  t.equal(await readiness.isReady(), true)
})

t.test('many probes at once ask once', async (t) => {
  const { world, readiness } = makeReadiness()
  t.same(new Set(await Promise.all(Array.from({ length: 20 }, () => readiness.isReady()))), new Set([true]))
  t.equal(world.asked, 1)
})

t.test('all of what it stands on must answer', async (t) => {
  const ready = async () => {}
  const away = async () => { throw new Error('away') }
  t.equal(await new Readiness([]).isReady(), true)
  t.equal(await new Readiness([ready, ready]).isReady(), true)
  t.equal(await new Readiness([ready, away]).isReady(), false)
})

t.test('what does not answer is not ready', async (t) => {
  const awake = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(awake))
  t.equal(await new Readiness([() => new Promise(() => {})]).isReady(), false)
})

t.test('/livez touches nothing, /readyz tells', async (t) => {
  const { world, readiness } = makeReadiness()
  const app = Fastify()
  await app.register(problems)
  await app.register(health, { readiness })
  t.teardown(() => app.close())
  world.isAway = true
  t.equal((await app.inject('/livez')).statusCode, 200)
  t.equal(world.asked, 0)
  const refused = await app.inject('/readyz')
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { type: '/problems/not-ready' })
  t.notMatch(refused.body, 'away', 'and does not tell why')
  world.isAway = false
  t.equal((await app.inject('/readyz')).statusCode, 200)
})
