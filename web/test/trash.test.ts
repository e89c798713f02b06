import t from 'tap'
import { openPageOf } from './browser.ts'
import { startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName, database } = await startWeb(t)

const idOf = async (title: string) => (await database.asSuperuser<{ id: string }>('SELECT id FROM tasks.tasks WHERE title = $1', [title]))[0]!.id

t.test('FR-213: what was deleted is found in the trash and brought back, without JavaScript', async (t) => {
  t.equal((await visitor(origin).get('/trash')).location, '/login?next=%2Ftrash')
  const ada = await signUp()
  t.match((await ada.get('/trash')).text, 'There is nothing in the trash')
  await ada.get('/dashboard')
  await ada.post('/dashboard', { intent: 'add', title: 'Call <b>Bob</b>' })
  const id = await idOf('Call <b>Bob</b>')
  await ada.post('/dashboard', { intent: 'delete', id })
  t.match((await ada.get('/dashboard')).text, 'href="/trash"')
  t.match((await ada.get('/trash')).text, /Call &lt;b&gt;Bob&lt;\/b&gt;[\s\S]*Bring back/)

  const bob = await signUp()
  await bob.get('/trash')
  const foreign = await bob.post('/trash', { id })
  t.equal(foreign.status, 404)
  t.match(foreign.text, 'not in the trash any more')
  t.equal((await ada.post('/trash', { id }, { origin: 'https://evil.example' })).status, 403)

  const back = await ada.post('/trash', { id })
  t.equal(back.status, 303)
  t.equal(back.location, '/trash')
  const { text } = await ada.get('/trash')
  t.match(text, 'Brought back')
  t.match(text, 'There is nothing in the trash')
  t.match((await ada.get('/dashboard')).text, 'Call &lt;b&gt;Bob')
})

t.test('FR-213: a long trash has pages, and an old cursor begins again', async (t) => {
  const ada = await signUp()
  await ada.get('/dashboard')
  await ada.post('/dashboard', { intent: 'add', title: 'First of many' })
  await database.asSuperuser(`
    INSERT INTO tasks.tasks (user_id, id, title, list_id, deleted_at)
    SELECT user_id, gen_random_uuid(), 'Old ' || n, list_id, now() - n * interval '1 minute' FROM tasks.tasks, generate_series(1, 51) n WHERE title = 'First of many'`)
  const first = (await ada.get('/trash')).text
  t.match(first, '>Old 50<')
  t.notMatch(first, '>Old 51<')
  const next = /href="(\/trash\?cursor=[^"]+)"/.exec(first)?.[1]
  const second = (await ada.get(next!)).text
  t.match(second, '>Old 51<')
  t.match(second, 'First page')
  t.equal((await ada.get('/trash?cursor=nonsense')).location, '/trash')
})

t.test('FR-213: in a browser, by the keyboard alone', async (t) => {
  const ada = await signUp()
  await ada.get('/dashboard')
  await ada.post('/dashboard', { intent: 'add', title: 'Water the plants' })
  await ada.post('/dashboard', { intent: 'delete', id: await idOf('Water the plants') })
  const page = await openPageOf(t, ada, { origin, cookieName })
  await page.goto('/dashboard')
  await page.getByRole('link', { name: 'Trash' }).press('Enter')
  await page.getByRole('button', { name: 'Bring back “Water the plants”' }).press('Enter')
  await page.getByText('There is nothing in the trash').waitFor()
  await page.getByRole('link', { name: 'Tasks', exact: true }).press('Enter')
  await page.getByRole('link', { name: 'Water the plants' }).waitFor()
})

t.test('FR-216: a task in the trash is deleted for good after a last question, without JavaScript', async (t) => {
  const ada = await signUp()
  await ada.get('/dashboard')
  for (const title of ['Gone <i>soon</i>', 'Spared']) {
    await ada.post('/dashboard', { intent: 'add', title })
    await ada.post('/dashboard', { intent: 'delete', id: await idOf(title) })
  }
  const id = await idOf('Gone <i>soon</i>')
  const page = (await ada.get('/trash')).text
  t.match(page, 'is deleted for good by itself')
  t.match(page.replaceAll('<!-- -->', ''), 'for 30 days')
  t.match(page, `href="/trash/${id}/delete"`)
  const question = (await ada.get(`/trash/${id}/delete`)).text
  t.match(question, 'Nobody can bring it back')
  t.match(question, 'Gone &lt;i&gt;soon&lt;/i&gt;')

  const bob = await signUp()
  t.equal((await bob.get(`/trash/${id}/delete`)).status, 404)
  await bob.post(`/trash/${id}/delete`)
  t.equal((await ada.post(`/trash/${id}/delete`, {}, { origin: 'https://evil.example' })).status, 403)
  t.equal(await idOf('Gone <i>soon</i>'), id)

  await ada.get(`/trash/${id}/delete`)
  t.equal((await ada.post(`/trash/${id}/delete`)).location, '/trash')
  const { text } = await ada.get('/trash')
  t.match(text, 'Deleted for good:')
  t.match(text, 'Spared')
  t.notMatch(text, `/trash/${id}/delete`)
  t.equal((await ada.get(`/trash/${id}/delete`)).status, 404)
  t.equal((await ada.post(`/trash/${id}/delete`)).location, '/trash', 'pressed again it is gone as wished')
})

t.test('FR-216: the trash is emptied after a last question, but for what came there after it', async (t) => {
  const ada = await signUp()
  await ada.get('/dashboard')
  t.equal((await ada.get('/trash/empty')).location, '/trash', 'an empty one asks nothing')
  await ada.post('/dashboard', { intent: 'add', title: 'Shown' })
  await ada.post('/dashboard', { intent: 'add', title: 'Unseen' })
  await ada.post('/dashboard', { intent: 'delete', id: await idOf('Shown') })
  t.match((await ada.get('/trash')).text, 'href="/trash/empty"')
  const question = (await ada.get('/trash/empty')).text
  t.match(question, 'Nobody can bring it back')
  const until = /name="until"[^>]* value="([^"]+)"/.exec(question)?.[1] ?? ''
  await ada.post('/dashboard', { intent: 'delete', id: await idOf('Unseen') })
  t.equal((await ada.post('/trash/empty', { until: 'ever' })).status, 422)
  t.equal((await ada.post('/trash/empty', { until })).location, '/trash')
  const { text } = await ada.get('/trash')
  t.match(text, '>Unseen<')
  t.notMatch(text, '>Shown<')
})

t.test('FR-216: in a browser, by the keyboard alone', async (t) => {
  const ada = await signUp()
  await ada.get('/dashboard')
  await ada.post('/dashboard', { intent: 'add', title: 'Old plans' })
  await ada.post('/dashboard', { intent: 'delete', id: await idOf('Old plans') })
  const page = await openPageOf(t, ada, { origin, cookieName })
  await page.goto('/trash')
  await page.getByRole('link', { name: 'Empty the trash' }).press('Enter')
  await page.getByRole('button', { name: 'Delete all of it for good' }).press('Enter')
  await page.getByText('What was in it is gone for good').waitFor()
  await page.getByText('There is nothing in the trash').waitFor()
})
