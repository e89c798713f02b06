import t from 'tap'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LightMyRequestResponse } from 'fastify'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, cookieName, database, instanceAt, signUp, sealed, opened } = await startWeb(t)
const present = await instanceAt(() => new Date())
const second = await instanceAt(() => new Date())
/** The same session, as if its access token had only so long to live. */
const withSecondsLeft = (cookie: string, seconds: number) => sealed({ ...opened(cookie)!, expires_at: Date.now() + seconds * 1000 })
const expired = (cookie: string) => withSecondsLeft(cookie, -1)

type Instance = typeof present
const show = (instance: Instance, cookie: string, url = '/dashboard', headers: Record<string, string> = {}) => instance.inject({ url, headers: { cookie: `${cookieName}=${cookie}`, ...headers } })
const given = (answer: LightMyRequestResponse) => (answer.cookies as Array<{ name: string, value: string }>).find(({ name }) => name === cookieName)?.value
const sessionRow = async (cookie: string) => (await database.asSuperuser<{ generation: number, confirmed_at: Date | null, ended_at: Date | null, address: string, user_agent: string }>(
  'SELECT generation, confirmed_at, ended_at, host(address) AS address, user_agent FROM auth.sessions WHERE id = $1', [opened(cookie)?.session_id]))[0]!
const newCookie = async () => (await signUp()).cookies.get(cookieName)!
const endAtAuth = (cookie: string) => database.asSuperuser("UPDATE auth.sessions SET ended_at = now(), ended_reason = 'logged_out' WHERE id = $1", [opened(cookie)?.session_id])

t.test('a token with time left is used as it is', async (t) => {
  const cookie = await newCookie()
  const answer = await show(present, cookie)
  t.equal(answer.statusCode, 200)
  t.equal(given(answer), undefined)
  t.equal((await sessionRow(cookie)).generation, 1)
})

/** A tab whose page is being made, and waits for the tasks. */
async function slowTab (cookie: string) {
  const tab = visitor(origin)
  tab.cookies.set(cookieName, cookie)
  const letGo = await database.hold('LOCK TABLE tasks.tasks IN ACCESS EXCLUSIVE MODE')
  const answer = tab.get('/dashboard')
  while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND wait_event_type = 'Lock'")).length === 0) await delay(5)
  return { tab, answer, letGo }
}

t.test('SEC-75: a slow answer does not put older tokens in the place of newer ones, which would look like theft', async (t) => {
  const ada = await signUp()
  const aboutToExpire = withSecondsLeft(ada.cookies.get(cookieName)!, 1)
  const { tab, answer, letGo } = await slowTab(aboutToExpire)
  ada.cookies.set(cookieName, aboutToExpire)
  for (let n = 0; n < 2; n++) { // the same generation as the slow tab's, and the one after it
    await ada.get('/settings')
    ada.cookies.set(cookieName, withSecondsLeft(ada.cookies.get(cookieName)!, 1))
  }
  await letGo()
  t.equal((await answer).status, 200)
  t.equal(tab.cookies.get(cookieName), aboutToExpire, 'it writes no cookie')
  t.equal((await sessionRow(ada.cookies.get(cookieName)!)).generation, 3)
})

t.test('SEC-75: a slow answer of somebody who has signed out meanwhile leaves the cookie of who has logged in alone', async (t) => {
  const [ada, bob] = [await signUp(), await signUp()]
  const cookie = withSecondsLeft(ada.cookies.get(cookieName)!, 1)
  const { tab, answer, letGo } = await slowTab(cookie)
  t.equal((await ada.post('/logout')).status, 303)
  tab.cookies.set(cookieName, bob.cookies.get(cookieName)!) // the same browser
  await letGo()
  await answer
  t.equal(tab.cookies.get(cookieName), bob.cookies.get(cookieName))
})

t.test('SEC-75: twenty tabs at expiry stay signed in by one rotation, through two instances', async (t) => {
  const cookie = await newCookie()
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => show(n % 2 ? present : second, withSecondsLeft(cookie, n), n % 3 ? '/dashboard' : '/dashboard.data')))
  for (const answer of answers) t.equal(answer.statusCode, 200)
  const sessions = answers.map((answer) => opened(given(answer)))
  t.equal(new Set(sessions.map((session) => session?.refresh_token)).size, 1)
  t.ok(sessions.every((session) => session?.is_confirmed === false))
  t.equal((await sessionRow(cookie)).generation, 2)
})

t.test('the browser\'s next request confirms at auth what it was given, once', async (t) => {
  const cookie = await newCookie()
  const refreshed = given(await show(present, withSecondsLeft(cookie, 10)))!
  t.equal((await sessionRow(cookie)).confirmed_at, null)
  const next = await show(present, refreshed)
  t.equal(next.statusCode, 200)
  t.equal(opened(given(next))?.is_confirmed, true)
  t.ok((await sessionRow(cookie)).confirmed_at)
  t.equal(given(await show(present, given(next)!)), undefined, 'nothing is left to do')
  t.equal((await show(present, expired(cookie))).statusCode, 200, 'a tab that still has the one before stays signed in')
})

