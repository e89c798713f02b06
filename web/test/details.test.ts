import t from 'tap'
import { judge, sticksOut } from './judge-screens.ts'
import { launchBrowser } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp } = await startWeb(t)
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>

/** A new task's path. */
async function addTask (who: Visit, title: string) {
  await who.post('/dashboard', { intent: 'add', title })
  return `/tasks/${new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec((await who.get('/dashboard')).text)?.[1] ?? ''}`
}

async function editionOf (who: Visit, path: string) {
  const { text } = await who.get(path)
  return (/name="details_edition"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"')
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-231, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: a task is given a priority and days by keyboard, and the list tells them`, async (t) => {
    const ada = await signUp()
    const path = await addTask(ada, 'Taxes')
    const context = await browser.newContext({ baseURL: origin, javaScriptEnabled })
    t.teardown(() => context.close())
    await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName) ?? '', url: origin, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    await page.goto(path)
    await page.getByLabel('Priority').selectOption('High')
    await page.getByLabel('Due on').fill('2020-02-29')
    await page.getByLabel('Not before').fill('2020-02-01')
    await page.getByRole('button', { name: 'Set details' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    t.equal(await page.getByLabel('Priority').inputValue(), 'high')
    t.equal(await page.getByLabel('Due on').inputValue(), '2020-02-29')
    t.equal(await page.getByLabel('Not before').inputValue(), '2020-02-01')

    await page.goto('/dashboard')
    const row = page.locator('.task', { hasText: 'Taxes' })
    t.match(await row.textContent(), 'Overdue since 29 Feb 2020', 'told in words, not by a colour alone')
    t.match(await row.textContent(), 'High priority')
    await page.goto(path)
    await page.getByLabel('Due on').fill('')
    await page.getByRole('button', { name: 'Set details' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.goto('/dashboard')
    t.notMatch(await row.textContent(), 'Overdue', 'a day can be taken away again')
  })
}

t.test('FR-231: details changed elsewhere are told, nothing is saved, and what was chosen is still there', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Contested')
  const begun = await editionOf(ada, path)
  t.equal((await ada.post(path, { intent: 'details', details_edition: begun, priority: 'low', due_date: '2030-01-31', start_date: '' })).status, 303)
  const refused = await ada.post(path, { intent: 'details', details_edition: begun, priority: 'urgent', due_date: '', start_date: '2030-01-01' })
  t.equal(refused.status, 412)
  t.match(refused.text, 'priority low, due on 31 Jan 2030')
  t.match(refused.text, /<option value="urgent" selected="">/)
  t.match(refused.text, /id="start_date"[^>]* value="2030-01-01"/)
  t.match((await ada.get('/dashboard')).text, 'Low priority')

  const [, again = ''] = /name="details_edition"[^>]* value="([^"]+)"/.exec(refused.text) ?? []
  t.equal((await ada.post(path, { intent: 'details', details_edition: again.replaceAll('&quot;', '"'), priority: 'urgent', due_date: '', start_date: '2030-01-01' })).status, 303, 'saving again is meant')
  t.match((await ada.get('/dashboard')).text, 'Urgent priority')
})

t.test('FR-231: the details and the facts in the list are for everybody: axe, and bounds', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Judged')
  await ada.post(path, { intent: 'details', details_edition: await editionOf(ada, path), priority: 'urgent', due_date: '2020-02-29', start_date: '' })
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ baseURL: origin, colorScheme, reducedMotion: 'reduce', viewport: { width: 360, height: 740 } })
    t.teardown(() => context.close())
    await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName) ?? '', url: origin, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    for (const where of [path, '/dashboard']) {
      await page.goto(where)
      await judge(t, page, colorScheme, `${where}, ${colorScheme}`)
      t.notOk(await sticksOut(page))
    }
  }
})

t.test('FR-231: new words, or being done, are no conflict with details', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Moved on')
  const begun = await editionOf(ada, path)
  await ada.post(path, { intent: 'complete', completed: 'true' })
  t.equal((await ada.post(path, { intent: 'details', details_edition: begun, priority: 'medium', due_date: '', start_date: '' })).status, 303)
  t.match((await ada.get('/dashboard?show=done')).text, 'Medium priority')
})

t.test('FR-231: what does not belong is refused at its field, and another person\'s task is not there', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Guarded')
  const whole = { intent: 'details', details_edition: await editionOf(ada, path), priority: 'low', due_date: '', start_date: '' }
  t.equal((await ada.post(path, { ...whole, due_date: '2026-02-30' })).status, 422, 'no such day')
  t.equal((await ada.post(path, { ...whole, priority: 'enormous' })).status, 422)
  t.equal((await ada.post(path, { ...whole, user_id: 'someone' })).status, 422, 'SEC-84')
  t.equal((await ada.post(path, { ...whole, details_edition: 'made up' })).status, 422)
  t.equal((await ada.post(path, { ...whole, form_token: 'made up' })).status, 403, 'SEC-73')
  t.equal((await ada.post(path, whole, { 'sec-fetch-site': 'cross-site' })).status, 403, 'SEC-72')
  const eve = await signUp()
  t.equal((await eve.post(path, whole)).status, 404)
  t.notMatch((await ada.get('/dashboard')).text, 'Low priority', 'none of it had an effect')
})
