import t from 'tap'
import { openPageOf } from './browser.ts'
import { startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName, database } = await startWeb(t)

type Visit = Awaited<ReturnType<typeof signUp>>

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>([^<]*)</g)].map(([, title]) => title)
const places = (text: string) => [...text.matchAll(/class="place__name">([^<]*)<\/span>(?:<span class="place__count">(\d+))?/g)].map(([, name, count = '']) => `${name} ${count}`.trim())
const placeOf = (text: string, name: string) => new RegExp(`href="(/dashboard\\?(?:list|label)=[\\w-]+)"(?:(?!</a>)[^])*>${name}<`).exec(text)?.[1] ?? ''
const valueOf = (text: string, name: string) => (new RegExp(`name="${name}"[^>]* value="([^"]+)"`).exec(text)?.[1] ?? '').replaceAll('&quot;', '"')
const idOf = (address: string) => /[0-9a-f-]{36}/.exec(address)?.[0] ?? ''

async function makeList (who: Visit, name: string, colour = 'blue') {
  await who.get('/lists')
  return (await who.post('/lists', { intent: 'name', name, colour })).location ?? ''
}

async function makeLabel (who: Visit, name: string, colour = 'red') {
  await who.get('/labels')
  await who.post('/labels', { intent: 'name', name, colour })
  return placeOf((await who.get('/dashboard')).text, name)
}

t.test('FR-270: the ways to lists, labels and what is due stand beside the tasks, with what there is to do; choosing one shows it', async (t) => {
  t.equal((await visitor(origin).get('/lists')).location, '/login?next=%2Flists')
  const ada = await signUp()
  t.same(places((await ada.get('/dashboard')).text), ['All tasks', 'Overdue', 'Today', 'Next 6 days', 'Inbox'])
  const home = await makeList(ada, 'Home <b>')
  t.match(home, /^\/dashboard\?list=[\w-]{36}$/)
  const errands = await makeLabel(ada, 'Errands')
  await ada.post('/dashboard', { intent: 'add', title: 'In the Inbox' })
  t.equal((await ada.post(home, { intent: 'add', title: 'At home' })).location, home)
  await ada.post(errands, { intent: 'add', title: 'On an errand' })
  await ada.post('/dashboard?due=today', { intent: 'add', title: 'This very day' })
  const { text } = await ada.get(home)
  t.same(listed(text), ['At home'], 'what is written in a list is in that list')
  t.match(text, /<h1[^>]*>Home &lt;b&gt;</)
  t.match(text, /aria-current="page" data-discover="[^"]*" href="\/dashboard\?list=|href="\/dashboard\?list=[^>]*aria-current="page"|aria-current="page"[^>]*href="\/dashboard\?list=/)
  t.same(places(text), ['All tasks 4', 'Overdue', 'Today 1', 'Next 6 days', 'Inbox 3', 'Home &lt;b&gt; 1', 'Errands 1'])
  t.same(listed((await ada.get(errands)).text), ['On an errand'])
  t.same(listed((await ada.get('/dashboard?due=today')).text), ['This very day'])
  t.same(listed((await ada.get('/dashboard?due=overdue')).text), [])
  t.same(listed((await ada.get('/dashboard')).text).length, 4)
  t.match((await ada.get('/dashboard')).text, /in <\/span><bdi>Home &lt;b&gt;</, 'a row tells its list')
})

