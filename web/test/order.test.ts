import t from 'tap'
import { launchBrowser, listedTasks, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp } = await startWeb(t)
const browser = await launchBrowser(t)

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]*)</g)].map(([, title]) => title)

async function withTasks (...titles: string[]) {
  const ada = await signUp()
  for (const title of titles.toReversed()) await ada.post('/dashboard', { intent: 'add', title })
  const { text } = await ada.get('/dashboard')
  const idOf = (title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec(text)?.[1] ?? ''
  return { ada, idOf, order: async () => listed((await ada.get('/dashboard')).text) }
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-281, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: a task is moved step by step and to the ends, by keyboard, and back by undo`, async (t) => {
    const { ada, order } = await withTasks('One', 'Two', 'Three', 'Four')
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto('/dashboard')
    const row = page.locator('.task', { hasText: 'Three' })
    const button = (name: string) => row.getByRole('button', { name, exact: true })
    const move = async (name: string, expected: string[]) => {
      await page.waitForLoadState() // a page that is still coming in takes the focus to the row its address names
      if (!await row.locator('details').evaluate((menu: HTMLDetailsElement) => menu.open)) await row.locator('summary').press('Enter')
      await button(name).press('Enter')
      t.same(await listedTasks(page, expected), expected)
      t.same(await order(), expected)
    }
    await move('Up', ['One', 'Three', 'Two', 'Four'])
    if (javaScriptEnabled) {
      await page.waitForFunction(() => document.activeElement?.textContent === 'Up')
      t.ok(await button('Up').evaluate((up) => up === document.activeElement), 'the focus is on the same button of the same row')
    } else t.match(page.url(), /#task-/)
    await move('Up', ['Three', 'One', 'Two', 'Four'])
    if (javaScriptEnabled) await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Move “Three”')
    t.equal(await button('Up').count(), 0, 'there is no way up from the top')
    await move('To the bottom', ['One', 'Two', 'Four', 'Three'])
    await move('To the top', ['Three', 'One', 'Two', 'Four'])
    await move('Down', ['One', 'Three', 'Two', 'Four'])
    await page.locator('.notice').getByText('Moved “Three”').waitFor()
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
    await page.locator('.notice').getByText('Undone: moved “Three”').waitFor()
    t.same(await order(), ['Three', 'One', 'Two', 'Four'])
  })
}

t.test('FR-281: only in the manual order; beside what is gone nothing is moved, and nothing of another\'s', async (t) => {
  const { ada, idOf, order } = await withTasks('One', 'Two')
  t.match((await ada.get('/dashboard')).text, 'task__menu')
  t.notMatch((await ada.get('/dashboard?q=one')).text, 'task__menu')
  t.notMatch((await ada.get('/dashboard?due=today')).text, 'task__menu')
  const gone = await ada.post('/dashboard', { intent: 'move', id: idOf('Two'), place: `before ${crypto.randomUUID()}` })
  t.equal(gone.status, 422)
  t.match(gone.text, 'was changed elsewhere')
  t.equal((await ada.post('/dashboard', { intent: 'move', id: idOf('Two'), place: 'nowhere' })).status, 422)
  t.equal((await ada.post('/dashboard', { intent: 'move', id: idOf('Two'), place: 'first', form_token: 'made up' })).status, 403, 'SEC-73')
  const eve = await withTasks('Hers')
  t.equal((await eve.ada.post('/dashboard', { intent: 'move', id: idOf('Two'), place: 'first' })).status, 404)
  t.same(await order(), ['One', 'Two'])
})
