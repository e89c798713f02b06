import t from 'tap'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp, database } = await startWeb(t)
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>

/** A new task's id. */
async function addTask (who: Visit, title: string) {
  await who.post('/dashboard', { intent: 'add', title })
  return new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec((await who.get('/dashboard')).text)?.[1] ?? ''
}

async function save (who: Visit, id: string, title: string, description = '') {
  const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await who.get(`/tasks/${id}`)).text) ?? []
  const { status } = await who.post(`/tasks/${id}`, { intent: 'save', edition: edition.replaceAll('&quot;', '"'), title, description })
  if (status !== 303) throw new Error(`It was not saved: ${status}`)
}

const whats = (text: string) => [...text.matchAll(/class="change__what">([^<]*)</g)].map(([, what]) => what)

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-278, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: what was done to a task is told in words, and taken back there`, async (t) => {
    const ada = await signUp()
    const id = await addTask(ada, 'Milk')
    await save(ada, id, 'Bread <b>and</b> butter')
    await ada.post(`/tasks/${id}`, { intent: 'complete', completed: 'true' })
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto(`/tasks/${id}`)
    await page.getByRole('link', { name: 'History' }).press('Enter')
    await page.getByRole('heading', { name: 'History' }).waitFor()
    t.same(await page.locator('.change__what').allTextContents(), ['Completed', 'Title changed', 'Added'])
    const renamed = page.locator('.change', { hasText: 'Title changed' })
    t.match(await renamed.locator('.change__facts').textContent(), /title.*from Milk.*to Bread <b>and<\/b> butter/)
    t.equal(await renamed.locator('.change__when time').count(), 1)

    await renamed.getByRole('button', { name: 'Undo' }).press('Enter')
    await page.getByText('Undone: saved “Bread <b>and</b> butter”').or(page.getByText('Undone: saved “Milk”')).waitFor()
    await page.locator('.change').nth(3).waitFor()
    t.match(await page.locator('.change__what').allTextContents(), [/^Title changedTakes an earlier change back$/, 'Completed', /^Title changedTaken back$/, 'Added'])
    t.equal(await page.locator('.change').nth(2).getByRole('button').count(), 0, 'taken back once')
    t.match((await ada.get(`/tasks/${id}`)).text, /name="title"[^>]* value="Milk"/)
    await page.locator('.change').first().getByRole('button', { name: 'Redo' }).press('Enter')
    await page.locator('.change').nth(4).waitFor()
    t.match((await ada.get(`/tasks/${id}`)).text, /name="title"[^>]* value="Bread/)
  })
}

t.test('FR-278: a change that a later one covers has no button, until that one is taken back', async (t) => {
  const ada = await signUp()
  const id = await addTask(ada, 'One')
  await save(ada, id, 'Two')
  await save(ada, id, 'Three', 'With words')
  const buttons = (text: string) => text.split('<li class="change"').slice(1).map((entry) => /change__undo"[^>]*>(\w+)</.exec(entry)?.[1] ?? null)
  const { text } = await ada.get(`/tasks/${id}/history`)
  t.same(whats(text), ['Title and description changed', 'Title changed', 'Added'])
  t.same(buttons(text), ['Undo', null, 'Undo'])
  const [, change = ''] = /name="change" value="(\d+)"/.exec(text) ?? []
  const next = `/tasks/${id}/history`
  t.equal((await ada.post('/undo', { change, did: 'saved', title: 'Three', again: 'undone', next })).location, next)
  t.same(buttons((await ada.get(next)).text), ['Redo', null, 'Undo', 'Undo'])
})

t.test('FR-278: in the trash and gone for good, and of nobody else', async (t) => {
  const ada = await signUp()
  const id = await addTask(ada, 'Discarded')
  await ada.post('/dashboard', { intent: 'delete', id })
  t.match((await ada.get('/trash')).text, `href="/tasks/${id}/history"`)
  const trashed = (await ada.get(`/tasks/${id}/history`)).text
  t.match(trashed, 'is in the trash')
  t.same(whats(trashed), ['Moved to the trash', 'Added'])
  const eve = await signUp()
  t.equal((await eve.get(`/tasks/${id}/history`)).status, 404)
  t.equal((await ada.get('/tasks/nonsense/history')).status, 404)
  await ada.get(`/trash/${id}/delete`)
  await ada.post(`/trash/${id}/delete`)
  await ada.get('/trash') // which tells of it
  const gone = (await ada.get(`/tasks/${id}/history`)).text
  t.match(gone, 'was deleted for good')
  t.notMatch(gone, 'Discarded', 'nothing of what it said is left')
  t.notMatch(gone, 'change__undo')
})

t.test('FR-278: a long history has pages, and an old cursor begins again', async (t) => {
  const ada = await signUp()
  const id = await addTask(ada, 'Restless')
  await database.asSuperuser(`
    WITH made AS (
      INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
      SELECT user_id, seq + n, 'task', object_id, 'updated', jsonb_build_object('title', 'Was ' || n), jsonb_build_object('title', 'Was ' || n + 1), actor_id, request_id
      FROM tasks.changes, generate_series(1, 40) n WHERE object_id = $1 AND action = 'created' RETURNING user_id)
    UPDATE tasks.accounts SET seq = seq + 40 WHERE user_id = (SELECT user_id FROM made LIMIT 1)`, [id])
  const first = (await ada.get(`/tasks/${id}/history`)).text
  t.equal(whats(first).length, 30)
  const next = new RegExp(`href="(/tasks/${id}/history\\?cursor=[^"]+)"`).exec(first)?.[1] ?? ''
  const second = (await ada.get(next)).text
  t.equal(whats(second).length, 11)
  t.match(second, 'First page')
  t.equal((await ada.get(`/tasks/${id}/history?cursor=nonsense`)).location, `/tasks/${id}/history`)
})

t.test('FR-278: by the clock that its reader chose', async (t) => {
  const ada = await signUp()
  const id = await addTask(ada, 'Early')
  await database.asSuperuser("UPDATE tasks.changes SET changed_at = '2026-01-31T23:30:00Z' WHERE object_id = $1", [id])
  t.match((await ada.get(`/tasks/${id}/history`)).text, '31 Jan 2026, 23:30 UTC')
  const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await ada.get('/settings')).text) ?? []
  t.equal((await ada.post('/settings', { intent: 'save-profile', edition: edition.replaceAll('&quot;', '"'), display_name: 'Ada', time_zone: 'Asia/Tokyo' })).status, 303)
  t.match((await ada.get(`/tasks/${id}/history`)).text, '1 Feb 2026, 08:30')
})