t.test('FR-270: a list is filtered, searched and paged like all tasks, without JavaScript', async (t) => {
  const ada = await signUp()
  const home = await makeList(ada, 'Home')
  for (const title of ['Water plants', 'Plant a tree', 'Done already']) await ada.post(home, { intent: 'add', title })
  await ada.post('/dashboard', { intent: 'add', title: 'Plants elsewhere' })
  const id = /\/tasks\/([\w-]+)"[^>]*>Done already</.exec((await ada.get(home)).text)?.[1] ?? ''
  t.equal((await ada.post(home, { intent: 'complete', id, completed: 'true' })).location, home)
  t.same(listed((await ada.get(`${home}&show=done`)).text), ['Done already'])
  const found = (await ada.get(`${home}&q=plant`)).text
  t.same(listed(found), ['Plant a tree', 'Water plants'])
  t.match(found, `<input type="hidden" name="list" value="${idOf(home)}"`, 'the next search stays in the list')
  t.match(found, `href="${home.replace('&', '&amp;')}&amp;show=done&amp;q=plant"`)
  await database.asSuperuser(`
    INSERT INTO tasks.tasks (user_id, id, title, list_id, position)
    SELECT user_id, gen_random_uuid(), 'Many ' || n, list_id, 'zz' || lpad(n::text, 3, '0') FROM tasks.tasks, generate_series(1, 60) n WHERE title = 'Water plants'`)
  const more = /href="(\/dashboard\?[^"]*count=100[^"]*)"/.exec((await ada.get(home)).text)?.[1]?.replaceAll('&amp;', '&') ?? ''
  t.match(more, home.slice('/dashboard?'.length))
  t.equal(listed((await ada.get(more)).text).length, 62)
})

t.test('FR-270: what is due shows in its bucket by the clock of the person', async (t) => {
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'Long ago' })
  await ada.post('/dashboard', { intent: 'add', title: 'In three days' })
  await ada.post('/dashboard', { intent: 'add', title: 'Far away' })
  await database.asSuperuser("UPDATE tasks.tasks SET due_date = '2020-01-01' WHERE title = 'Long ago'")
  await database.asSuperuser("UPDATE tasks.tasks SET due_date = (now() AT TIME ZONE 'UTC')::date + 3 WHERE title = 'In three days'")
  await database.asSuperuser("UPDATE tasks.tasks SET due_date = (now() AT TIME ZONE 'UTC')::date + 30 WHERE title = 'Far away'")
  const overdue = (await ada.get('/dashboard?due=overdue')).text
  t.same(listed(overdue), ['Long ago'])
  t.match(overdue, 'The days go by UTC until you choose a time zone')
  t.same(listed((await ada.get('/dashboard?due=soon')).text), ['In three days'])
  t.same(places(overdue).slice(0, 4), ['All tasks 3', 'Overdue 1', 'Today', 'Next 6 days 1'])
})

t.test('FR-271: a list is renamed, coloured, archived, taken back and deleted with its tasks, which come back from the trash', async (t) => {
  const ada = await signUp()
  const home = await makeList(ada, 'Home')
  const path = `/lists/${idOf(home)}`
  await ada.post(home, { intent: 'add', title: 'At home' })
  const begun = valueOf((await ada.get(path)).text, 'edition')
  t.equal((await ada.post(path, { intent: 'name', edition: begun, name: 'House', colour: 'green' })).location, '/lists')
  t.match((await ada.get('/lists')).text, /Saved[\s\S]*House[\s\S]*Undo[\s\S]*data-tone="green"[\s\S]*House/)

  const stale = await ada.post(path, { intent: 'name', edition: begun, name: 'Mine', colour: 'pink' })
  t.equal(stale.status, 412)
  t.match(stale.text.replaceAll('<!-- -->', ''), /Name, saved elsewhere<\/dt><dd>House<[\s\S]*Name, yours<\/dt><dd>Mine<[\s\S]*saved elsewhere<\/dt><dd>Green<[\s\S]*yours<\/dt><dd>Pink</)
  t.match(stale.text, /name="name"[^>]* value="Mine"/)
  t.equal((await ada.post(path, { intent: 'name', edition: valueOf(stale.text, 'edition'), name: 'Mine', colour: 'pink' })).status, 303, 'saving again is meant')

  await ada.get(path)
  t.equal((await ada.post(path, { intent: 'archive', archived: 'true' })).status, 303)
  t.notOk(places((await ada.get('/dashboard')).text).includes('Mine 1'))
  t.match((await ada.get(home)).text, />Archived</)
  t.match((await ada.get('/lists')).text, /id="archived-title"[\s\S]*Mine/)
  t.equal((await ada.post(path, { intent: 'archive', archived: 'false' })).status, 303)
  t.ok(places((await ada.get('/dashboard')).text).includes('Mine 1'))

  const question = (await ada.get(`${path}/delete`)).text.replaceAll('<!-- -->', '')
  t.match(question, 'The task in it (1 open, 0 completed)')
  t.match(question, 'can be brought back from there for 30 days')
  t.equal((await ada.post(`${path}/delete`)).location, '/lists')
  const told = (await ada.get('/lists')).text
  t.match(told, /Deleted[\s\S]*Mine[\s\S]*Undo/)
  t.match((await ada.get('/trash')).text, 'At home')
  const change = /name="change" value="(\d+)"/.exec(told)?.[1] ?? ''
  t.equal((await ada.post('/undo', { did: 'deleted', title: 'Mine', again: 'undone', next: '/lists', change })).location, '/lists')
  t.same(listed((await ada.get(home)).text), ['At home'], 'one undo brings back the list with its tasks')
  await ada.get(`${path}/delete`)
  t.equal((await ada.post(`${path}/delete`)).location, '/lists')
  for (const gone of [home, path, `${path}/delete`]) t.equal((await ada.get(gone)).status, 404, gone)
  t.equal((await ada.post(`${path}/delete`)).location, '/lists', 'pressed again it is gone as wished')
  const late = await ada.post(home, { intent: 'add', title: 'Too late' })
  t.equal(late.status, 422)
  t.match(late.text, /was deleted elsewhere[\s\S]*There is nothing here/)
  t.match(late.text, /name="title"[^>]* value="Too late"/, 'what was typed is still there')
  t.match(late.text, /class="quick-add" method="post" action="\/dashboard"|action="\/dashboard"[^>]*class="quick-add"/, 'and lands in the Inbox when it is sent again')
})

