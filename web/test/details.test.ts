import t from 'tap'
import { judge, sticksOut } from './judge-screens.ts'
import { launchBrowser, openPageOf, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'

const { origin, cookieName, signUp, database } = await startWeb(t)
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>

/** A new task's path. */
async function addTask (who: Visit, title: string) {
  await who.post('/dashboard', { intent: 'add', title })
  return `/tasks/${new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec((await who.get('/dashboard')).text)?.[1] ?? ''}`
}

async function editionOf (who: Visit, path: string) {
  const { text } = await who.get(path)
  return (/name="details_edition"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"')
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-231, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: a task is given a priority and days by keyboard, and the list tells them`, async (t) => {
    const ada = await signUp()
    const path = await addTask(ada, 'Taxes')
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto(path)
    await page.getByLabel('Priority').selectOption('High')
    await page.getByLabel('Due on').fill('2020-02-29')
    await page.getByLabel('Not before').fill('2020-02-01')
    await page.getByRole('button', { name: 'Set details' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    t.equal(await page.getByLabel('Priority').inputValue(), 'high')
    t.equal(await page.getByLabel('Due on').inputValue(), '2020-02-29')
    t.equal(await page.getByLabel('Not before').inputValue(), '2020-02-01')

    await page.goto('/dashboard')
    const row = page.locator('.task', { hasText: 'Taxes' })
    t.match(await row.textContent(), 'Overdue since 29 Feb 2020', 'told in words, not by a colour alone')
    t.match(await row.textContent(), 'High priority')
    await page.goto(path)
    await page.getByLabel('Due on').fill('')
    await page.getByRole('button', { name: 'Set details' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.goto('/dashboard')
    t.notMatch(await row.textContent(), 'Overdue', 'a day can be taken away again')
  })
}

t.test('FR-231: details changed elsewhere are told, nothing is saved, and what was chosen is still there', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Contested')
  const begun = await editionOf(ada, path)
  t.equal((await ada.post(path, { intent: 'details', details_edition: begun, priority: 'low', due_date: '2030-01-31', start_date: '' })).status, 303)
  const refused = await ada.post(path, { intent: 'details', details_edition: begun, priority: 'urgent', due_date: '', start_date: '2030-01-01' })
  t.equal(refused.status, 412)
  const plain = refused.text.replaceAll('<!-- -->', '')
  t.match(plain, /Priority, saved elsewhere<\/dt><dd>Low<[\s\S]*Priority, yours<\/dt><dd>Urgent<[\s\S]*Due, saved elsewhere<\/dt><dd>31 Jan 2030<[\s\S]*Due, yours<\/dt><dd><i>empty/)
  t.match(refused.text, /<option value="urgent" selected="">/)
  t.match(refused.text, /id="start_date"[^>]* value="2030-01-01"/)
  t.match((await ada.get('/dashboard')).text, 'Low priority')

  const [, again = ''] = /name="details_edition"[^>]* value="([^"]+)"/.exec(refused.text) ?? []
  t.equal((await ada.post(path, { intent: 'details', details_edition: again.replaceAll('&quot;', '"'), priority: 'urgent', due_date: '', start_date: '2030-01-01' })).status, 303, 'saving again is meant')
  t.match((await ada.get('/dashboard')).text, 'Urgent priority')
})

t.test('FR-231: the details and the facts in the list are for everybody: axe, and bounds', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Judged')
  await ada.post(path, { intent: 'details', details_edition: await editionOf(ada, path), priority: 'urgent', due_date: '2020-02-29', start_date: '' })
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await pageOf(t, browser, ada, { origin, cookieName }, { colorScheme, reducedMotion: 'reduce', viewport: { width: 360, height: 740 } })
    for (const where of [path, '/dashboard']) {
      await page.goto(where)
      await judge(t, page, colorScheme, `${where}, ${colorScheme}`)
      t.notOk(await sticksOut(page))
    }
  }
})

t.test('FR-231: new words, or being done, are no conflict with details', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Moved on')
  const begun = await editionOf(ada, path)
  await ada.post(path, { intent: 'complete', completed: 'true' })
  t.equal((await ada.post(path, { intent: 'details', details_edition: begun, priority: 'medium', due_date: '', start_date: '' })).status, 303)
  t.match((await ada.get('/dashboard?show=done')).text, 'Medium priority')
})

t.test('FR-231: what does not belong is refused at its field, and another person\'s task is not there', async (t) => {
  const ada = await signUp()
  const path = await addTask(ada, 'Guarded')
  const whole = { intent: 'details', details_edition: await editionOf(ada, path), priority: 'low', due_date: '', start_date: '' }
  t.equal((await ada.post(path, { ...whole, due_date: '2026-02-30' })).status, 422, 'no such day')
  t.equal((await ada.post(path, { ...whole, priority: 'enormous' })).status, 422)
  t.equal((await ada.post(path, { ...whole, user_id: 'someone' })).status, 422, 'SEC-84')
  t.equal((await ada.post(path, { ...whole, details_edition: 'made up' })).status, 422)
  t.equal((await ada.post(path, { ...whole, form_token: 'made up' })).status, 403, 'SEC-73')
  t.equal((await ada.post(path, whole, { 'sec-fetch-site': 'cross-site' })).status, 403, 'SEC-72')
  const eve = await signUp()
  t.equal((await eve.post(path, whole)).status, 404)
  t.notMatch((await ada.get('/dashboard')).text, 'Low priority', 'none of it had an effect')
})

const field = (text: string, name: string) => (new RegExp(`<input[^>]* name="${name}"[^>]* value="([^"]*)"`).exec(text)?.[1] ?? '')
const noDays = { intent: 'details', priority: 'none', due_date: '', due_time: '', start_date: '' }

/** The fields of the form as it was served, which is what a browser sends of what nobody touches. */
const shown = (text: string) => ({
  intent: 'details',
  priority: 'none',
  start_date: '',
  label_ids: '',
  details_edition: field(text, 'details_edition').replaceAll('&quot;', '"'),
  due_was: field(text, 'due_was'),
  due_date: field(text, 'due_date'),
  due_time: field(text, 'due_time'),
  time_zone: field(text, 'time_zone'),
})

async function inZone (who: Visit, zone: string) {
  const { text } = await who.get('/settings')
  const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec(text) ?? []
  const saved = await who.post('/settings', { intent: 'save-profile', edition: edition.replaceAll('&quot;', '"'), display_name: 'Ada', time_zone: zone })
  if (saved.status !== 303) throw new Error(`No zone was set: ${saved.status}`)
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-273, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: a task moves to a list, carries labels old and new, and is due at a time by the person's clock`, async (t) => {
    const ada = await signUp()
    await inZone(ada, 'America/New_York')
    await ada.get('/lists')
    await ada.post('/lists', { intent: 'name', name: 'Home', colour: 'blue' })
    await ada.get('/labels')
    await ada.post('/labels', { intent: 'name', name: 'Errands', colour: 'red' })
    const path = await addTask(ada, 'Pick up the parcel')
    const page = await openPageOf(t, ada, { origin, cookieName }, { javaScriptEnabled })
    await page.goto(path)
    await page.getByLabel('List', { exact: true }).selectOption('Home')
    await page.getByText('By the clock of America/New York').waitFor()
    await page.getByLabel('Due on').fill('2031-07-01')
    await page.getByLabel('At', { exact: true }).fill('09:30')
    await page.getByRole('checkbox', { name: 'Errands' }).press('Space')
    await page.getByLabel('Another label').fill('Post office')
    await page.getByRole('button', { name: 'Set details' }).press('Enter')
    await page.getByRole('checkbox', { name: 'Post office' }).waitFor()
    t.ok(await page.getByRole('checkbox', { name: 'Post office' }).isChecked())
    t.ok(await page.getByRole('checkbox', { name: 'Errands' }).isChecked())
    t.equal(await page.getByLabel('At', { exact: true }).inputValue(), '09:30')
    const [row] = await database.asSuperuser<{ due_at: string, time_zone: string }>("SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS due_at, time_zone FROM tasks.tasks WHERE id = $1", [path.slice('/tasks/'.length)])
    t.same({ ...row }, { due_at: '2031-07-01 13:30', time_zone: 'America/New_York' })

    await page.goto('/dashboard')
    const facts = await page.locator('.task', { hasText: 'parcel' }).textContent()
    t.match(facts, /Due 1 Jul 2031, 09:30.*Home.*Errands.*Post office/)
    await page.goto(path)
    await page.getByRole('checkbox', { name: 'Errands' }).press('Space')
    await page.getByLabel('Another label').fill('POST OFFICE')
    await page.getByLabel('At', { exact: true }).fill('')
    await page.getByRole('button', { name: 'Set details' }).press('Enter')
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.goto(path)
    t.notOk(await page.getByRole('checkbox', { name: 'Errands' }).isChecked())
    t.equal(await page.getByRole('checkbox', { name: /post office/i }).count(), 1, 'a label that is there already is used')
    t.equal(await page.getByLabel('Due on').inputValue(), '2031-07-01', 'without a time it is due on the day')
    t.equal(await page.getByLabel('At', { exact: true }).inputValue(), '')
  })
}

