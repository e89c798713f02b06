import t from 'tap'
import { loggerOptions } from '@daymark/kit/logging'
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { Registry } from 'prom-client'
import { loadConfig } from '../config.ts'
import type { SignedIn } from '../contracts.ts'
import { BreachCheck } from '../src/passwords/breach-check.ts'
import { password, startAuth } from './start-auth.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** What a server on loopback, in the place of a range API, was asked. */
const asked: IncomingMessage[] = []
async function listen (listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close(); server.closeAllConnections() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const breached = 'purple monkey dishwasher 7'
const padded = 'seven quiet rivers of glass'
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()
const suffixOf = (text: string) => sha1(text).slice(5)
const noise = Array.from({ length: 900 }, (_, n) => `${suffixOf(`noise ${n}`)}:${n % 2}`)
const range = [...noise.slice(0, 400), `${suffixOf(breached)}:37`, `${suffixOf(padded)}:0`, ...noise.slice(400)].join('\r\n')
const well: Answer = (_request, response) => { response.end(range) }

let answer = well
const url = `${await listen((request, response) => {
  asked.push(request)
  answer(request, response)
})}range/`
const elsewhere: unknown[] = []
const other = await listen((request, response) => {
  elsewhere.push(request)
  response.end(range)
})

const lines: string[] = []
const stream = new Writable({ write (chunk: Buffer, _encoding, done) { lines.push(chunk.toString()); done() } })
const open = await startAuth(t, { settings: { PASSWORD_BREACH_URL: url, PASSWORD_BREACH_TIMEOUT_MS: '4000' }, logger: { ...loggerOptions({ LOG_LEVEL: 'info' }) as object, stream } })
const closed = await startAuth(t, { settings: { PASSWORD_BREACH_OUTAGE: 'closed' }, beside: open })
const off = await startAuth(t, { settings: { PASSWORD_BREACH_URL: '' }, beside: open })
const fresh = () => `${randomUUID()}@example.com`
const signUpWith = (secret: string, auth = open, email = fresh()) => auth.call('POST', '/auth/signup', { email, password: secret })
const counted = async (auth = open) => {
  const { body } = await auth.internal.inject('/metrics')
  return Object.fromEntries(['ok', 'found', 'outage'].map((outcome) => [outcome, Number(new RegExp(`^password_breach_checks_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)$`, 'm').exec(body)?.[1])]))
}
const warnings = () => lines.filter((line) => line.includes('known breaches') && line.includes('"level":"warn"'))
t.beforeEach(() => {
  answer = well
  asked.length = 0
})

t.test('SEC-4, FR-116: a breached password is refused at sign-up, change and reset, and the field and the remedy are named', async (t) => {
  const before = await counted()
  const ada = (await signUpWith(password)).json<SignedIn>()
  await open.call('POST', '/auth/password/forgot', { email: ada.user.email })
  const { token } = await open.mailTo(ada.user.email, /Choose/)
  for (const response of [
    await signUpWith(breached),
    await open.call('POST', '/auth/password/change', { current_password: password, password: breached }, open.bearer(ada)),
    await open.call('POST', '/auth/password/reset', { token, password: breached }),
  ]) {
    t.equal(response.statusCode, 422)
    t.match(response.json(), { type: '/problems/password-refused', errors: [{ pointer: '/password', code: 'breached', detail: /^password has appeared in a known breach.*Choose another/ }] })
    t.notOk(response.body.includes(breached))
  }
  t.equal((await open.call('GET', '/auth/me', undefined, open.bearer(ada))).statusCode, 200)
  t.equal((await open.call('POST', '/auth/password/reset', { token, password: padded })).statusCode, 204, 'the link was not used up, and a padded line is no hit')
  const after = await counted()
  t.same([after['ok']! - before['ok']!, after['found']! - before['found']!, after['outage']! - before['outage']!], [2, 3, 0], 'all are counted')
})

t.test('SEC-4: five hex digits of the SHA-1 leave, padding is asked for, and nothing else of the request goes along', async (t) => {
  const email = fresh()
  await signUpWith(breached, open, email)
  t.equal(asked.length, 1)
  t.match(asked[0], { method: 'GET', url: `/range/${sha1(breached).slice(0, 5)}`, headers: { 'add-padding': 'true' } })
  const sent = JSON.stringify(asked[0]?.rawHeaders)
  for (const secret of [suffixOf(breached), suffixOf(breached).toLowerCase(), breached, email]) t.notOk(sent.includes(secret))
})

t.test('SEC-4: a password that is refused by its strength or its length is not asked about', async (t) => {
  t.match((await signUpWith('butterflies')).json(), { errors: [{ code: 'too_weak' }] })
  t.equal((await signUpWith('short')).statusCode, 400)
  t.equal(asked.length, 0)
})

t.test('SEC-4: without a range API nobody is asked, and nothing is counted', async (t) => {
  t.equal((await signUpWith(breached, off)).statusCode, 201)
  t.equal(asked.length, 0)
  t.same(await counted(off), { ok: 0, found: 0, outage: 0 })
})

const hit = `${suffixOf(breached)}:37`
const outages: Record<string, Answer> = {
  'never answers': () => {},
  'begins and never ends': (_request, response) => { response.write(`${hit}\r\n`) },
  'is cut off': (_request, response) => { response.writeHead(200, { 'content-length': 100_000 }).write(`${hit}\r\n`, () => response.destroy()) },
  'hangs up': (request) => { request.socket.destroy() },
  redirects: (_request, response) => { response.writeHead(302, { location: other }).end() },
  'redirects for good': (_request, response) => { response.writeHead(308, { location: other }).end() },
  'is too large': (_request, response) => { response.end(`${range}\r\n`.repeat(10)) },
  'says 429': (_request, response) => { response.writeHead(429).end(hit) },
  'says 503': (_request, response) => { response.writeHead(503).end(hit) },
  'says 204': (_request, response) => { response.writeHead(204).end() },
  'is a page': (_request, response) => { response.end(`<!doctype html><title>Log in to this network</title>\n${hit}`) },
  'is empty': (_request, response) => { response.end() },
  'has one line that is none': (_request, response) => { response.end(`${range}\r\n${suffixOf('x')}`) },
  'has a negative count': (_request, response) => { response.end(`${hit}\r\n${suffixOf('x')}:-1`) },
}
for (const [what, how] of Object.entries(outages)) {
  t.test(`SEC-4, FR-116: a range API that ${what}: open lets the password pass, closed says 503, both are counted and told once`, async (t) => {
    t.equal((await signUpWith(padded)).statusCode, 201, 'there is no outage yet')
    const [before, told] = [await counted(), warnings().length]
    answer = how
    const email = fresh()
    t.equal((await signUpWith(breached, open, email)).statusCode, 201)
    const [again, refused] = await Promise.all([signUpWith('butterflies'), signUpWith(breached, closed)])
    t.equal(again.statusCode, 422, 'strength is judged all the same')
    t.equal(refused.statusCode, 503)
    t.match(refused.json(), { type: '/problems/breach-check-away', title: /try again/ })
    t.equal(refused.headers['retry-after'], '10')
    await signUpWith(breached)
    t.same(await counted(), { ...before, outage: before['outage']! + 2 })
    t.equal(warnings().length, told + 1, 'one line for the two of them')
    for (const secret of [breached, sha1(breached).slice(0, 5), email]) t.notOk(warnings().join('').includes(secret))
    t.equal(elsewhere.length, 0, 'no redirect is followed')
    answer = well
    t.equal((await signUpWith(breached, closed)).statusCode, 422, 'it is itself again at once')
  })
}

t.test('SEC-4: while nobody answers, no more are under way than may, and all have an answer', async (t) => {
  let [running, most] = [0, 0]
  const silent = await listen((request) => {
    most = Math.max(most, ++running)
    request.socket.once('close', () => { running-- })
  })
  const log = { warn: () => {} } as never
  const check = new BreachCheck({ url: silent, outage: 'open', registry: new Registry(), log, timeoutMilliseconds: 1000 })
  t.same(await Promise.all(Array.from({ length: 200 }, () => check.has(breached))), Array.from({ length: 200 }, () => false))
  t.ok(most > 0 && most <= 16, `${most} at once`)
})

t.test('FR-116: the address of a range API is whole, and read by nobody on the way', async (t) => {
  const problem = (PASSWORD_BREACH_URL: string, more = {}) => {
    try {
      loadConfig({ ...open.environment, DAYMARK_ENV: 'production', AUTH_ISSUER: 'https://auth.example.org', PUBLIC_ORIGIN: 'https://example.org', PASSWORD_BREACH_URL, ...more })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  for (const good of ['https://api.pwnedpasswords.com/range/', 'http://127.0.0.1:8080/range/', 'http://localhost/', 'http://[::1]/']) t.equal(problem(good), '', good)
  for (const bad of ['http://ranges.example.org/range/', 'http://localhost.example.org/', 'ftp://localhost/', 'https://api.pwnedpasswords.com/range', 'https://me:secret@example.org/', 'https://example.org/?q=/', 'https://example.org/#/', 'nonsense']) {
    t.match(problem(bad), /PASSWORD_BREACH_URL must/, bad)
  }
  t.equal(problem('http://ranges.example.org/', { DAYMARK_ENV: 'development' }), '')
  t.match(problem('https://example.org/', { PASSWORD_BREACH_OUTAGE: 'perhaps' }), /PASSWORD_BREACH_OUTAGE is not valid: open or closed/)
  t.match(problem('https://example.org/', { PASSWORD_BREACH_TIMEOUT_MS: '5000' }), /PASSWORD_BREACH_TIMEOUT_MS is not valid/, 'the web app waits for five seconds')
})
