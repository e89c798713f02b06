import t from 'tap'
import type { Page } from 'playwright-core'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const place = await startWeb(t)
const { signUp } = place
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>
const add = (visit: Visit, title: string) => visit.post('/dashboard', { intent: 'add', title })
const idOf = (text: string, title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec(text)?.[1] ?? ''
const titlesIn = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]+)</g)].map(([, title]) => title)
const isAwake = (page: Page) => page.locator('form[novalidate]').first().waitFor({ state: 'attached' })
const unreached = 'Daymark cannot be reached from here'

async function openTask (visit: Visit, title: string) {
  await add(visit, title)
  const path = `/tasks/${idOf((await visit.get('/dashboard')).text, title)}`
  const page = await pageOf(t, browser, visit, place)
  await page.goto(path)
  await isAwake(page)
  return { page, path }
}

t.test('FR-298: where nobody answers, the page stays with what is typed, says so, and goes on when it is sent again', async (t) => {
  const ada = await signUp()
  const { page } = await openTask(ada, 'First')
  await page.getByRole('textbox', { name: 'Description' }).fill('An hour of words')
  await page.getByLabel('Another label').fill('Begun')
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.locator('.task-page__form [role=alert]', { hasText: unreached }).waitFor()
  await page.getByRole('button', { name: 'Set details' }).click()
  await page.locator('.task-details [role=alert]', { hasText: unreached }).waitFor()
  t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'An hour of words')
  t.equal(await page.getByLabel('Another label').inputValue(), 'Begun')
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved “First”').waitFor()
  t.equal(await page.getByLabel('Another label').inputValue(), 'Begun')
  await page.getByRole('button', { name: 'Set details' }).click()
  await page.getByRole('checkbox', { name: 'Begun' }).waitFor()
  t.equal(await page.getByLabel('Another label').inputValue(), '')
})

t.test('FR-298: so it is where a proxy answers in our place', async (t) => {
  const ada = await signUp()
  const { page, path } = await openTask(ada, 'First')
  await page.route(`**${path}.data*`, (route) => route.request().method() === 'POST' ? route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }) : route.continue())
  await page.getByRole('textbox', { name: 'Description' }).fill('An hour of words')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(unreached).waitFor()
  t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'An hour of words')
})

t.test('FR-298: of several tasks that could not be added none is lost, and each is added once', async (t) => {
  const ada = await signUp()
  const page = await pageOf(t, browser, ada, place)
  await page.goto('/dashboard')
  await isAwake(page)
  const line = page.getByLabel('New task')
  const titles = ['One', 'Two', 'Three']
  let letGo = () => {}
  const isHeld = new Promise<void>((resolve) => { letGo = resolve })
  let dropped = 0
  // The first arrives, and its answer is lost; the others do not arrive.
  await page.route('**/dashboard.data*', async (route) => {
    if (route.request().method() !== 'POST') return await route.continue()
    await isHeld
    if (dropped++ === 0) await route.fetch()
    await route.abort('connectionreset')
  })
  for (const title of titles) {
    await line.fill(title)
    await line.press('Enter')
  }
  letGo()
  for (const title of ['Two', 'Three']) await page.getByRole('button', { name: `Add “${title}” again` }).waitFor()
  t.equal(await line.inputValue(), 'One')
  await page.unroute('**/dashboard.data*')
  await line.press('Enter')
  await page.getByText('Added “One”').waitFor()
  await page.getByRole('button', { name: 'Add “Two” again' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Added “Two”').waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.id), 'title', 'the focus is in the line')
  await page.getByRole('button', { name: 'Give up “Three”' }).click()
  t.same(titlesIn((await ada.get('/dashboard')).text).sort(), ['One', 'Two'])
})

t.test('FR-298: an undo that nobody answers can be asked for again', async (t) => {
  const ada = await signUp()
  await add(ada, 'First')
  const page = await pageOf(t, browser, ada, place)
  await page.goto('/dashboard')
  await isAwake(page)
  await page.getByRole('button', { name: 'Delete “First”' }).click()
  await page.getByText('Deleted “First”').waitFor()
  await page.getByLabel('New task').fill('Typed meanwhile')
  await page.context().setOffline(true)
  await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
  await page.getByText(unreached).waitFor()
  t.equal(await page.getByLabel('New task').inputValue(), 'Typed meanwhile')
  await page.context().setOffline(false)
  await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: 'First', exact: true }).waitFor()
})

t.test('FR-300: where the session is over what is typed stays, and is saved once one has logged in again elsewhere; nothing typed, it leads to the log-in page', async (t) => {
  const ada = await signUp()
  const { page, path } = await openTask(ada, 'First')
  const session = await page.context().cookies()
  await page.getByRole('textbox', { name: 'Description' }).fill('An hour of words')
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('You were logged out').waitFor()
  t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'An hour of words')
  await page.context().addCookies(session)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved “First”').waitFor()
  t.match((await ada.get(path)).text, 'An hour of words')

  await page.goto('/dashboard')
  await isAwake(page)
  await ada.get('/dashboard')
  await ada.post('/logout')
  await page.getByLabel('New task').fill('Second')
  await page.getByLabel('New task').press('Enter')
  await page.getByText('You were logged out').waitFor()
  t.equal(await page.getByLabel('New task').inputValue(), 'Second')

  const eve = await signUp()
  await add(eve, 'Second')
  const idle = await pageOf(t, browser, eve, place)
  await idle.goto('/dashboard')
  await isAwake(idle)
  await eve.post('/logout')
  await idle.getByRole('button', { name: 'Complete “Second”' }).click()
  await idle.waitForURL(/\/login/)
})