t.test('FR-273: an hour that clocks leave out or show twice is resolved, and told', async (t) => {
  const ada = await signUp()
  await inZone(ada, 'Europe/Berlin')
  const path = await addTask(ada, 'Night shift')
  const set = async (date: string, time: string) => await ada.post(path, { ...shown((await ada.get(path)).text), due_date: date, due_time: time })
  t.equal((await set('2031-03-30', '02:30')).status, 303)
  const forward = (await ada.get(path)).text.replaceAll('<!-- -->', '')
  t.match(forward, 'There is no 02:30 on that day, as the clocks are set forward past it: it is due at 03:30 instead')
  t.equal(field(forward, 'due_time'), '03:30')
  t.notMatch((await ada.get(path)).text, 'There is no', 'told once')
  t.equal((await set('2031-10-26', '02:30')).status, 303)
  const back = (await ada.get(path)).text.replaceAll('<!-- -->', '')
  t.match(back, '02:30 comes twice')
  t.match(back, 'value="2031-10-26T00:30:00.000Z"', 'the first is meant')
})

t.test('FR-273: a time that is left as it was stays so to the second, also one of another zone', async (t) => {
  const ada = await signUp()
  await inZone(ada, 'Europe/Berlin')
  const path = await addTask(ada, 'Call Tokyo')
  const id = path.slice('/tasks/'.length)
  await database.asSuperuser("UPDATE tasks.tasks SET due_at = '2031-10-25T17:30:42.123Z', time_zone = 'Asia/Tokyo' WHERE id = $1", [id])
  const { text } = await ada.get(path)
  t.match(text, /<option value="Asia\/Tokyo" selected=""[\s\S]*<option value="Europe\/Berlin"/)
  t.equal(field(text, 'due_time'), '02:30')
  t.equal((await ada.post(path, { ...shown(text), time_zone: 'Asia/Tokyo', priority: 'high' })).status, 303)
  const stored = async () => (await database.asSuperuser<{ due_at: Date }>('SELECT due_at::text AS due_at FROM tasks.tasks WHERE id = $1', [id]))[0]?.due_at
  t.match(await stored(), ':30:42.123')
  t.equal((await ada.post(path, { ...shown((await ada.get(path)).text), time_zone: 'Europe/Berlin' })).status, 303, 'by the other clock')
  t.match((await ada.get(path)).text, 'value="2031-10-26T00:30:00.000Z"')
})

