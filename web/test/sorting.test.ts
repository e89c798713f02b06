import t from 'tap'
import { launchBrowser, listedTasks, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp, database } = await startWeb(t)
const browser = await launchBrowser(t)

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>(?:<bdi>)?([^<]*)</g)].map(([, title]) => title)
const hrefs = (text: string) => [...text.matchAll(/href="(\/dashboard[^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

/** Three tasks, which every order lists in another way. */
async function withTasks () {
  const ada = await signUp()
  const { email } = ada
  for (const title of ['banana', 'Apple', 'cherry']) await ada.post('/dashboard', { intent: 'add', title })
  for (const [title, priority, due, changed] of [['banana', 'low', null, 3], ['Apple', 'urgent', '2030-01-02', 1], ['cherry', 'none', '2030-01-01', 2]] as const) {
    await database.asSuperuser(`
      UPDATE tasks.tasks SET priority = $1, due_date = $2, updated_at = now() + $3 * interval '1 minute'
      WHERE title = $4 AND user_id = (SELECT id FROM auth.users WHERE email = $5)`, [priority, due, changed, title, email])
  }
  return ada
}

t.test('FR-294: the tasks are listed in the order that the address asks for; what it asks for in vain is the usual order', async (t) => {
  const ada = await withTasks()
  const orders: Array<[query: string, titles: string[], words: string]> = [
    ['', ['cherry', 'Apple', 'banana'], 'Manual order'],
    ['sort=due', ['cherry', 'Apple', 'banana'], 'Due, soonest first'],
    ['sort=due&direction=desc', ['Apple', 'cherry', 'banana'], 'Due, latest first'],
    ['sort=priority', ['Apple', 'banana', 'cherry'], 'Priority, highest first'],
    ['sort=priority&direction=asc', ['cherry', 'banana', 'Apple'], 'Priority, lowest first'],
    ['sort=title', ['Apple', 'banana', 'cherry'], 'Title, A to Z'],
    ['sort=title&direction=desc', ['cherry', 'banana', 'Apple'], 'Title, Z to A'],
    ['sort=created', ['cherry', 'Apple', 'banana'], 'Created, newest first'],
    ['sort=created&direction=asc', ['banana', 'Apple', 'cherry'], 'Created, oldest first'],
    ['sort=updated', ['banana', 'cherry', 'Apple'], 'Changed, newest first'],
    ['sort=updated&direction=asc', ['Apple', 'cherry', 'banana'], 'Changed, oldest first'],
    ['sort=colour&direction=up', ['cherry', 'Apple', 'banana'], 'Manual order'],
    ['sort=position&direction=desc', ['cherry', 'Apple', 'banana'], 'Manual order'],
  ]
  for (const [query, titles, words] of orders) {
    const { status, text } = await ada.get(`/dashboard?${query}`)
    t.equal(status, 200)
    t.same(listed(text), titles, words)
    t.match(text, `Sort: </span>${words}<`)
    t.equal(/class="task__menu"/.test(text), words === 'Manual order', 'tasks are moved in the manual order alone')
  }
  const { text } = await ada.get('/dashboard?sort=priority&direction=asc')
  t.match(text, /class="place"[^>]*aria-current="true"[^>]*>(?:(?!<\/a>)[^])*Priority(?:(?!<\/a>)[^])*Lowest/)
  t.equal(text.split('aria-current="true"').length, 2, 'one order is the present one')
})

t.test('FR-294: the order stays with the filters, the search, the places, the pages, the choosing and what is done', async (t) => {
  const ada = await withTasks()
  const order = 'sort=title&direction=desc'
  const { text } = await ada.get(`/dashboard?${order}`)
  const found = hrefs(text)
  for (const address of [`/dashboard?show=done&${order}`, `/dashboard?due=today&${order}`, `/dashboard?${order}&choose=some`]) t.ok(found.includes(address), address)
  t.equal(found.filter((href) => href.startsWith('/dashboard?list=') && href.endsWith(order)).length, 1, 'a list is shown in it')
  t.match(text, /<input type="hidden" name="sort" value="title"\/?><input type="hidden" name="direction" value="desc"/)
  const search = (await ada.get(`/dashboard?q=a&${order}`)).text
  t.same(listed(search), ['Apple'])
  t.ok(hrefs(search).includes('/dashboard?q=a&sort=priority'), 'and what was found can be put in another order')
  t.ok(hrefs(search).includes(`/dashboard?${order}`), 'Clear search')

  const [, id = ''] = /\/tasks\/([\w-]+)"[^>]*>banana/.exec(text) ?? []
  t.match(text, `action="/dashboard?${order.replace('&', '&amp;')}"`)
  t.equal((await ada.post(`/dashboard?${order}`, { intent: 'complete', id, completed: 'true' })).location, `/dashboard?${order}`)
  t.same(listed((await ada.get(`/dashboard?show=all&${order}`)).text), ['cherry', 'banana', 'Apple'])
  const choosing = `/dashboard?show=all&${order}&choose=some`
  t.same(listed((await ada.get(choosing)).text), ['cherry', 'banana', 'Apple'])
  t.equal((await ada.post(choosing, { intent: 'bulk', action: 'reopen', all: 'true' })).location, `/dashboard?show=all&${order}`)
  t.same(listed((await ada.get(`/dashboard?${order}`)).text), ['cherry', 'banana', 'Apple'])

  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, title, list_id, position) SELECT user_id, gen_random_uuid(), 'many ' || to_char(n, 'FM00'), list_id, position || n FROM tasks.tasks, generate_series(1, 60) n WHERE id = $1", [id])
  const first = (await ada.get(`/dashboard?${order}`)).text
  t.same(listed(first).slice(0, 2), ['many 60', 'many 59'])
  const more = hrefs(first).find((href) => href.includes('count=')) ?? ''
  t.equal(more, `/dashboard?${order}&count=100`)
  t.same(listed((await ada.get(more)).text).slice(-3), ['cherry', 'banana', 'Apple'])
  t.ok(hrefs((await ada.get(more)).text).includes('/dashboard?sort=due'), 'another order begins at its beginning')
})

t.test('FR-294: what is due comes in the order in which it is due, unless another is chosen', async (t) => {
  const ada = await withTasks()
  await database.asSuperuser('UPDATE tasks.tasks SET due_date = due_date - 10000 WHERE user_id = (SELECT id FROM auth.users WHERE email = $1)', [ada.email])
  const due = (await ada.get('/dashboard?due=overdue')).text
  t.same(listed(due), ['cherry', 'Apple'])
  t.match(due, 'Sort: </span>Due, soonest first<')
  t.notMatch(due, 'class="task__menu"')
  t.ok(hrefs(due).includes('/dashboard'), 'that is the usual order there, which does not go along to other places')
  t.same(listed((await ada.get('/dashboard?due=overdue&sort=due&direction=desc')).text), ['Apple', 'cherry'])
  const manual = (await ada.get('/dashboard?due=overdue&sort=position')).text
  t.same(listed(manual), ['cherry', 'Apple'])
  t.match(manual, 'class="task__menu"')
})

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-294, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: an order is chosen from a menu, by keyboard alone`, async (t) => {
    const ada = await withTasks()
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto('/dashboard')
    if (javaScriptEnabled) await page.locator('form.quick-add[novalidate]').waitFor() // the page is awake
    const choose = async (from: string, name: string, expected: string[]) => {
      await page.locator('summary', { hasText: `Sort: ${from}` }).press('Enter')
      await page.getByRole('link', { name, exact: true }).press('Enter')
      t.same(await listedTasks(page, expected), expected)
    }
    await choose('Manual order', 'Title, A to Z', ['Apple', 'banana', 'cherry'])
    t.equal(new URL(page.url()).search, '?sort=title')
    if (javaScriptEnabled) {
      await page.waitForFunction(() => document.activeElement?.textContent === 'Sort: Title, A to Z')
      t.notOk(await page.locator('details.sort').evaluate((menu: HTMLDetailsElement) => menu.open), 'the menu is folded, and has the focus')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'Due, Soonest first' }).waitFor()
      await page.keyboard.press('Tab')
      await page.keyboard.press('Escape')
      await page.waitForFunction(() => document.activeElement?.tagName === 'SUMMARY' && document.querySelector<HTMLDetailsElement>('details.sort')?.open === false)
    }
    await choose('Title, A to Z', 'Priority, Lowest first', ['cherry', 'banana', 'Apple'])
    t.equal(new URL(page.url()).search, '?sort=priority&direction=asc')
    await choose('Priority, lowest first', 'Manual order', ['cherry', 'Apple', 'banana'])
    t.equal(new URL(page.url()).search, '')
  })
}
