import t from 'tap'
import type { Test } from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { launchBrowser, pageOf } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, cookieName, signUp, product, opened, sealed } = await startWeb(t, { settings: { tasks: { LIVE_PER_USER: '3' } } })
const browser = await launchBrowser(t)

type Visit = ReturnType<typeof visitor> & { email?: string }
interface Event { event: string, id: string | undefined, data: string }

const cookieOf = (visit: Visit) => visit.cookies.get(cookieName) ?? ''
const idOf = (text: string, title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec(text)?.[1] ?? ''
const add = (visit: Visit, title: string) => visit.post('/dashboard', { intent: 'add', title })

/** The stream as any program sees it that has the cookie. */
async function follow (t: Test, cookie: string, query = '', headers: Record<string, string> = {}) {
  const over = new AbortController()
  t.teardown(() => { over.abort() })
  const response = await fetch(`${origin}/events${query}`, { headers: { cookie: `${cookieName}=${cookie}`, ...headers }, signal: over.signal, redirect: 'manual' })
  let text = ''
  const events = eventsOf(response, (piece) => { text += piece })
  return { response, text: () => text, next: async (): Promise<Event | undefined> => (await events.next()).value as Event | undefined, drop: () => { over.abort() } }
}

async function * eventsOf ({ body }: Response, onText: (text: string) => void): AsyncGenerator<Event> {
  let rest = ''
  const decoder = new TextDecoder()
  if (!body) return
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    const text = decoder.decode(bytes, { stream: true })
    onText(text)
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const [event, data] = [field('event'), field('data')]
      if (event !== undefined && data !== undefined) yield { event, data, id: field('id') }
    }
  }
}

/** Another device of the same person. */
async function otherDevice (email: string) {
  const visit = visitor(origin)
  await visit.get('/login')
  await visit.post('/login', { email, password })
  await visit.get('/dashboard')
  return visit
}

async function withTasks (...titles: string[]) {
  const ada = await signUp()
  for (const title of titles) await add(ada, title)
  return ada
}

/** A page that is awake and follows the changes. */
async function openPage (t: Test, visit: Visit, path = '/dashboard') {
  const page = await pageOf(t, browser, visit, { origin, cookieName })
  const isFollowing = page.waitForResponse((response) => new URL(response.url()).pathname === '/events' && response.status() === 200)
  await page.goto(path)
  await isFollowing
  await page.evaluate(() => { document.documentElement.dataset['loadedOnce'] = 'true' })
  return page
}

const wasReloaded = async (page: Page) => await page.evaluate(() => document.documentElement.dataset['loadedOnce'] !== 'true')
const task = (page: Page, title: string) => page.getByRole('link', { name: title, exact: true })

t.test('FR-295: what is added, changed and deleted elsewhere shows without a reload; focus and scroll stay, and nothing is announced', async (t) => {
  const ada = await withTasks(...Array.from({ length: 30 }, (_, n) => `Task ${n}`))
  const page = await openPage(t, ada)
  const other = await openPage(t, await otherDevice(ada.email))
  await page.evaluate(() => {
    for (const region of document.querySelectorAll('[role=status], [role=alert], [aria-live]')) {
      new MutationObserver(() => { document.documentElement.dataset['announced'] = 'true' }).observe(region, { childList: true, subtree: true, characterData: true })
    }
  })
  await task(page, 'Task 20').focus()
  await page.mouse.wheel(0, 300)
  await page.waitForFunction(() => window.scrollY > 100)
  const place = await page.evaluate(() => window.scrollY)

  await other.getByLabel('New task').fill('From the other one')
  await other.getByLabel('New task').press('Enter')
  await task(page, 'From the other one').waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.textContent), 'Task 20', 'the focus is where it was')
  t.ok(Math.abs(await page.evaluate(() => window.scrollY) - place) < 100, 'and the page is where it was, but for what has come')
  await other.getByRole('button', { name: 'Complete “Task 29”' }).click()
  await task(page, 'Task 29').waitFor({ state: 'detached' })
  t.equal(await page.evaluate(() => document.documentElement.dataset['announced']), undefined, 'a screen reader is not told')
  t.notOk(await wasReloaded(page))

  const text = (await ada.get('/dashboard')).text
  await page.goto(`/tasks/${idOf(text, 'Task 3')}`)
  await other.goto(`/tasks/${idOf(text, 'Task 3')}`)
  await other.getByRole('textbox', { name: 'Title' }).fill('Called otherwise')
  await other.getByRole('button', { name: 'Save' }).click()
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=title]')?.value === 'Called otherwise')
})