t.test('FR-273: what cannot be is told at its field, with all that was chosen; a conflict tells both versions of each field', async (t) => {
  const ada = await signUp()
  await ada.get('/labels')
  await ada.post('/labels', { intent: 'name', name: 'Errands', colour: 'red' })
  const path = await addTask(ada, 'Judged')
  const begun = (await ada.get(path)).text
  const label = /name="label_ids" value="([\w-]{36})"/.exec(begun)?.[1] ?? ''
  for (const [wrong, name] of [[{ due_time: '09:30' }, 'due_date'], [{ due_date: '2031-02-30', due_time: '09:30' }, 'due_date'], [{ due_date: '2031-02-03', due_time: '9 o’clock' }, 'due_time'], [{ new_label: 'x'.repeat(61) }, 'new_label'], [{ due_date: '2031-02-03', due_time: '09:30', time_zone: 'Nowhere/Land' }, 'due_time']] as const) {
    const refused = await ada.post(path, { ...shown(begun), label_ids: label, new_label: 'Kept', ...wrong })
    t.equal(refused.status, 422, JSON.stringify(wrong))
    t.match(refused.text, `id="${name}-error"`)
    t.match(refused.text, new RegExp(`value="${label}"[^>]* checked=""|checked=""[^>]* value="${label}"`))
    t.match(refused.text, 'new_label' in wrong ? 'x'.repeat(61) : 'value="Kept"')
  }
  const stale = await ada.post(path, { ...shown(begun), label_ids: label, new_label: 'Kept', form_token: 'made up' })
  t.equal(stale.status, 403)
  t.match(stale.text, 'value="Kept"')
  t.equal((await ada.post(path, { ...shown((await ada.get(path)).text), due_date: '2031-02-03', due_time: '09:30' })).status, 303)
  const conflict = await ada.post(path, { ...shown(begun), ...noDays, label_ids: label, new_label: 'Later' })
  t.equal(conflict.status, 412)
  t.match(conflict.text.replaceAll('<!-- -->', ''), /Due, saved elsewhere<\/dt><dd>3 Feb 2031, 09:30 \(UTC\)<[\s\S]*Due, yours<\/dt><dd><i>empty[\s\S]*Labels, saved elsewhere<\/dt><dd><i>empty[\s\S]*Labels, yours<\/dt><dd>Errands, Later</)
  t.match(conflict.text, 'value="Later"')
  const again = await ada.post(path, { ...shown(conflict.text), ...noDays, label_ids: label, new_label: 'Later' })
  t.equal(again.status, 303, 'saving again is meant')
})
