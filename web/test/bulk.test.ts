import t from 'tap'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp, database } = await startWeb(t)
const browser = await launchBrowser(t)

const listed = (text: string) => [...text.matchAll(/class="task__link"[^>]*>(?:<bdi>)?([^<]*)</g)].map(([, title]) => title)

async function withTasks (...titles: string[]) {
  const ada = await signUp()
  for (const title of titles) await ada.post('/dashboard', { intent: 'add', title })
  const { text } = await ada.get('/dashboard')
  const idOf = (title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec(text)?.[1] ?? ''
  /** Sends the form that changes the chosen ones, as a browser without JavaScript would. */
  const change = async (action: string, chosen: string[], fields: Record<string, string> = {}, address = '/dashboard?choose=some') => {
    const { text } = await ada.get(address)
    const form = new URLSearchParams({ form_token: ada.formToken(), form_key: /name="form_key"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? '', intent: 'bulk', action, ...fields })
    for (const title of chosen) form.append('ids', idOf(title) || title)
    return await ada.send('POST', address, { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }, form.toString())
  }
  return { ada, idOf, change }
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-279, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: several tasks are chosen and changed by keyboard alone, and taken back as one`, async (t) => {
    const { ada } = await withTasks('One', 'Two', 'Three')
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto('/dashboard')
    await page.getByRole('link', { name: 'Choose several' }).press('Enter')
    await page.getByRole('checkbox', { name: 'One' }).press('Space')
    await page.getByRole('checkbox', { name: 'Three' }).press('Space')
    if (javaScriptEnabled) await page.getByText('2 tasks chosen').waitFor()
    await page.getByRole('button', { name: 'Complete' }).press('Enter')
    await page.getByText('Completed 2 tasks').waitFor()
    t.same(listed((await ada.get('/dashboard')).text), ['Two'])
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).press('Enter')
    await page.getByText('Undone: completed 2 tasks').waitFor()
    t.same(listed((await ada.get('/dashboard')).text), ['Three', 'Two', 'One'])

    await page.goto('/dashboard?choose=some')
    await page.getByRole('link', { name: 'All shown' }).press('Enter')
    await page.waitForURL('**/dashboard?choose=all')
    await page.getByRole('checkbox', { name: 'One', checked: true }).waitFor()
    await page.locator('.choose__more summary').press('Enter')
    await page.getByLabel('Priority').selectOption('Urgent')
    await page.getByLabel('Due on').fill('2030-02-28')
    await page.getByRole('button', { name: 'Set priority' }).press('Enter')
    await page.getByText('Changed 3 tasks').waitFor()
    t.equal((await ada.get('/dashboard')).text.split('Urgent priority').length - 1, 3)
    await page.goto('/dashboard?choose=all')
    await page.getByRole('button', { name: 'Delete' }).press('Enter')
    await page.getByText('Deleted 3 tasks').waitFor()
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).press('Enter')
    await page.getByText('Undone: deleted 3 tasks').waitFor()
    await page.getByRole('link', { name: 'Three' }).waitFor()
  })
}

t.test('FR-279: a day, a list and a label are given to many and taken away, and what was so already is told', async (t) => {
  const { ada, change } = await withTasks('One', 'Two')
  const [{ id: user } = { id: '' }] = await database.asSuperuser<{ id: string }>('SELECT id FROM auth.users WHERE email = $1', [ada.email])
  const [{ id: label } = { id: '' }] = await database.asSuperuser<{ id: string }>("INSERT INTO tasks.labels (user_id, id, name, colour) VALUES ($1, gen_random_uuid(), 'errand', 'red') RETURNING id", [user])
  const [{ id: inbox } = { id: '' }] = await database.asSuperuser<{ id: string }>('SELECT id FROM tasks.lists WHERE user_id = $1', [user])
  const told = async () => /class="notice__text">(.*?)<\/p>/.exec((await ada.get('/dashboard')).text)?.[1]?.replaceAll(/<[^>]*>/g, '')
  t.equal((await change('reschedule', ['One', 'Two'], { due_date: '2030-02-28' })).location, '/dashboard')
  t.match(await told(), 'Changed 2 tasks')
  t.equal((await ada.get('/dashboard')).text.split('28 Feb 2030').length - 1, 2)
  await change('reschedule', ['One'])
  t.equal(await told(), 'Changed 1 task', 'no day takes it away')
  await change('label', ['One'], { label_id: label })
  await change('label', ['One', 'Two'], { label_id: label })
  t.equal(await told(), 'Changed 1 task Left as they were: 1 that was so already.')
  await change('unlabel', ['One', 'Two'], { label_id: label })
  t.equal(await told(), 'Changed 2 tasks')
  await change('move', ['One'], { list_id: inbox })
  t.equal(await told(), 'Moved no task Left as they were: 1 that was so already.')
})

t.test('FR-279: a task with open subtasks is left, unless it is said what becomes of those; the others are changed', async (t) => {
  const { ada, idOf, change } = await withTasks('Child', 'Parent', 'Other')
  await database.asSuperuser('UPDATE tasks.tasks SET parent_id = $1 WHERE id = $2', [idOf('Parent'), idOf('Child')])
  await change('complete', ['Parent', 'Other'])
  t.match((await ada.get('/dashboard')).text, 'Left as they were: 1 that has open subtasks.')
  t.same(listed((await ada.get('/dashboard')).text), ['Parent', 'Child'])
  await change('complete', ['Parent'], { subtasks: 'complete' })
  t.same(listed((await ada.get('/dashboard')).text), [])
})

t.test('FR-279: all that are there are changed, also those not shown, and no other', async (t) => {
  const { ada, change } = await withTasks('First of many')
  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, title, list_id, position) SELECT user_id, gen_random_uuid(), 'More ' || n, list_id, position || n FROM tasks.tasks, generate_series(1, 60) n WHERE title = 'First of many'")
  t.match((await ada.get('/dashboard?choose=some')).text, 'also those not shown')
  await change('prioritise', [], { all: 'true', priority: 'high' })
  t.match((await ada.get('/dashboard')).text, '61 tasks')
  await change('complete', [], { all: 'true', list_id: '' }, '/dashboard?show=done&choose=some')
  t.match((await ada.get('/dashboard')).text, 'no task')
  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, title, list_id, position) SELECT user_id, gen_random_uuid(), 'Too many ' || n, list_id, position || n FROM tasks.tasks, generate_series(1, 940) n WHERE title = 'First of many'")
  const refused = await change('delete', [], { all: 'true' })
  t.equal(refused.status, 422)
  t.match(refused.text, 'more than 1,000 tasks')
})

t.test('FR-279: a refusal keeps what was chosen; what is not one\'s own is left alone', async (t) => {
  const { ada, idOf, change } = await withTasks('Mine', 'Also mine')
  const refused = await change('move', ['Mine'], { due_date: '2030-02-28', priority: 'high' })
  t.equal(refused.status, 422)
  t.match(refused.text, 'Choose the list to move them to.')
  t.match(refused.text, new RegExp(`name="ids" checked="" value="${idOf('Mine')}"`))
  t.notMatch(refused.text, new RegExp(`name="ids" checked="" value="${idOf('Also mine')}"`))
  t.match(refused.text, 'value="2030-02-28"')
  t.match((await change('complete', [])).text, 'Choose at least one task')
  t.equal((await change('explode', ['Mine'])).status, 422)
  t.equal((await change('complete', ['not an id'])).status, 422)
  t.equal((await change('complete', ['Mine'], { user_id: 'someone' })).status, 422, 'SEC-84')
  t.equal((await change('complete', ['Mine'], { form_token: 'made up' })).status, 403, 'SEC-73')
  const eve = await withTasks('Hers')
  await eve.change('delete', [idOf('Mine'), 'Hers'])
  t.match((await eve.ada.get('/dashboard')).text, /Deleted[\s\S]*1 task[\s\S]*1 that is gone/)
  t.same(listed((await ada.get('/dashboard')).text), ['Also mine', 'Mine'])
})

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-293, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: several are brought back from the trash by keyboard alone, and that is taken back as one`, async (t) => {
    const { ada, change } = await withTasks('One', 'Two', 'Three')
    await change('delete', ['One', 'Two', 'Three'])
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto('/trash')
    await page.getByRole('link', { name: 'Choose several' }).press('Enter')
    await page.getByRole('checkbox', { name: 'One' }).press('Space')
    await page.getByRole('checkbox', { name: 'Three' }).press('Space')
    if (javaScriptEnabled) {
      await page.getByText('2 tasks chosen').waitFor()
      await page.getByRole('link', { name: 'None' }).press('Enter')
      await page.getByText('0 tasks chosen').waitFor()
      await page.getByRole('checkbox', { name: 'One' }).press('Space')
      await page.getByRole('checkbox', { name: 'Three' }).press('Space')
    }
    await page.getByRole('button', { name: 'Bring back' }).press('Enter')
    await page.getByText('Brought back 2 tasks').waitFor()
    t.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/trash')
    await page.getByRole('button', { name: 'Bring back “Two”' }).waitFor()
    t.same(listed((await ada.get('/dashboard')).text), ['Three', 'One'])
    await page.locator('.notice').getByRole('button', { name: 'Undo' }).press('Enter')
    await page.getByText('Undone: brought back 2 tasks').waitFor()
    t.same(listed((await ada.get('/dashboard')).text), [])

    await page.getByRole('link', { name: 'Choose several' }).press('Enter')
    await page.getByRole('link', { name: 'All shown' }).press('Enter')
    await page.waitForURL('**/trash?choose=all')
    await page.getByRole('checkbox', { name: 'Two', checked: true }).waitFor()
    await page.getByRole('button', { name: 'Bring back' }).press('Enter')
    await page.getByText('Brought back 3 tasks').waitFor()
    await page.getByText('There is nothing in the trash').waitFor()
  })
}

