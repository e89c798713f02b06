import t from 'tap'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { service } from '../app/api/service.server.ts'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp } = await startWeb(t)

const shownTitles = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]+)</g)].map(([, title]) => title)

t.test('FR-230: a form that is sent twice has one effect, and another form has another', async (t) => {
  const ada = await signUp()
  const keyOf = (text: string) => /name="form_key"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? ''
  const first = keyOf((await ada.get('/dashboard')).text)
  t.ok(first)
  const milk = { intent: 'add', title: 'Milk', form_key: first }
  t.same((await Promise.all([ada.post('/dashboard', milk), ada.post('/dashboard', milk)])).map(({ status }) => status), [303, 303], 'pressed twice at once')
  t.equal((await ada.post('/dashboard', milk)).status, 303, 'sent again')
  t.same(shownTitles((await ada.get('/dashboard')).text), ['Milk'])

  t.equal((await ada.post('/dashboard', { ...milk, title: 'Bread' })).status, 303, 'the same form filled in anew is another wish')
  const second = keyOf((await ada.get('/dashboard')).text)
  t.not(second, first, 'each page brings another key')
  t.equal((await ada.post('/dashboard', { ...milk, form_key: second })).status, 303)
  t.same(shownTitles((await ada.get('/dashboard')).text), ['Milk', 'Bread', 'Milk'], 'to write the same again on purpose adds it again')
})

t.test('FR-230: a key is no field of the form, and another person\'s does nothing', async (t) => {
  const ada = await signUp()
  const eve = await signUp()
  for (const who of [ada, eve]) t.equal((await who.post('/dashboard', { intent: 'add', title: 'Mine', form_key: 'the same' })).status, 303)
  for (const who of [ada, eve]) t.same(shownTitles((await who.get('/dashboard')).text), ['Mine'])
  t.equal((await ada.post('/dashboard', { intent: 'add', title: 'Long', form_key: 'x'.repeat(5000) })).status, 303, 'whatever the key, the service is given one that it takes')
})

t.test('FR-230: ticked, reopened and ticked again, a task is done, whether the page is awake or not', async (t) => {
  const browser = await launchBrowser(t)
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'To and fro' })
  for (const javaScriptEnabled of [true, false]) {
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto('/dashboard?show=all')
    const press = async (what: 'Complete' | 'Reopen') => {
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await page.getByRole('button', { name: `${what} “To and fro”` }).click()
      await answered
    }
    for (const what of ['Complete', 'Reopen', 'Complete'] as const) await press(what)
    t.match((await ada.get('/dashboard?show=done')).text, 'To and fro')
    await press('Reopen')
    await page.context().close()
  }
})

t.test('FR-230: over a broken connection a write that has a key is sent once more, with the same; one without is not', async (t) => {
  const keys: Array<string | undefined> = []
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']?.toString())
    if (keys.length % 2 === 1) request.socket.destroy()
    else response.setHeader('content-type', 'application/json').end('{}')
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close() })
  const call = service({ name: 'tasks', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs: 10_000 })
  const from = { requestId: 'test', traceparent: '00-00000000000000000000000000000001-0000000000000001-01' }

  t.match(await call({ method: 'POST', path: '/', headers: { 'idempotency-key': 'k' }, body: {} }, from), { body: {} })
  t.same(keys, ['k', 'k'])
  await t.rejects(call({ method: 'POST', path: '/', body: {} }, from), { name: 'ServiceAway' })
  t.equal(keys.length, 3)
})