t.test('a session that auth has ended leads to the log-in page and back, and the cookie goes', async (t) => {
  const cookie = await newCookie()
  await endAtAuth(cookie)
  const answer = await show(present, expired(cookie), '/dashboard?show=all')
  t.equal(answer.headers.location, '/login?next=%2Fdashboard%3Fshow%3Dall')
  t.equal(given(answer), '')
  const landing = await show(present, expired(cookie), '/')
  t.equal(landing.statusCode, 200, 'what is for everyone stays for everyone')
  t.match(landing.body, 'Sign up')
})

t.test('a token that the tasks service refuses is renewed once and the page shown', async (t) => {
  const cookie = await newCookie()
  const answer = await show(present, sealed({ ...opened(cookie)!, access_token: 'no.such.token' }))
  t.equal(answer.statusCode, 200)
  t.equal((await sessionRow(cookie)).generation, 2)
  t.not(opened(given(answer))?.access_token, 'no.such.token')
})

t.test('a token that is refused, of a session that is over, leads to the log-in page', async (t) => {
  const cookie = await newCookie()
  await endAtAuth(cookie)
  const answer = await show(present, sealed({ ...opened(cookie)!, access_token: 'no.such.token' }), '/dashboard')
  t.equal(answer.headers.location, '/login?next=%2Fdashboard')
  t.equal(given(answer), '')
})

t.test('FR-129: a tab from before a step-up signs nobody out, whichever of the two cookies the browser then has', async (t) => {
  const ada = await signUp()
  const before = ada.cookies.get(cookieName)!
  await ada.get('/confirm')
  t.equal((await ada.post('/confirm', { confirm_password: password })).status, 303)
  const after = ada.cookies.get(cookieName)!
  t.not(opened(after)?.refresh_token, opened(before)?.refresh_token)

  const lasting = await show(present, withSecondsLeft(before, 10))
  t.equal(lasting.statusCode, 200, 'what is left of its token is used')
  t.equal(given(lasting), undefined, 'and the cookie, which may be the newer one by now, is left alone')
  const over = await show(present, expired(before), '/dashboard?show=all')
  t.equal(over.headers.location, '/login?next=%2Fdashboard%3Fshow%3Dall')
  t.equal(given(over), undefined)
  t.equal((await show(present, after, String(over.headers.location))).headers.location, '/dashboard?show=all', 'the newer cookie leads straight back')
  const lost = await show(present, expired(before), String(over.headers.location))
  t.equal(lost.statusCode, 200, 'where the answer was lost, the log-in page stays')
  t.match(lost.body, 'Log in to go on to where you were')
  t.equal((await sessionRow(after)).ended_at, null, 'nobody was taken for a thief')
  t.equal((await show(present, expired(after))).statusCode, 200)
})

t.test('a cookie we did not seal is thrown away', async (t) => {
  const answer = await show(present, 'made-up')
  t.equal(answer.headers.location, '/login?next=%2Fdashboard')
  t.equal(given(answer), '')
})

t.test('SEC-75: what a browser fetches ahead rotates nothing', async (t) => {
  const cookie = await newCookie()
  for (const headers of [{ 'sec-purpose': 'prefetch;prerender' }, { purpose: 'prefetch' }] as Array<Record<string, string>>) {
    t.equal((await show(present, expired(cookie), '/dashboard', headers)).statusCode, 503)
  }
  t.equal((await sessionRow(cookie)).generation, 1)
})

const nobody = 'http://127.0.0.1:9'
const silent = createServer(() => {})
await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve) })
t.teardown(() => { silent.close(); silent.closeAllConnections() })
const silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
const { privateKey: strangersKey } = generateKeyPairSync('ed25519')

const outages: Array<{ why: string, settings: Record<string, string> }> = [
  { why: 'out of reach', settings: { AUTH_URL: nobody } },
  { why: 'silent', settings: { AUTH_URL: silentUrl, SERVICE_TIMEOUT_MS: '200' } },
  { why: 'of another mind about who we are', settings: { SERVICE_PRIVATE_KEY: strangersKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url') } },
]
for (const { why, settings } of outages) {
  t.test(`auth being ${why} signs nobody out`, async (t) => {
    const cookie = await newCookie()
    const cut = await instanceAt(() => new Date(), settings)
    t.equal((await show(cut, withSecondsLeft(cookie, 20))).statusCode, 200, 'what is left of the token is used')
    for (const url of ['/dashboard', '/dashboard.data']) {
      const answer = await show(cut, expired(cookie), url)
      t.equal(answer.statusCode, 503)
      t.equal(answer.headers['retry-after'], '5')
      t.equal(given(answer), undefined, 'the cookie is kept')
    }
    const page = await show(cut, expired(cookie))
    t.match(page.body, 'Daymark is catching its breath')
    t.match(page.body, 'href="/dashboard">Try again')
    t.equal((await show(cut, expired(cookie), '/')).statusCode, 200)
    t.equal((await show(present, expired(cookie))).statusCode, 200, 'and when auth is back, so is everything')
  })
}

t.test('signing in while auth is away says so, and keeps what was typed', async (t) => {
  const cut = await instanceAt(() => new Date(), { AUTH_URL: nobody })
  const form = await cut.inject({ url: '/login' })
  const [visit] = form.cookies as [{ name: string, value: string }]
  const [, form_token = ''] = /name="form_token"[^>]* value="([^"]+)"/.exec(form.body) ?? []
  const answer = await cut.inject({
    method: 'POST',
    url: '/login',
    headers: { cookie: `${visit.name}=${visit.value}`, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ form_token, email: 'ada@example.com', password }).toString(),
  })
  t.equal(answer.statusCode, 503)
  t.match(answer.body, 'value="ada@example.com"')
  t.notMatch(answer.body, password)
})