t.test('FR-293: with a task come the subtasks that were deleted with it; all that is in the trash, also what is not shown; at most 1,000', async (t) => {
  const { ada, idOf, change } = await withTasks('Child', 'Parent', 'Other')
  await database.asSuperuser('UPDATE tasks.tasks SET parent_id = $1 WHERE id = $2', [idOf('Parent'), idOf('Child')])
  await change('delete', ['Parent', 'Other'])
  await change('restore', ['Parent'], {}, '/trash?choose=some')
  t.match((await ada.get('/trash')).text, /Brought back[\s\S]*2 tasks/)
  t.same(listed((await ada.get('/dashboard')).text), ['Parent', 'Child'])

  const fill = (count: number, title: string) => database.asSuperuser(
    "INSERT INTO tasks.tasks (user_id, id, title, list_id, position, deleted_at) SELECT user_id, gen_random_uuid(), $1 || n, list_id, position || n, now() - n * interval '1 minute' FROM tasks.tasks, generate_series(1, $2) n WHERE id = $3", [title, count, idOf('Other')])
  await fill(60, 'Long gone ')
  const choose = (await ada.get('/trash?choose=all')).text
  t.match(choose, 'also what is not shown')
  const next = /href="(\/trash\?cursor=[^"]+)"/.exec(choose)?.[1]?.replaceAll('&amp;', '&') ?? ''
  t.match(next, 'choose=all', 'the next page is chosen from as well')
  const [last = ''] = listed((await ada.get(next)).text).slice(-1)
  const [{ id } = { id: '' }] = await database.asSuperuser<{ id: string }>('SELECT id FROM tasks.tasks WHERE title = $1', [last])
  const back = await change('restore', [id], {}, next)
  t.equal(back.location, next.replace('&choose=all', ''), 'it goes on where it was')
  await change('restore', listed((await ada.get(next)).text).map(() => id), { all: 'true' }, next)
  t.match((await ada.get('/trash')).text, /60 tasks[\s\S]*There is nothing in the trash/)
  t.equal((await ada.get(next.replace('&choose=all', ''))).location, '/trash', 'a page that has become empty leads to the first')

  await fill(1001, 'Far too many ')
  const refused = await change('restore', [], { all: 'true' }, '/trash?choose=some')
  t.equal(refused.status, 422)
  t.match(refused.text, 'more than 1,000 tasks')
  t.match(refused.text, /name="all" checked=""/)
})