t.test('FR-295: what the page does itself does not load it again; what comes together loads it once', async (t) => {
  const ada = await withTasks('First')
  await delay(2500) // longer than clocks may differ: what was changed right before the page was loaded may be looked at twice
  const page = await openPage(t, ada)
  const program = await follow(t, cookieOf(ada))
  t.equal((await program.next())?.event, 'from')
  let loads = 0
  page.on('request', (request) => { if (request.method() === 'GET' && new URL(request.url()).pathname === '/dashboard.data') loads++ })
  await page.getByLabel('New task').fill('Own')
  await page.getByLabel('New task').press('Enter')
  await page.getByText('Added “Own”').waitFor()
  t.equal((await program.next())?.event, 'change')
  await delay(2000) // longer than news are gathered
  t.equal(loads, 1, 'once, by what was done')
  const { text } = await ada.get('/dashboard?choose=all')
  await add(ada, 'Foreign 1')
  await add(ada, 'Foreign 2')
  await ada.post('/dashboard', { intent: 'delete', id: idOf((await ada.get('/dashboard')).text, 'First') })
  await task(page, 'First').waitFor({ state: 'detached' })
  await task(page, 'Foreign 2').waitFor()
  t.ok(loads <= 3, `three changes of a moment: ${loads - 1} loads`)
  t.match(text, 'Own')
})

t.test('FR-295: a task on its way stays in the list, whatever comes from elsewhere meanwhile', async (t) => {
  const ada = await withTasks('First')
  const page = await openPage(t, ada)
  const line = page.getByLabel('New task')
  for (let n = 0; n < 6; n++) {
    await line.fill(`Mine ${n}`)
    await line.press('Enter')
    await add(ada, `Theirs ${n}`)
    t.equal(await page.locator('.task__link', { hasText: `Mine ${n}` }).count() > 0, true, `Mine ${n} is shown`)
  }
  for (let n = 0; n < 6; n++) {
    await task(page, `Mine ${n}`).waitFor()
    await task(page, `Theirs ${n}`).waitFor()
  }
  t.equal(await page.locator('.task__link').count(), 13, 'each of them once')
})

