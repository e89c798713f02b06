import t from 'tap'
import { startTasks } from './start-tasks.ts'

const { signUp, call, createTask, issuer, app } = await startTasks(t)

/** Asks until the answer is `status`; gives the milliseconds that took, or fails after three seconds. */
async function until (status: number, ask: () => Promise<{ statusCode: number }>): Promise<number> {
  const start = Date.now()
  while ((await ask()).statusCode !== status) {
    if (Date.now() - start > 3000) throw new Error(`Still not ${status} after three seconds`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return Date.now() - start
}

const tokenOf = async (claims: Record<string, unknown>) => ({ headers: { authorization: `Bearer ${await issuer.sign(claims)}` } })

for (const [kind, field] of [['session', 'sid'], ['user', 'sub']] as const) {
  t.test(`SEC-62: a revoked ${kind} is refused within two seconds, and another is not`, async (t) => {
    const ada = await signUp()
    const [one, other] = [issuer.claimsOf(ada.id), issuer.claimsOf(kind === 'user' ? (await signUp()).id : ada.id)]
    const [revoked, spared] = [await tokenOf(one), await tokenOf(other)]
    t.equal((await call('GET', `/api/${one.sub}/tasks`, revoked)).statusCode, 200)
    issuer.revoke(kind, one[field])
    t.ok(await until(401, () => call('GET', `/api/${one.sub}/tasks`, revoked)) < 2000)
    t.equal((await call('POST', `/api/${one.sub}/tasks`, revoked, { title: 'x' })).statusCode, 401)
    t.equal((await call('GET', `/api/${other.sub}/tasks`, spared)).statusCode, 200)
    if (kind !== 'user') return
    issuer.revoke('user_enabled', one.sub)
    await until(200, () => call('GET', `/api/${one.sub}/tasks`, revoked))
  })
}

t.test('SEC-62: a withdrawn key is refused, cached signature or not', async (t) => {
  const other = await startTasks(t)
  const ada = await other.signUp()
  t.equal((await other.call('GET', `/api/${ada.id}/tasks`, ada)).statusCode, 200)
  other.issuer.revoke('key', 'test-key')
  t.ok(await until(401, () => other.call('GET', `/api/${ada.id}/tasks`, ada)) < 2000)
})

t.test('SEC-62: what is revoked is remembered for longer than a token lives, as clocks differ', async (t) => {
  const other = await startTasks(t, { TOKEN_MAX_SECONDS: '30' })
  const ada = await other.signUp()
  const claims = { ...other.issuer.claimsOf(ada.id), exp: Math.floor(Date.now() / 1000) + 30 }
  const token = { headers: { authorization: `Bearer ${await other.issuer.sign(claims)}` } }
  t.equal((await other.call('GET', `/api/${ada.id}/tasks`, token)).statusCode, 200)
  other.issuer.revoke('session', claims.sid, new Date(Date.now() - 40_000))
  await until(401, () => other.call('GET', `/api/${ada.id}/tasks`, token))
})

t.test('SEC-62: no request of ours is one of the auth service, however many there are', async (t) => {
  const [ada, eve] = [await signUp(), await signUp()]
  await call('GET', `/api/${ada.id}/tasks`, ada)
  const start = Date.now()
  const [fetches, reads] = [issuer.fetches(), issuer.feed.reads]
  for (let n = 0; n < 20; n++) await Promise.all([ada, eve].flatMap((who) => Array.from({ length: 10 }, () => call('GET', `/api/${who.id}/tasks`, who))))
  t.equal(issuer.fetches(), fetches)
  t.ok(issuer.feed.reads - reads <= 1 + Math.ceil((Date.now() - start) / 5000), 'the feed is read with its beat')
})

t.test('SEC-62: before the first answer of the feed nothing is served', async (t) => {
  const other = await startTasks(t)
  other.issuer.feed.isAway = true
  const ada = await other.signUp()
  const response = await other.call('GET', `/api/${ada.id}/tasks`, ada)
  t.equal(response.statusCode, 503)
  t.match(response.json(), { type: '/problems/revocations-unavailable' })
  other.issuer.feed.isAway = false
  await until(200, () => other.call('GET', `/api/${ada.id}/tasks`, ada))
})

t.test('SEC-62: the feed silent for 15 s: reads go on, writes are 503, readiness drops, and all is well by itself afterwards', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada)
  const url = `/api/${ada.id}/tasks/${task.id}`
  issuer.feed.isAway = true
  const start = Date.now()
  while ((await call('PATCH', url, ada, { title: `Still here ${Date.now()}` })).statusCode === 200) {
    if (Date.now() - start > 25_000) throw new Error('Writes were never refused')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  t.equal((await call('PATCH', url, ada, { title: 'x' })).statusCode, 503)
  t.equal((await call('GET', url, ada)).statusCode, 200)
  t.equal((await app.inject('/readyz')).statusCode, 503)
  const claims = issuer.claimsOf(ada.id)
  const ended = await tokenOf(claims)
  t.equal((await call('GET', url, ended)).statusCode, 200)
  issuer.revoke('session', claims.sid)
  issuer.feed.isAway = false
  await until(200, () => call('PATCH', url, ada, { title: 'Back' }))
  t.equal((await call('GET', url, ended)).statusCode, 401, 'what was ended in the silence is known with the first answer')
  t.equal((await app.inject('/readyz')).statusCode, 200)
})

t.test('DESIGN 3: another epoch of the database starts the feed again from the beginning', async (t) => {
  const ada = await signUp()
  const claims = issuer.claimsOf(ada.id)
  const token = await tokenOf(claims)
  t.equal((await call('GET', `/api/${ada.id}/tasks`, token)).statusCode, 200)
  issuer.feed.epoch = crypto.randomUUID()
  issuer.feed.items.length = 0
  issuer.revoke('session', claims.sid)
  await until(401, () => call('GET', `/api/${ada.id}/tasks`, token))
})