t.test('FR-271: a list that was deleted elsewhere takes nothing, and what was typed is still in the line', async (t) => {
  const ada = await signUp()
  const home = await makeList(ada, 'Short-lived')
  const page = await openPageOf(t, ada, { origin, cookieName })
  await page.goto(home)
  await page.getByRole('button', { name: 'Add' }).waitFor()
  await ada.get(`/lists/${idOf(home)}`)
  await ada.post(`/lists/${idOf(home)}/delete`)
  await page.getByLabel('New task').fill('Not lost')
  await page.getByLabel('New task').press('Enter')
  await page.getByText('was deleted elsewhere').waitFor()
  t.equal(await page.getByLabel('New task').inputValue(), 'Not lost')
})

t.test('FR-272: a label is made, renamed and deleted; its name is told to be taken', async (t) => {
  const ada = await signUp()
  const errands = await makeLabel(ada, 'Errands')
  const path = `/labels/${idOf(errands)}`
  await ada.post(errands, { intent: 'add', title: 'Buy milk' })
  await ada.get('/labels')
  const taken = await ada.post('/labels', { intent: 'name', name: 'ERRANDS', colour: 'teal' })
  t.equal(taken.status, 409)
  t.match(taken.text, /id="name-error"[^>]*>[^<]*already/)
  t.match(taken.text, /name="name"[^>]* value="ERRANDS"/)
  t.match(taken.text, /<input type="radio"[^>]*value="teal"[^>]*checked=""|checked=""[^>]*value="teal"/, 'and what was chosen')
  t.equal((await ada.post(path, { intent: 'name', edition: valueOf((await ada.get(path)).text, 'edition'), name: 'Shopping', colour: 'teal' })).location, '/labels')
  t.same(places((await ada.get('/dashboard')).text).at(-1), 'Shopping 1')
  t.match((await ada.get(`${path}/delete`)).text.replaceAll('<!-- -->', ''), 'goes from one task, which stays')
  t.equal((await ada.post(`${path}/delete`)).location, '/labels')
  t.same(listed((await ada.get('/dashboard')).text), ['Buy milk'])
  for (const gone of [errands, path]) t.equal((await ada.get(gone)).status, 404)
})