t.test('tasks being away is told as such', async (t) => {
  const cut = await instanceAt(() => new Date(), { TASKS_URL: nobody })
  const answer = await show(cut, await newCookie())
  t.equal(answer.statusCode, 503)
  t.match(answer.body, 'Daymark is catching its breath')
})

const signIn = async (instance: Instance, email: string, headers: Record<string, string>) => {
  const form = await instance.inject({ url: '/login' })
  const [visit] = form.cookies as [{ name: string, value: string }]
  const [, form_token = ''] = /name="form_token"[^>]* value="([^"]+)"/.exec(form.body) ?? []
  return await instance.inject({
    method: 'POST',
    url: '/login',
    remoteAddress: '10.1.2.3',
    headers: { cookie: `${visit.name}=${visit.value}`, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ form_token, email, password }).toString(),
  })
}

t.test('SEC-34, SEC-35: auth learns whose browser it is: the peer\'s address, or behind a trusted proxy the last one not ours', async (t) => {
  const { email } = await signUp()
  const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.9.9.9', 'user-agent': 'Browser/1.0 \u00e9' }
  const direct = given(await signIn(present, email, forwarded))!
  t.match(await sessionRow(direct), { address: '10.1.2.3', user_agent: 'Browser/1.0 ?' })
  const behind = await instanceAt(() => new Date(), { TRUSTED_PROXIES: '10.0.0.0/8' })
  t.match(await sessionRow(given(await signIn(behind, email, forwarded))!), { address: '203.0.113.7' })
})

t.test('SEC-50: signing out ends the session at auth', async (t) => {
  const ada = await signUp()
  const cookie = ada.cookies.get(cookieName)!
  await ada.post('/logout')
  t.ok((await sessionRow(cookie)).ended_at)
  t.equal((await show(present, expired(cookie))).headers.location, '/login?next=%2Fdashboard', 'a copy of the cookie is worth nothing')
})

t.test('every call carries the request on: its id and its trace', async (t) => {
  const seen: Array<Record<string, unknown>> = []
  const recorder = createServer((request, response) => {
    seen.push({ url: request.url, ...request.headers })
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"type":"/problems/task-not-found","title":"x","status":404}')
  })
  await new Promise<void>((resolve) => { recorder.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { recorder.close(); recorder.closeAllConnections() })
  const watched = await instanceAt(() => new Date(), { TASKS_URL: `http://127.0.0.1:${(recorder.address() as AddressInfo).port}` })
  const answer = await show(watched, await newCookie(), `/tasks/${randomUUID()}`)
  t.equal(answer.statusCode, 404)
  t.same(seen.map(({ url }) => String(url).replace(/^\/api\/[^/]+\/(\w+).*$/, '$1')).sort(), ['labels', 'lists', 'tasks', 'tasks'], 'the task, its subtasks, and what it may be put into')
  for (const call of seen) {
    t.equal(call['x-request-id'], answer.headers['x-request-id'])
    t.match(call, { traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/, authorization: /^Bearer / })
    t.notOk(call['x-service-token'], 'who we are is said to auth alone')
    t.notOk(call['cookie'])
  }
})

t.test('SEC-71: the log, at its most talkative, tells no token, cookie or password', async (t) => {
  const lines: string[] = []
  const write = (line: string) => { lines.push(line) }
  const talkative = await instanceAt(() => new Date(), {}, { write })
  const cut = await instanceAt(() => new Date(), { AUTH_URL: nobody }, { write })
  const { email } = await signUp()
  const cookie = given(await signIn(talkative, email, {}))!
  const refreshed = given(await show(talkative, expired(cookie)))!
  await show(talkative, refreshed)
  await show(talkative, sealed({ ...opened(refreshed)!, access_token: 'no.such.token' }))
  await show(cut, expired(refreshed))
  await signIn(cut, email, {})
  const told = lines.join('')
  t.ok(lines.length > 10)
  for (const secret of [password, email, cookie, refreshed, opened(cookie)!.access_token, opened(cookie)!.refresh_token, opened(refreshed)!.refresh_token, 'eyJ']) t.notOk(told.includes(secret))
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line))
})