t.test('FR-295: what was done is told also where the page was loaded anew before the answer came', async (t) => {
  const ada = await withTasks('First', 'Second')
  const page = await openPage(t, ada)
  await delay(2500) // what was changed right before the page was loaded has been looked at
  const [letLoad, letAnswer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await page.route('**/dashboard.data*', async (route) => {
    if (route.request().method() === 'GET') {
      await letLoad.promise
      return await route.continue()
    }
    const response = await route.fetch()
    letLoad.resolve()
    await letAnswer.promise
    await route.fulfill({ response })
  })
  const isLoading = page.waitForRequest((request) => request.method() === 'GET' && request.url().includes('/dashboard.data'))
  await add(ada, 'From elsewhere')
  await isLoading
  await page.getByRole('button', { name: 'Delete “First”' }).click()
  await task(page, 'From elsewhere').waitFor()
  t.equal(await task(page, 'First').count(), 0)
  letAnswer.resolve()
  await page.getByText('Deleted “First”').waitFor()
  await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
  await task(page, 'First').waitFor()
})

t.test('FR-295: what is typed stays, and the page waits for it; so it does while tasks are chosen', async (t) => {
  const ada = await withTasks('First', 'Second')
  const page = await openPage(t, ada)
  const line = page.getByLabel('New task')
  await line.fill('Not sent yet')
  await add(ada, 'From elsewhere')
  await delay(2500) // longer than news are gathered
  t.equal(await task(page, 'From elsewhere').count(), 0)
  t.equal(await line.inputValue(), 'Not sent yet')
  await line.fill('')
  await task(page, 'From elsewhere').waitFor()

  const text = (await ada.get('/dashboard')).text
  const own = `/tasks/${idOf(text, 'First')}`
  await page.goto(own)
  await page.locator('form[novalidate] [name=title]').waitFor()
  await page.getByRole('textbox', { name: 'Description' }).fill('Half a sentence')
  const edition = /name="edition"[^>]* value="([^"]+)"/.exec((await ada.get(own)).text)?.[1]?.replaceAll('&quot;', '"') ?? ''
  await ada.post(own, { intent: 'save', edition, title: 'First', description: 'Theirs' })
  await delay(2500)
  t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'Half a sentence')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('changed elsewhere').waitFor()
  t.match((await ada.get(own)).text, 'Theirs', 'and what was saved elsewhere is not lost')

  await page.goto('/dashboard?choose=all')
  await page.getByText('3 tasks chosen').waitFor()
  await add(ada, 'Unseen')
  await delay(2500)
  t.equal(await page.getByRole('checkbox', { name: 'Unseen' }).count(), 0, 'what nobody has seen is not chosen')
})

t.test('FR-295: a hidden page holds no stream, and catches up when it is shown', async (t) => {
  const ada = await withTasks('First')
  const page = await openPage(t, ada)
  const setHidden = (isHidden: boolean) => page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)
  const streams = [await follow(t, cookieOf(ada)), await follow(t, cookieOf(ada))]
  const full = await follow(t, cookieOf(ada))
  t.equal(full.response.status, 429, 'of three places the page has one')
  t.ok(full.response.headers.get('retry-after'))
  await setHidden(true)
  let third = full
  while (third.response.status === 429) third = await follow(t, cookieOf(ada))
  t.equal(third.response.status, 200, 'the page has let go of it')
  await add(ada, 'While it was hidden')
  for (const { drop } of [...streams, third]) drop()
  t.equal(await task(page, 'While it was hidden').count(), 0)
  await setHidden(false)
  await task(page, 'While it was hidden').waitFor()
  t.notOk(await wasReloaded(page))
})

t.test('FR-295: logged out elsewhere, the stream ends, and the page asks to log in, unless something is typed', async (t) => {
  const ada = await withTasks('First')
  const phone = await otherDevice(ada.email)
  const [page, typing] = [await openPage(t, phone), await openPage(t, phone)]
  await typing.getByLabel('New task').fill('Not sent yet')
  const program = await follow(t, cookieOf(phone))
  t.equal((await program.next())?.event, 'from')
  await ada.get('/settings')
  t.equal((await ada.post('/settings', { intent: 'end-others' })).status, 303)
  t.match(await program.next(), { event: 'end', data: '{"reason":"revoked"}' })
  t.equal(await program.next(), undefined, 'and nothing after it')
  await page.waitForURL('**/login?next=%2Fdashboard')
  t.equal(await typing.getByLabel('New task').inputValue(), 'Not sent yet')
  const late = await follow(t, sealed({ ...opened(cookieOf(phone))!, expires_at: 0 }))
  t.match([late.response.status, await late.next(), await late.next()], [200, { event: 'end', data: '{"reason":"signed-out"}' }, undefined])
  t.equal((await follow(t, 'none')).response.status, 200)
  await add(ada, 'Of the one that stays')
  t.match((await ada.get('/dashboard')).text, 'Of the one that stays')
})

