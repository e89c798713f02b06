import t from 'tap'
import { startWire } from '@daymark/kit/test-wire'
import { startTasks } from './start-tasks.ts'

t.test('FR-043, SEC-88: with the database away every route says 503, and is itself again when the database is', async (t) => {
  const wire = await startWire(t)
  const { signUp, call, createTask, app } = await startTasks(t, { DATABASE_POOL_SIZE: '4' }, { port: wire.port })
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks`
  t.equal((await app.inject('/readyz')).statusCode, 200)

  await wire.cut()
  for (const [method, path, payload] of [
    ['GET', url], ['POST', url, { title: 'Lost?' }], ['GET', `${url}/${task.id}`], ['PATCH', `${url}/${task.id}`, { title: 'x' }], ['DELETE', `${url}/${task.id}`], ['GET', `/api/${ada.id}/lists`],
  ] as const) {
    const response = await call(method, path, ada, payload)
    t.equal(response.statusCode, 503, `${method} ${path.replace(task.id, ':id')}`)
    t.match(response.json(), { type: '/problems/database-away' })
    t.ok(Number(response.headers['retry-after']) >= 1)
  }
  t.equal((await app.inject('/readyz')).statusCode, 503, 'readiness follows at once')
  t.equal((await app.inject('/livez')).statusCode, 200, 'the process lives')

  await wire.mend()
  t.equal((await app.inject('/readyz')).statusCode, 200)
  t.match((await call('GET', `${url}/${task.id}`, ada)).json(), { title: task.title, version: 1 })
  t.equal((await call('POST', url, ada, { title: 'Back' })).statusCode, 201)
})

t.test('FR-043: a network that goes silent holds nobody for good', async (t) => {
  const wire = await startWire(t)
  const { signUp, call } = await startTasks(t, { DATABASE_POOL_SIZE: '2' }, { port: wire.port })
  const ada = await signUp()
  const read = () => call('GET', `/api/${ada.id}/tasks`, ada)
  t.equal((await read()).statusCode, 200)
  wire.silence()
  t.equal((await read()).statusCode, 503)
  wire.speak()
  t.equal((await read()).statusCode, 200)
})

t.test('SEC-36: requests that are refused count too', async (t) => {
  const { signUp, call } = await startTasks(t, { RATE_LIMIT_PER_MINUTE: '5' })
  const [ada, bob, eve] = [await signUp(), await signUp(), await signUp()]
  const url = `/api/${ada.id}/tasks`
  for (const [why, ask] of [
    ['of another tenant', () => call('GET', url, bob)],
    ['of a wrong shape', () => call('POST', `/api/${eve.id}/tasks`, eve, { title: '' })],
    ['malformed', () => call('POST', url, ada, '{', { 'content-type': 'application/json' })],
    ['without a token', () => call('GET', url)],
  ] as const) {
    for (let n = 0; n < 5; n++) t.not((await ask()).statusCode, 429, why)
    t.equal((await ask()).statusCode, 429, why)
  }
})

t.test('SEC-38: past the limit the answer is 429, by account, with the time to wait', async (t) => {
  const { signUp, call } = await startTasks(t, { RATE_LIMIT_PER_MINUTE: '5' })
  const [ada, bob] = [await signUp(), await signUp()]
  const url = `/api/${ada.id}/tasks`
  for (let n = 0; n < 5; n++) t.equal((await call('GET', url, ada)).statusCode, 200)
  const response = await call('GET', url, ada)
  t.equal(response.statusCode, 429)
  t.match(response.json(), { type: '/problems/too-many-requests', status: 429 })
  t.match(response.headers, { 'retry-after': /^\d+$/, 'ratelimit-limit': '5', 'ratelimit-remaining': '0', 'cache-control': 'no-store', 'ratelimit-policy': '"default";q=5;w=60', ratelimit: /^"default";r=0;t=\d+$/ })
  t.equal((await call('GET', `/api/${bob.id}/tasks`, bob)).statusCode, 200, 'another account has its own')
})
