import t from 'tap'
import { type IncomingMessage, request } from 'node:http'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, ports, cookieName, signUp } = await startWeb(t)
const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

t.test('SEC-77: every page brings its own nonce, and no leave for anything inline', async (t) => {
  const pages = [await visitor(origin).get('/'), await visitor(origin).get('/login'), await visitor(origin).get('/nowhere')]
  const nonces = pages.map(({ headers, text }) => {
    const csp = headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) t.match(csp, rule)
    t.notMatch(csp, 'unsafe')
    const [, nonce = ''] = /'nonce-([^']+)'/.exec(csp) ?? []
    for (const [, attributes] of text.matchAll(/<script([^>]*)>/g)) t.match(attributes, `nonce="${nonce}"`)
    t.notMatch(text, /<[^>]+ (on\w+|style)=/, 'nothing inline that the policy would stop')
    return nonce
  })
  t.equal(new Set(nonces).size, 3)
  t.match(Object.fromEntries(pages[0]!.headers), { 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin', 'x-frame-options': 'DENY' })
})

t.test('SEC-70, SEC-71: the session is one sealed cookie; no token is in the page or its data', async (t) => {
  const ada = visitor(origin)
  await ada.get('/signup')
  const answer = await ada.post('/signup', { email: 'seventy@example.com', password, display_name: '' })
  const [line = ''] = answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${cookieName}=`))
  t.match(line, /; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
  t.notMatch(line, /Domain/)
  t.ok(line.length < 4096)
  t.equal(answer.location, '/dashboard')
  for (const path of ['/dashboard', '/dashboard.data', '/']) {
    const { text } = await ada.get(path)
    t.notMatch(text, /eyJ[\w-]+\./, `no JWT in ${path}`)
    t.notMatch(text, /v1\.[\w-]+\.\d+\./, `no refresh token in ${path}`)
  }
})

t.test('SEC-80: what someone may see only signed in is never stored, and never looks like a file', async (t) => {
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'Secret plan' })
  const page = await ada.get('/dashboard')
  t.match(page.text, 'Secret plan')
  t.equal(page.headers.get('cache-control'), 'no-store')
  t.equal((await ada.get('/dashboard.data')).headers.get('cache-control'), 'no-store')
  const [, id] = /\/tasks\/([\w-]+)"/.exec(page.text) ?? []
  for (const path of ['/dashboard.css', '/dashboard/x.css', '/dashboard%2Fx.css', '/dashboard%2Ecss', '/dashboard;x.css', `/tasks/${id}.css`, `/tasks/${id}/x.js`, `/tasks/${id}%2Ejs`, '/tasks/x']) {
    const { status, text } = await ada.get(path)
    t.equal(status, 404, path)
    t.notMatch(text, 'Secret plan')
  }
})

t.test('static files are kept for ever, under names that change with them', async (t) => {
  const { text } = await visitor(origin).get('/')
  const [, script = ''] = /(\/assets\/[^"]+\.js)"/.exec(text) ?? []
  const answer = await fetch(origin + script, { headers: { 'accept-encoding': 'br' } })
  t.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  t.equal(answer.headers.get('content-encoding'), 'br')
  t.equal((await fetch(`${origin}/assets/nowhere.js`)).status, 404)
  t.equal((await fetch(`${origin}/favicon.svg`)).status, 200)
  for (const path of ['/assets/%2e%2e/%2e%2e/server/index.js', '/.vite/manifest.json', '/server.ts', '/../config.ts']) t.not((await fetch(origin + path)).status, 200, path)
})

const forgeries: Array<{ why: string, headers: Record<string, string> }> = [
  { why: 'another site', headers: { 'sec-fetch-site': 'cross-site' } },
  { why: 'a sister site', headers: { 'sec-fetch-site': 'same-site' } },
  { why: 'another site by its Origin', headers: { origin: 'https://evil.example' } },
  { why: 'an opaque origin', headers: { origin: 'null' } },
  { why: 'an opaque origin that says it is ours', headers: { origin: 'null', 'sec-fetch-site': 'same-origin' } },
  { why: 'nobody that says who it is', headers: {} },
]
for (const path of ['/dashboard', '/dashboard.data', '/dashboard?_data=routes/dashboard', '/dashboard?show=all&_method=GET']) {
  for (const { why, headers } of forgeries) {
    t.test(`SEC-72, SEC-74: a form sent to ${path} by ${why} has no effect, right token or not`, async (t) => {
      const ada = await signUp()
      await ada.get('/dashboard')
      const answer = await ada.post(path, { intent: 'add', title: 'Forged' }, headers)
      t.equal(answer.status, 403)
      t.notMatch((await ada.get('/dashboard?show=all')).text, /class="task__link"[^>]*>Forged/)
    })
  }
}

t.test('SEC-72: a browser that sends Origin alone is heard', async (t) => {
  const ada = await signUp()
  t.equal((await ada.post('/dashboard', { intent: 'add', title: 'By origin' }, { origin })).status, 303)
})

t.test('SEC-73: without the token of this very session nothing is done, and what was typed is still there', async (t) => {
  const ada = await signUp()
  const eve = await signUp()
  for (const form_token of ['', 'made up', eve.formToken()]) {
    const answer = await ada.post('/dashboard', { intent: 'add', title: 'Kept for another try', form_token })
    t.equal(answer.status, 403)
    t.match(answer.text, 'value="Kept for another try"')
    t.match(answer.text, 'role="alert"')
  }
  const twice = await ada.send('POST', '/dashboard', { ...formHeaders, ...sameOrigin }, `form_token=${ada.formToken()}&form_token=${ada.formToken()}&intent=add&title=Twice`)
  t.equal(twice.status, 403)
  t.match((await ada.get('/dashboard?show=all')).text, 'A clear day', 'there is no task still')

  const { status } = await ada.post('/dashboard', { intent: 'add', title: 'Kept for another try' })
  t.equal(status, 303, 'the page shown with the refusal brings a token that counts')
})

t.test('SEC-73: nobody is logged in by a form of another browser, and the password is not repeated', async (t) => {
  const ada = await signUp()
  const other = visitor(origin)
  await other.get('/login')
  const here = visitor(origin)
  const stale = await here.post('/login', { email: ada.email, password, form_token: other.formToken() })
  t.equal(stale.status, 403, 'without a visit of its own')
  t.match(stale.text, `value="${ada.email}"`)
  t.notMatch(stale.text, password)
  t.equal(here.cookies.has(cookieName), false)
  t.equal((await here.post('/login', { email: ada.email, password, form_token: other.formToken() })).status, 403, 'with one')
  t.equal((await here.post('/login', { email: ada.email, password })).status, 303, 'with its own token')
})

t.test('SEC-74: no route has an action that the gate does not stand before', async (t) => {
  const ada = await signUp()
  for (const path of ['/', '/signup', '/login', '/logout', '/dashboard', '/tasks/01890000-0000-7000-8000-000000000000', '/nowhere']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const data of ['', '.data']) {
        const { status, headers } = await ada.send(method, path === '/' ? (data ? '/_root.data' : '/') : path + data, { ...formHeaders, ...sameOrigin }, 'x=y')
        t.ok([403, 404, 405].includes(status) || (status === 302 || status === 202), `${method} ${path}${data}: ${status}`)
        t.notOk(headers.get('clear-site-data'))
      }
    }
  }
  t.equal((await ada.get('/dashboard')).status, 200, 'still signed in')
})

t.test('a field that is wrong is told at the field, with 422 and what was typed', async (t) => {
  const ada = await signUp()
  const blank = await ada.post('/dashboard', { intent: 'add', title: '   ' })
  t.equal(blank.status, 422)
  t.match(blank.text, /id="title-error" role="alert">Write what is to be done/)
  t.match(blank.text, /<input id="title"[^>]* aria-invalid="true" aria-describedby="title-error"[^>]* value=" {3}"/)
  const long = await ada.post('/dashboard', { intent: 'add', title: 'x'.repeat(201) })
  t.equal(long.status, 422)
  t.match(long.text, 'Keep the title to 200 characters; it has 201.')
  t.equal((await ada.post('/dashboard', { intent: 'add', title: 'x', user_id: 'someone' })).status, 422, 'SEC-84')
  t.equal((await ada.post('/dashboard', { intent: 'burn', title: 'x' })).status, 422)

  const newcomer = visitor(origin)
  await newcomer.get('/signup')
  const answer = await newcomer.post('/signup', { email: 'ada', password: 'short', display_name: '' })
  t.equal(answer.status, 422)
  t.match(answer.text, 'These need another look')
  t.match(answer.text, 'value="ada"')
  t.notMatch(answer.text, 'value="short"')
})

t.test('bodies that are no form, or too large a one, are refused for what they are', async (t) => {
  const ada = await signUp()
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
    t.equal((await ada.send('POST', '/dashboard', { 'content-type': type, ...sameOrigin }, '{"intent":"add"}')).status, 415, type)
  }
  t.equal((await ada.post('/dashboard', { intent: 'add', title: 'x'.repeat(400_000) })).status, 413)
})

t.test('SEC-79: after signing in one goes on to where one wanted, on this site alone', async (t) => {
  const ada = await signUp()
  const goOn = async (next: string) => {
    const visit = visitor(origin)
    const path = `/login?${new URLSearchParams({ next })}`
    await visit.get(path)
    return (await visit.post(path, { email: ada.email, password })).location
  }
  t.equal(await goOn('/dashboard?show=done'), '/dashboard?show=done')
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', '/%2f/evil.example', '/\tevil']) t.equal(await goOn(next), '/dashboard', next)
  t.equal((await ada.get('/login?next=//evil.example')).location, '/dashboard', 'who is signed in needs no page for it')
  t.equal((await ada.get('/signup')).location, '/dashboard')
})

t.test('who is not signed in is sent to the log-in page, and back again', async (t) => {
  for (const path of ['/dashboard?show=all', '/tasks/01890000-0000-7000-8000-000000000000']) {
    const { status, location } = await visitor(origin).get(path)
    t.ok(status === 302 || status === 303)
    t.equal(location, `/login?${new URLSearchParams({ next: path })}`)
  }
})

t.test('SEC-50: signing out ends the session at auth, tells the browser to forget, and needs its token', async (t) => {
  const ada = await signUp()
  const sealed = ada.cookies.get(cookieName)!
  await ada.get('/dashboard')
  t.equal((await ada.get('/logout')).status, 200, 'an address alone signs nobody out')
  t.equal((await ada.post('/logout', { form_token: 'made up' })).status, 403)
  t.equal((await ada.get('/dashboard')).status, 200)
  const answer = await ada.post('/logout')
  t.equal(answer.status, 303)
  t.equal(answer.location, '/')
  // Not "cookies": that would also take the device token, which keeps strangers from locking this browser's owner out (SEC-33).
  t.equal(answer.headers.get('clear-site-data'), '"cache", "storage"')
  t.notOk(ada.cookies.has(cookieName))
  t.equal((await ada.get('/dashboard')).location, '/login?next=%2Fdashboard')
  t.ok(sealed, 'the old cookie existed')
})

t.test('pages say 404 and 405 as such, and speak to a person', async (t) => {
  const nowhere = await visitor(origin).get('/nowhere')
  t.equal(nowhere.status, 404)
  t.match(nowhere.text, 'There is nothing here')
  t.equal((await (await signUp()).get('/tasks/01890000-0000-7000-8000-000000000000')).status, 404)
  const broken = await visitor(origin).get('/%zz')
  t.equal(broken.status, 400)
  t.match(broken.text, '<h1>')
})

t.test('SEC-79: an address that looks like another site is a path of this one', async (t) => {
  const { port } = new URL(origin)
  for (const path of ['//evil.example/dashboard', 'http://evil.example/dashboard', '//evil.example//']) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => { request({ port, path }, resolve).on('error', reject).end() })
    answer.resume()
    t.notMatch(answer.headers.location ?? '', 'evil')
    t.equal(answer.statusCode, 404)
  }
})

t.test('another person\'s task is not there', async (t) => {
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'Mine' })
  const [, id] = /\/tasks\/([\w-]+)"/.exec((await ada.get('/dashboard')).text) ?? []
  const eve = await signUp()
  t.equal((await eve.get(`/tasks/${id}`)).status, 404)
  for (const intent of ['delete', 'complete']) {
    t.equal((await eve.post('/dashboard', { intent, id: id!, ...intent === 'complete' && { completed: 'true' } })).status, 404)
  }
  t.equal((await ada.get(`/tasks/${id}`)).status, 200)
})

t.test('more than a page of tasks is shown by links, each once', async (t) => {
  const ada = await signUp()
  const titles = Array.from({ length: 120 }, (_, n) => `Task number ${n}.`)
  await ada.get('/dashboard')
  for (const title of titles) await ada.post('/dashboard', { intent: 'add', title })
  const shown = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]+)</g)].map(([, title]) => title)
  let { text } = await ada.get('/dashboard')
  for (const count of [50, 100, 120]) {
    t.same(shown(text), titles.toReversed().slice(0, count))
    const [, more] = /href="([^"]+)"[^>]*>Show more</.exec(text) ?? []
    t.equal(more !== undefined, count < 120)
    if (more) text = (await ada.get(more.replaceAll('&amp;', '&'))).text
  }
  for (const odd of ['?count=-1', '?count=1e99', '?count=x', '?show=x', '?cursor=x', '?count=0&show=all&cursor=']) t.equal((await ada.get(`/dashboard${odd}`)).status, 200, odd)
})

t.test('metrics and health are on the internal listener; browsers get health alone', async (t) => {
  const internal = `http://127.0.0.1:${ports.webInternal}`
  t.match(await (await fetch(`${internal}/metrics`)).text(), /http_request_duration_seconds_bucket\{.*kind="page"/)
  for (const base of [internal, origin]) for (const path of ['/livez', '/readyz']) t.equal((await fetch(base + path)).status, 200)
  t.equal((await fetch(`${origin}/metrics`)).status, 404)
})