t.test('FR-295: the stream tells that there was a change and not what, behind the last event that arrived, to nobody else', async (t) => {
  const [ada, bob] = [await withTasks('First'), await signUp()]
  const stream = await follow(t, cookieOf(ada), '', { 'accept-encoding': 'br, gzip' })
  const { headers, status } = stream.response
  t.equal(status, 200)
  t.match(Object.fromEntries(headers), { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff', 'content-security-policy': /default-src 'none'/, 'cross-origin-resource-policy': 'same-origin' })
  t.equal(headers.get('content-encoding'), null)
  const from = await stream.next()
  t.match(from, { event: 'from', id: '2', data: '2' })
  await add(ada, 'A secret title')
  t.match(await stream.next(), { event: 'change', id: '3', data: '3' })
  await ada.get('/dashboard?choose=all')
  await ada.post('/dashboard', { intent: 'bulk', action: 'complete', all: 'true' })
  t.match((await stream.next())?.data, '4')
  t.notMatch(stream.text(), /secret|title|token/)
  stream.drop()

  for (const [query, more] of [['', { 'last-event-id': '2' }], ['?since=2', {}]] as const) {
    const resumed = await follow(t, cookieOf(ada), query, more)
    t.match([await resumed.next(), await resumed.next()], [{ event: 'from', data: '2' }, { event: 'change', id: '3' }])
    resumed.drop()
  }
  const foreign = await follow(t, cookieOf(bob), '?since=0')
  await foreign.next()
  await ada.get('/dashboard')
  await add(ada, 'Another secret')
  await bob.get('/dashboard')
  await add(bob, 'His own')
  t.match([await foreign.next(), await foreign.next()], [{ id: '1' }, { id: '2' }], 'the Inbox, and his task')
  t.equal((await ada.send('HEAD', '/events', {})).status, 405)
  t.not((await ada.post('/events', {})).status, 200)
})

t.test('FR-295: what was changed between the loading of the page and its stream is told', async (t) => {
  const ada = await withTasks('First')
  const before = Date.now()
  await add(ada, 'Just then')
  const stream = await follow(t, cookieOf(ada), `?at=${before}`)
  t.match([await stream.next(), await stream.next()], [{ event: 'from', data: '3' }, { event: 'change', data: '3' }])
  const later = await follow(t, cookieOf(ada), `?at=${Date.now() + 60_000}`)
  t.equal((await later.next())?.event, 'from')
  await add(ada, 'Then this')
  t.match(await later.next(), { event: 'change', id: '4' }, 'and nothing that was there before')
})

t.test('FR-295: without JavaScript nothing is followed', async (t) => {
  const ada = await withTasks('First')
  const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled: false })
  const paths: string[] = []
  page.on('request', (request) => { paths.push(new URL(request.url()).pathname) })
  await page.goto('/dashboard')
  await task(page, 'First').waitFor()
  t.notOk(paths.includes('/events'))
})

t.test('FR-295: open streams do not delay a stop, also those that nobody reads; pages come back by themselves', async (t) => {
  const ada = await withTasks('First')
  const page = await openPage(t, ada)
  const program = await follow(t, cookieOf(ada))
  t.equal((await program.next())?.event, 'from')
  const unread = await fetch(`${origin}/events`, { headers: { cookie: `${cookieName}=${cookieOf(ada)}` } })
  t.equal(unread.status, 200)
  const { ended } = product.children.web
  await product.restart('web')
  t.equal(await ended, 'with status 0', 'it was not cut off')
  t.match(await program.next(), { event: 'end', data: '{"reason":"closing"}' })
  t.equal(await program.next().catch(() => undefined), undefined)
  await unread.body?.cancel().catch(() => {})
  await add(ada, 'After the restart')
  await task(page, 'After the restart').waitFor()
  t.notOk(await wasReloaded(page))

  await product.restart('tasks')
  await ada.get('/dashboard')
  await add(ada, 'After the other restart')
  await task(page, 'After the other restart').waitFor()
})
