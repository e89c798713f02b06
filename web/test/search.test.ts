import t from 'tap'
import { openPageOf } from './browser.ts'
import { startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName } = await startWeb(t)

async function withTasks (...titles: string[]) {
  const ada = await signUp()
  for (const title of titles) await ada.post('/dashboard', { intent: 'add', title })
  return ada
}

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]*)</g)].map(([, title]) => title)

t.test('FR-222: tasks are searched for without JavaScript; the words stay in the line and in every address', async (t) => {
  t.equal((await visitor(origin).get('/dashboard?q=plants')).location, '/login?next=%2Fdashboard%3Fq%3Dplants')
  const ada = await withTasks('Water the plants', 'Plant a tree', 'Call <b>Bob</b>')
  const plants = (await ada.get('/dashboard?q=plant')).text
  t.same(listed(plants), ['Plant a tree', 'Water the plants'])
  t.match(plants, /<input[^>]* name="q"[^>]* value="plant"/)
  t.match(plants, /2[^a-z]*tasks[\s\S]*“[^a-z]*plant/)
  t.match(plants, 'href="/dashboard?show=done&amp;q=plant"')
  t.match(plants, 'href="/dashboard"', 'and a way back')
  t.same(listed((await ada.get('/dashboard?q=wter+plnats')).text), ['Water the plants'])
  const [, id = ''] = /\/tasks\/([\w-]+)"[^>]*>Plant a tree/.exec(plants) ?? []
  t.equal((await ada.post('/dashboard?q=plant', { intent: 'complete', id, completed: 'true' })).location, '/dashboard?q=plant')
  t.same(listed((await ada.get('/dashboard?q=plant')).text), ['Water the plants'])
  const done = (await ada.get('/dashboard?show=done&q=plant')).text
  t.same(listed(done), ['Plant a tree'])
  t.match(done, /<input type="hidden" name="show" value="done"/)
  t.same(listed((await ada.get('/dashboard?q=++')).text).length, 2, 'nothing written is no search')
})

t.test('FR-222: what is not found, and what cannot be searched for, is told with a way on', async (t) => {
  const ada = await withTasks('Water the plants')
  const nothing = await ada.get('/dashboard?q=%3Cb%3Exyz')
  t.equal(nothing.status, 200)
  t.match(nothing.text, /Nothing found[\s\S]*&lt;b&gt;xyz[\s\S]*href="\/dashboard\?show=all&amp;q=%3Cb%3Exyz"[\s\S]*href="\/dashboard"[^>]*>Clear search/)
  for (const [q, words] of [['?!', 'no letter and no digit'], ['a b c d e f g h i j k', 'ten words at most'], ['x'.repeat(201), 'this has 201'], ['a\0b', 'no task can have']] as const) {
    const { status, text } = await ada.get(`/dashboard?${new URLSearchParams({ q })}`)
    t.equal(status, 422, words)
    t.match(text, new RegExp(`aria-describedby="q-error"[\\s\\S]*id="q-error" role="alert"[^<]*>[^<]*${words}`))
    t.notMatch(text, 'Nothing found')
  }
  t.equal((await ada.get('/dashboard?q=water&q=plants')).status, 200)
  t.equal((await ada.get('/dashboard?q=water&cursor=nonsense')).status, 200)
})

t.test('FR-222: in a browser, by the keyboard alone', async (t) => {
  const ada = await withTasks('Water the plants', 'Call Bob')
  const page = await openPageOf(t, ada, { origin, cookieName })
  await page.goto('/dashboard')
  const line = page.getByRole('searchbox', { name: 'Search tasks' })
  await line.fill('x'.repeat(201))
  await line.press('Enter')
  await page.getByText('this has 201').waitFor()
  await line.fill('wate')
  await line.press('Enter')
  await page.getByText('1 task with “wate”').waitFor()
  t.equal(await page.getByRole('link', { name: 'Call Bob' }).count(), 0)
  t.equal(await page.getByText('this has 201').count(), 0)
  t.equal(new URL(page.url()).search, '?q=wate')
  await line.fill('nothing like it')
  await line.press('Enter')
  await page.getByText('Nothing found').waitFor()
  await page.goBack()
  await page.getByText('1 task with “wate”').waitFor()
  t.equal(await line.inputValue(), 'wate')
  await page.getByRole('link', { name: 'Clear search' }).press('Enter')
  await page.getByRole('link', { name: 'Call Bob' }).waitFor()
  t.equal(await line.inputValue(), '')
})
