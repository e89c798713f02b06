import t, { type Test } from 'tap'
import { randomUUID } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, cookieName, signUp } = await startWeb(t)
const browser = await launchBrowser(t)

const write = async (page: Page, fields: Record<string, string>) => { for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text) }

/** Two tabs of a new browser, of which neither had a cookie to send; again where one of them was too late for that. */
async function openAtOnce (t: Test, javaScriptEnabled: boolean): Promise<{ context: BrowserContext, tabs: Page[] }> {
  const context = await browser.newContext({ baseURL: origin, javaScriptEnabled })
  t.teardown(() => context.close())
  const tabs = [await context.newPage(), await context.newPage()]
  const answers = await Promise.all(tabs.map((tab) => tab.goto('/signup')))
  const sent = await Promise.all(answers.map(async (answer) => (await answer?.request().allHeaders())?.['cookie'] ?? ''))
  return sent.some((cookies) => cookies.includes('daymark')) ? await openAtOnce(t, javaScriptEnabled) : { context, tabs }
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-054: of two tabs that open the sign-up page at once, the form of each counts, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async (t) => {
    for (const first of [0, 1]) {
      const { context, tabs } = await openAtOnce(t, javaScriptEnabled)
      const tab = tabs[first]!
      await write(tab, { 'E-mail address': `${randomUUID()}@example.com`, Password: password })
      await tab.getByRole('button', { name: 'Create account' }).click()
      await tab.waitForURL('**/dashboard')
      const left = (await context.cookies()).map(({ name }) => name)
      t.same(left.filter((name) => name.includes('visit')), [], 'what the visits were known by is gone')
    }
  })
}

t.test('SEC-73: however many visits a browser has begun at once, a form of another one does not count', async (t) => {
  const { email } = await signUp()
  const [here, there] = [visitor(origin), visitor(origin)]
  const [one, two] = await Promise.all([here.get('/login'), here.get('/login')])
  await there.get('/login')
  const tokenIn = (text: string) => /name="form_token"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? ''
  t.equal((await here.post('/login', { email, password, form_token: there.formToken() })).status, 403)
  for (const { text } of [one, two]) t.equal((await here.post('/login', { email: '', password, form_token: tokenIn(text) })).status, 422, 'its own is looked at')
  t.equal((await here.post('/login', { email, password, form_token: tokenIn(one.text) })).status, 303)
  t.same([...here.cookies.keys()].filter((name) => name.includes('visit')), [])
  t.ok(here.cookies.has(cookieName))
  t.equal((await here.post('/dashboard', { intent: 'add', title: 'x', form_token: tokenIn(two.text) })).status, 403, 'and counts for nothing after it')
})