t.test('FR-271, FR-272: another person\'s lists and labels are not there, and forms that are none of ours do nothing', async (t) => {
  const ada = await signUp()
  const list = await makeList(ada, 'Private')
  const label = await makeLabel(ada, 'Secret')
  const eve = await signUp()
  for (const [kind, id] of [['list', idOf(list)], ['label', idOf(label)]] as const) {
    for (const path of [`/dashboard?${kind}=${id}`, `/${kind}s/${id}`, `/${kind}s/${id}/delete`]) t.equal((await eve.get(path)).status, 404, path)
    await eve.get('/dashboard')
    t.equal((await eve.post(`/dashboard?${kind}=${id}`, { intent: 'add', title: 'Smuggled' })).status, 422)
    await eve.get('/dashboard')
    await eve.post(`/${kind}s/${id}/delete`)
    const page = await ada.get(`/${kind}s/${id}`)
    const edition = valueOf(page.text, 'edition')
    await eve.get('/dashboard')
    t.equal((await eve.post(`/${kind}s/${id}`, { intent: 'name', edition, name: 'Theirs', colour: 'red' })).status, 404)
    t.equal((await ada.post(`/${kind}s/${id}`, { intent: 'name', edition, name: '  ', colour: 'red' })).status, 422)
    t.equal((await ada.post(`/${kind}s/${id}`, { intent: 'name', edition, name: 'X', colour: 'mauve' })).status, 422)
    t.equal((await ada.post(`/${kind}s/${id}`, { intent: 'name', edition: 'made up', name: 'X', colour: 'red' })).status, 422)
    t.equal((await ada.post(`/${kind}s/${id}`, { intent: 'name', edition, name: 'X', colour: 'red', user_id: 'x' })).status, 422, 'SEC-84')
    t.equal((await ada.post(`/${kind}s/${id}/delete`, {}, { 'sec-fetch-site': 'cross-site' })).status, 403, 'SEC-72')
    t.equal((await ada.get(`/${kind}s/${id}`)).status, 200)
  }
  for (const path of ['/dashboard?list=nonsense', '/dashboard?label=x', '/lists/x', '/labels/x/delete']) t.equal((await ada.get(path)).status, 404, path)
  t.match((await ada.get('/dashboard')).text, 'Private')
  const inbox = idOf(placeOf((await ada.get('/dashboard')).text, 'Inbox'))
  t.notMatch((await ada.get(`/lists/${inbox}`)).text, `/lists/${inbox}/delete`)
  t.equal((await ada.get(`/lists/${inbox}/delete`)).status, 404, 'the Inbox stays')
})

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-270, FR-271, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: on a phone, by the keyboard alone, a list is made, found and filled`, async (t) => {
    const ada = await signUp()
    const page = await openPageOf(t, ada, { origin, cookieName }, { javaScriptEnabled, viewport: { width: 360, height: 740 } })
    await page.goto('/dashboard')
    const ways = page.getByRole('navigation', { name: 'Lists and labels' })
    t.notOk(await ways.isVisible(), 'on a phone it is folded')
    await page.getByText('Lists and labels').focus()
    await page.keyboard.press('Enter')
    await ways.waitFor()
    await page.getByRole('link', { name: 'Edit lists' }).press('Enter')
    await page.getByRole('heading', { name: 'New list' }).waitFor()
    await page.getByLabel('Name').fill('Garden')
    await page.getByRole('radio', { name: 'Green' }).press('Space')
    await page.getByRole('button', { name: 'Make list' }).press('Enter')
    await page.getByRole('heading', { name: 'Garden' }).waitFor()
    await page.getByLabel('New task').fill('Rake leaves')
    await page.getByLabel('New task').press('Enter')
    await page.getByRole('link', { name: 'Rake leaves' }).waitFor()
    await page.getByText('Lists and labels').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: /^Inbox/ }).press('Enter')
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    t.equal(await page.getByRole('link', { name: 'Rake leaves' }).count(), 0)
    await ways.waitFor({ state: 'hidden' })
    if (javaScriptEnabled) t.equal(await page.evaluate(() => document.activeElement?.textContent), 'Inbox', 'the focus is at what was chosen')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('link', { name: /^Garden 1 open$/ }).click()
    await page.getByRole('link', { name: 'Rake leaves' }).waitFor()
  })
}
