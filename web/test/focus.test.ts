import t from 'tap'
import type { Page } from 'playwright-core'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const place = await startWeb(t)
const { signUp } = place
const browser = await launchBrowser(t)

const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)
const isAwake = (page: Page) => page.locator('form[novalidate]').first().waitFor({ state: 'attached' })

async function withTasks (...titles: string[]) {
  const ada = await signUp()
  for (const title of titles) await ada.post('/dashboard', { intent: 'add', title })
  return { ada, page: await pageOf(t, browser, ada, place) }
}

t.test('FR-301: brought back from the trash, a task leaves the focus to the next row, and the last one to the heading', async (t) => {
  const { ada, page } = await withTasks('One', 'Two')
  for (const [, id = ''] of (await ada.get('/dashboard')).text.matchAll(/href="\/tasks\/([\w-]+)"/g)) await ada.post('/dashboard', { intent: 'delete', id })
  await page.goto('/dashboard')
  await isAwake(page)
  await page.getByRole('link', { name: 'Trash' }).click()
  for (const [title, next] of [['Two', 'Bring back “One”'], ['One', 'Trash']]) {
    await page.getByRole('button', { name: `Bring back “${title}”` }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(`Brought back “${title}”`).waitFor()
    t.equal(await focused(page), next)
  }
})

t.test('FR-301: choosing several, and ceasing to choose or to search, the focus is not lost', async (t) => {
  const { page } = await withTasks('One', 'Two')
  await page.goto('/dashboard')
  await isAwake(page)
  const follow = async (name: string) => {
    await page.getByRole('link', { name }).focus()
    await page.keyboard.press('Enter')
  }
  await follow('Choose several')
  await page.getByText('0 tasks chosen').waitFor()
  t.equal(await focused(page), '0 tasks chosen')
  await follow('All shown')
  await page.waitForURL(/choose=all/)
  await page.getByText('2 tasks chosen').waitFor()
  await page.waitForFunction(() => document.activeElement?.textContent === '2 tasks chosen')
  await follow('Cancel')
  await page.getByRole('link', { name: 'Choose several' }).waitFor()
  t.equal(await focused(page), 'Tasks')
  await page.getByLabel('Search tasks').fill('Two')
  await page.keyboard.press('Enter')
  await follow('Clear search')
  await page.getByRole('link', { name: 'One', exact: true }).waitFor()
  t.equal(await focused(page), 'Tasks')
})

t.test('FR-301: pressed twice, “Add” adds once and finds nothing wrong', async (t) => {
  const { ada, page } = await withTasks()
  await page.goto('/dashboard')
  await isAwake(page)
  await page.getByLabel('New task').fill('Once')
  await page.getByRole('button', { name: 'Add' }).dblclick()
  await page.getByText('Added “Once”').waitFor()
  t.equal(await page.getByRole('alert').count(), 0)
  t.equal((await ada.get('/dashboard')).text.split('class="task__link"').length - 1, 1)
  await page.reload()
  await isAwake(page)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByText('Write what is to be done.').waitFor()
})