t.test('FR-293: a refusal keeps what was chosen; nothing else is done in the trash; what is not there, or another\'s, is left and told', async (t) => {
  const { ada, idOf, change } = await withTasks('Mine', 'Also mine')
  await change('delete', ['Mine', 'Also mine'])
  const at = '/trash?choose=some'
  t.match((await change('restore', [], {}, at)).text, 'Choose at least one task')
  const refused = await change('restore', ['Mine'], { form_token: 'made up' }, at)
  t.equal(refused.status, 403, 'SEC-73')
  t.match(refused.text, new RegExp(`name="ids" checked="" value="${idOf('Mine')}"`))
  t.notMatch(refused.text, new RegExp(`name="ids" checked="" value="${idOf('Also mine')}"`))
  t.equal((await change('delete', ['Mine'], {}, at)).status, 422)
  t.equal((await change('restore', ['Mine'])).status, 422, 'nor is anything brought back from the dashboard')
  t.equal((await change('restore', ['not an id'], {}, at)).status, 422)
  t.equal((await change('restore', ['Mine'], { user_id: 'someone' }, at)).status, 422, 'SEC-84')
  const eve = await withTasks('Hers')
  await eve.change('delete', ['Hers'])
  await eve.change('restore', [idOf('Mine'), 'Hers'], {}, at)
  t.match((await eve.ada.get('/trash')).text, /Brought back[\s\S]*1 task[\s\S]*1 that is gone/)
  t.same(listed((await ada.get('/dashboard')).text), [])
  t.same(listed((await ada.get(at)).text).toSorted(), ['Also mine', 'Mine'])
})
