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
const isAwake = (page: Page) => page.locator('form[novalidate]').first().waitFor({ state: 'attached' })

async function openTask (visit: Visit, title: string, javaScriptEnabled = true) {
  await add(visit, title)
  const path = `/tasks/${idOf((await visit.get('/dashboard')).text, title)}`
  const page = await pageOf(t, browser, visit, place, { javaScriptEnabled })
  await page.goto(path)
  if (javaScriptEnabled) await isAwake(page)
  return { page, path }
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-299, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: what was written for a task that somebody deleted meanwhile is not lost`, async (t) => {
    const ada = await signUp()
    const { page, path } = await openTask(ada, 'First', javaScriptEnabled)
    await page.getByRole('textbox', { name: 'Description' }).fill('An hour of words')
    await ada.post('/dashboard', { intent: 'delete', id: path.slice('/tasks/'.length) })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('This task was deleted elsewhere').waitFor()
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'An hour of words')
    if (!javaScriptEnabled) return
    await ada.get('/trash')
    await ada.post('/trash', { id: path.slice('/tasks/'.length) })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved “First”').waitFor()
    t.match((await ada.get(path)).text, 'An hour of words')
  })
}

t.test('FR-299: one form of a task\'s page is sent, and what is begun in the others stays', async (t) => {
  const ada = await signUp()
  const { page } = await openTask(ada, 'First')
  const begun = async () => [await page.getByLabel('Priority').inputValue(), await page.getByLabel('Another label').inputValue(), await page.getByRole('textbox', { name: 'Description' }).inputValue()]
  const line = page.getByLabel('New subtask')
  await page.getByRole('textbox', { name: 'Description' }).fill('Half a sentence')
  await page.getByLabel('Priority').selectOption('high')
  await page.getByLabel('Another label').fill('Begun')
  for (const title of ['Part one', 'Part two']) {
    await line.fill(title)
    await line.press('Enter')
    await page.getByRole('link', { name: title }).waitFor()
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[name=subtask]')?.value === '')
    t.equal(await page.evaluate(() => document.activeElement?.id), 'subtask', 'the focus waits for the next one')
  }
  t.same(await begun(), ['high', 'Begun', 'Half a sentence'])
  await line.fill('Part th')
  await page.getByRole('button', { name: 'Delete “Part two”' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Deleted “Part two”').waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.textContent), 'Part one', 'the focus goes to the next row')
  t.equal(await line.inputValue(), 'Part th')
  await page.getByRole('textbox', { name: 'Title' }).fill('Renamed')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved “Renamed”').waitFor()
  t.same(await begun(), ['high', 'Begun', 'Half a sentence'])

  await page.getByLabel('At', { exact: true }).fill('10:00')
  await page.getByRole('button', { name: 'Set details' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Choose the day as well').waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.id), 'due_date', 'the focus is where another look is needed')
  await page.getByRole('button', { name: 'Complete “Part one”' }).click()
  await page.getByText('Completed “Part one”').waitFor()
  t.same(await begun(), ['high', 'Begun', 'Half a sentence'])
  t.equal(await page.getByLabel('At', { exact: true }).inputValue(), '10:00')

  await page.getByLabel('Due on').fill('2030-01-31')
  await page.getByRole('button', { name: 'Set details' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('checkbox', { name: 'Begun' }).waitFor()
  t.equal(await page.getByLabel('Another label').inputValue(), '')
  t.ok(await page.getByRole('checkbox', { name: 'Begun' }).isChecked())
  t.equal(await page.evaluate(() => document.activeElement?.textContent), 'Set details', 'the focus stays on what was pressed')
  t.equal(await line.inputValue(), 'Part th')
})

t.test('FR-299: details that were changed elsewhere while others were chosen are told, whatever was sent meanwhile', async (t) => {
  const ada = await signUp()
  const { page, path } = await openTask(ada, 'First')
  await page.getByLabel('Priority').selectOption('high')
  const other = await pageOf(t, browser, ada, place)
  await other.goto(path)
  await isAwake(other)
  await other.getByLabel('Priority').selectOption('low')
  await other.getByRole('button', { name: 'Set details' }).click()
  await other.getByText('Saved “First”').waitFor()
  await page.getByRole('textbox', { name: 'Title' }).fill('Renamed')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved “Renamed”').waitFor()
  t.equal(await page.getByLabel('Priority').inputValue(), 'high')
  await page.getByRole('button', { name: 'Set details' }).click()
  await page.getByText('These details were changed elsewhere').waitFor()
  await page.getByRole('button', { name: 'Set mine over it' }).click()
  await page.getByText('These details were changed elsewhere').waitFor({ state: 'detached' })
  await other.reload()
  t.equal(await other.getByLabel('Priority').inputValue(), 'high')
})
