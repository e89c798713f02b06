import t from 'tap'
import type { Teardown } from '@daymark/kit/test-database'
import type { Page } from 'playwright-core'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp, database, children, restart } = await startWeb(t)
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]*)</g)].map(([, title]) => title)
const idOf = async (title: string) => (await database.asSuperuser<{ id: string }>('SELECT id FROM tasks.tasks WHERE title = $1', [title]))[0]!.id

const openAs = (t: Teardown, who: Visit, options: { javaScriptEnabled?: boolean } = {}): Promise<Page> => pageOf(t, browser, who, { origin, cookieName }, options)

/** The fields of the form in the notice of a page, as a browser would send them. */
function undoIn (text: string): Record<string, string> {
  const [form = ''] = /<form[^>]* action="\/undo"[\s\S]*?<\/form>/.exec(text) ?? []
  return Object.fromEntries([...form.matchAll(/<(?:input|button)[^>]*>/g)].flatMap(([tag]) => {
    const [name, value] = [/ name="([^"]+)"/.exec(tag)?.[1], / value="([^"]*)"/.exec(tag)?.[1]]
    return name === undefined ? [] : [[name, (value ?? '').replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')]]
  }))
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-276, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: each change is told with a way to take it back, and that with a way to do it again`, async (t) => {
    const ada = await signUp()
    await ada.post('/dashboard', { intent: 'add', title: 'Old' })
    const page = await openAs(t, ada, { javaScriptEnabled })
    const notice = page.locator('.notice')
    const told = (words: string) => notice.getByText(words).waitFor()
    const row = (title: string) => page.locator('.task:not(.task--pending):not([data-leaving])').getByRole('link', { name: title, exact: true })
    const [undo, redo] = [notice.getByRole('button', { name: 'Undo' }), notice.getByRole('button', { name: 'Redo' })]
    await page.goto('/dashboard')

    await page.getByLabel('New task').fill('New')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await told('Added “New”')
    await row('New').waitFor()
    await undo.press('Enter')
    await told('Undone: added “New”')
    await row('New').waitFor({ state: 'detached' })
    if (javaScriptEnabled) t.ok(await redo.evaluate((button) => button === document.activeElement), 'the focus stays where it was')
    await redo.press('Enter')
    await told('Done again: added “New”')
    await row('New').waitFor()
    await undo.press('Enter')
    await row('New').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Complete “Old”' }).click()
    await told('Completed “Old”')
    await undo.click()
    await row('Old').waitFor()
    await page.locator('.task', { hasText: 'Old' }).hover()
    await page.getByRole('button', { name: 'Delete “Old”' }).click()
    await told('Deleted “Old”')
    await undo.click()
    await told('Undone: deleted “Old”')
    await row('Old').click()

    const title = page.getByRole('textbox', { name: 'Title' })
    await title.fill('Newer')
    await page.getByRole('button', { name: 'Save' }).click()
    await told('Saved “Newer”')
    await undo.click()
    await told('Undone: saved “Newer”')
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('#title')?.value === 'Old')
    await page.getByLabel('Priority').selectOption('High')
    await page.getByRole('button', { name: 'Set details' }).click()
    await told('Saved “Old”')
    await undo.click()
    await told('Undone: saved “Old”')
    await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#priority')?.value === 'none')
    await page.getByRole('button', { name: 'Complete' }).click()
    await told('Completed “Old”')
    await undo.click()
    await page.getByRole('button', { name: 'Complete' }).waitFor()

    await page.getByRole('button', { name: 'Delete' }).click()
    await told('Deleted “Old”')
    await page.goto('/trash')
    await page.getByRole('button', { name: 'Bring back “Old”' }).click()
    await told('Brought back “Old”')
    await undo.click()
    await told('Undone: brought back “Old”')
    await page.getByRole('button', { name: 'Bring back “Old”' }).waitFor()
  })

  t.test(`FR-276, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: the page of a task that an undo has taken away leads to the list`, async (t) => {
    const title = `Short lived ${javaScriptEnabled}`
    const ada = await signUp()
    const page = await openAs(t, ada, { javaScriptEnabled })
    await page.goto('/dashboard')
    await page.getByLabel('New task').fill(title)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('.notice').getByText('Added').waitFor()
    if (javaScriptEnabled) await page.getByRole('link', { name: title }).click()
    else {
      const undo = undoIn(await page.content())
      const answer = await ada.post('/undo', { ...undo, form_token: ada.formToken(), next: `/tasks/${await idOf(title)}` })
      t.equal(answer.location, '/dashboard')
      return
    }
    await page.getByRole('textbox', { name: 'Title' }).waitFor()
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
    await page.waitForURL('**/dashboard')
    await page.locator('.notice').getByText(`Undone: added “${title}”`).waitFor()
  })

  t.test(`FR-277, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: what was changed again stands, and is named`, async (t) => {
    const ada = await signUp()
    await ada.post('/dashboard', { intent: 'add', title: `Contested ${javaScriptEnabled}` })
    const path = `/tasks/${await idOf(`Contested ${javaScriptEnabled}`)}`
    const page = await openAs(t, ada, { javaScriptEnabled })
    await page.goto(path)
    await page.getByRole('textbox', { name: 'Title' }).fill('First')
    await page.getByRole('button', { name: 'Save' }).click()
    const undo = page.locator('.notice').getByRole('button', { name: 'Undo' })
    await undo.waitFor()
    const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await ada.get(path)).text) ?? []
    t.equal((await ada.post(path, { intent: 'save', edition: edition.replaceAll('&quot;', '"'), title: 'Second', description: '' })).status, 303)
    await undo.click()
    await page.getByRole('alert').getByText('“First” stays as it is: its title was changed again later. Take that back first.').waitFor()
    await page.getByRole('link', { name: 'See its history' }).click()
    await page.waitForURL(/\/tasks\/[\w-]+\/history#change-\d+$/)
    await page.getByRole('heading', { name: 'History' }).waitFor()
    t.match(await page.locator('.change:target, .change').first().textContent(), /Title changed.*First.*Second/)
    t.match((await ada.get(path)).text, /name="title"[^>]* value="Second"/)
  })
}

t.test('FR-276: what is told has room on a small screen, however long the title', async (t) => {
  const ada = await signUp()
  const page = await openAs(t, ada)
  await page.setViewportSize({ width: 320, height: 568 })
  await page.goto('/dashboard')
  await page.getByLabel('New task').fill('Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4))
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.locator('.notice').getByRole('button', { name: 'Undo' }).waitFor()
  const { left, right } = await page.locator('.notice').evaluate((notice) => notice.getBoundingClientRect())
  t.ok(left >= 0 && right <= 320, `from ${left} to ${right}`)
})

t.test('FR-276: an undo that is sent twice has one effect, and nobody else\'s change is taken back', async (t) => {
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'Call <b>Bob</b>' })
  const undo = undoIn((await ada.get('/dashboard')).text)
  t.match(undo, { did: 'added', title: 'Call <b>Bob</b>', again: 'undone', next: '/dashboard' })
  const eve = await signUp()
  const foreign = await eve.post('/undo', { ...undo, form_token: eve.formToken() })
  t.equal(foreign.status, 409)
  t.match(foreign.text, 'not on record any more')
  t.same(listed((await ada.get('/dashboard')).text), ['Call &lt;b&gt;Bob&lt;/b&gt;'])
  t.equal((await ada.post('/undo', { ...undo, form_token: 'made up' })).status, 403, 'SEC-73')
  t.equal((await ada.post('/undo', undo, { 'sec-fetch-site': 'cross-site' })).status, 403, 'SEC-72')
  t.equal((await ada.post('/undo', { ...undo, form_token: ada.formToken(), did: 'hacked' })).status, 422)
  t.equal((await ada.post('/undo', { ...undo, form_token: ada.formToken(), user_id: 'someone' })).status, 422, 'SEC-84')
  await ada.get('/dashboard')
  const twice = { ...undo, form_token: ada.formToken() }
  t.same((await Promise.all([ada.post('/undo', twice), ada.post('/undo', twice)])).map(({ status, location }) => [status, location]), [[303, '/dashboard'], [303, '/dashboard']])
  t.same(listed((await ada.get('/dashboard')).text), [])
  t.equal((await ada.post('/undo', { ...twice, form_key: 'another', next: 'https://evil.example/' })).status, 409, 'taken back already')
  t.match((await ada.get('/undo')).text, 'Nothing to take back')

  await ada.post('/dashboard', { intent: 'add', title: 'Elsewhere' })
  const elsewhere = undoIn((await ada.get('/dashboard')).text)
  t.equal((await ada.post('/undo', { ...elsewhere, next: 'https://evil.example/' })).location, '/dashboard', 'SEC-79')
})

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-276, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: an undo while the tasks service is away can be asked for again`, async (t) => {
    const ada = await signUp()
    const page = await openAs(t, ada, { javaScriptEnabled })
    await page.goto('/dashboard')
    await page.getByLabel('New task').fill('Patient')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    await children.tasks.stop()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('alert').getByText('a part of it is away').waitFor()
    await restart('tasks')
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone: added “Patient”').waitFor()
    t.same(listed((await ada.get('/dashboard')).text), [])
  })
}
