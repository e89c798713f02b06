import t from 'tap'
import { openPageOf } from './browser.ts'
import { judge, sticksOut } from './judge-screens.ts'
import { startWeb } from './start-web.ts'

const { origin, signUp, cookieName } = await startWeb(t)

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-274, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: subtasks are added, completed and opened; a parent asks what becomes of its open ones`, async (t) => {
    const ada = await signUp()
    await ada.post('/dashboard', { intent: 'add', title: 'Move house' })
    const path = /href="(\/tasks\/[\w-]{36})"/.exec((await ada.get('/dashboard')).text)?.[1] ?? ''
    const page = await openPageOf(t, ada, { origin, cookieName }, { javaScriptEnabled, viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' })
    await page.goto(path)
    for (const title of ['Pack', 'Clean']) {
      await page.getByLabel('New subtask').fill(title)
      await page.getByLabel('New subtask').press('Enter')
      await page.getByRole('link', { name: title, exact: true }).waitFor()
    }
    await page.getByRole('button', { name: 'Complete “Pack”' }).press('Enter')
    await page.getByText('1 of 2 done').waitFor()
    if (javaScriptEnabled) await judge(t, page, 'light', 'with subtasks')
    t.notOk(await sticksOut(page))
    await page.getByRole('link', { name: 'Clean', exact: true }).press('Enter')
    await page.getByRole('link', { name: 'Move house' }).press('Enter')
    await page.getByText('1 of 2 done').waitFor()
    await page.getByRole('button', { name: 'Complete', exact: true }).press('Enter')
    await page.getByRole('heading', { name: 'What becomes of its subtasks?' }).waitFor()
    t.match(await page.locator('.subtasks__open').textContent(), /^Clean$/)
    if (javaScriptEnabled) await judge(t, page, 'light', 'the question')
    await page.getByRole('button', { name: javaScriptEnabled ? 'Complete them too' : 'Leave them open' }).press('Enter')
    await page.getByRole('button', { name: 'Reopen', exact: true }).waitFor()
    await page.getByText(javaScriptEnabled ? '2 of 2 done' : '1 of 2 done').waitFor()
    await page.getByRole('button', { name: 'Delete “Clean”' }).press('Enter')
    await page.getByText('1 of 1 done').waitFor()
  })
}

t.test('FR-274: from the list too it is asked; what cannot be is told with what was typed, and another person\'s task is not there', async (t) => {
  const ada = await signUp()
  await ada.post('/dashboard', { intent: 'add', title: 'Parent' })
  const path = /href="(\/tasks\/[\w-]{36})"/.exec((await ada.get('/dashboard')).text)?.[1] ?? ''
  const id = path.slice('/tasks/'.length)
  await ada.get(path)
  const long = await ada.post(path, { intent: 'add-subtask', subtask: 'x'.repeat(201) })
  t.equal(long.status, 422)
  t.match(long.text, /name="subtask"[^>]* value="x{201}"/)
  t.equal((await ada.post(path, { intent: 'add-subtask', subtask: 'Child' })).status, 303)
  const asked = await ada.post('/dashboard?show=all', { intent: 'complete', id, completed: 'true' })
  t.equal(asked.location, `${path}/complete?next=%2Fdashboard%3Fshow%3Dall`)
  t.equal((await ada.post(`${path}/complete`, { subtasks: 'perhaps' })).status, 422)
  const eve = await signUp()
  t.equal((await eve.get(`${path}/complete`)).status, 404)
  await eve.get('/dashboard')
  t.equal((await eve.post(`${path}/complete`, { subtasks: 'complete' })).status, 404)
  t.equal((await eve.post(path, { intent: 'add-subtask', subtask: 'Smuggled' })).status, 404)
  await ada.get(path)
  t.equal((await ada.post(`${path}/complete`, { subtasks: 'complete', next: '//evil.example' })).location, path, 'SEC-79')
})
