import t from 'tap'
import type { Page } from 'playwright-core'
import { launchBrowser, pageOf } from './browser.ts'
import { startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, cookieName, signUp, children, restart } = await startWeb(t, { settings: { tasks: { TRANSFERS_PER_HOUR: '12' } } })
const browser = await launchBrowser(t)

type Visit = Awaited<ReturnType<typeof signUp>>

const listed = async (who: Visit) => [...(await who.get('/dashboard')).text.matchAll(/class="task__link"[^>]*>([^<]*)</g)].map(([, title]) => title)
const fileOf = (text: string | Buffer, name = 'tasks.json') => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) })
const todoist = `TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE
section,Garden,,,,,,,,
task,Water the plants @home,,1,1,,,every day,en,Europe/Berlin
task,Too deep,${'x'.repeat(20_001)},4,1,,,,,
`

async function openImport (t: { teardown: (fn: () => unknown) => void }, who: Visit, javaScriptEnabled: boolean): Promise<Page> {
  const page = await pageOf(t, browser, who, { origin, cookieName }, { javaScriptEnabled })
  await page.goto('/settings/import')
  return page
}

async function read (page: Page, file: ReturnType<typeof fileOf>): Promise<void> {
  await page.getByLabel('File').setInputFiles(file)
  await page.getByRole('button', { name: 'Read the file' }).click()
}

for (const javaScriptEnabled of [true, false]) {
  const how = `with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`

  t.test(`FR-267, ${how}: what one account gave another takes in, once, and gives back by one undo`, async (t) => {
    const ada = await signUp()
    for (const title of ['Call <b>Bob</b>', 'Première', '"quoted", \\ twice']) await ada.post('/dashboard', { intent: 'add', title })
    const { text: file } = await ada.get('/settings/export/daymark.json')
    const titles = await listed(ada)
    const bob = await signUp()
    const page = await openImport(t, bob, javaScriptEnabled)
    await read(page, fileOf(file))
    await page.getByRole('heading', { name: 'What the file would bring' }).waitFor()
    t.same(await page.getByRole('row', { name: 'Tasks' }).getByRole('cell').allTextContents(), ['3', '0', '0', '0'])
    t.same(await listed(bob), [], 'nothing is brought in before that is confirmed')

    await page.getByRole('button', { name: 'Import' }).click()
    await page.waitForURL('**/dashboard')
    await page.locator('.notice').getByText('Imported 3 tasks').waitFor()
    t.same(await listed(bob), titles)

    const again = await page.context().newPage()
    await again.goto('/settings/import')
    await read(again, fileOf(file))
    await again.getByRole('heading', { name: 'The file brings nothing new' }).waitFor()
    t.equal(await again.getByRole('button', { name: 'Import' }).count(), 0)

    await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
    await page.locator('.notice').getByText('Undone: imported 3 tasks').waitFor()
    t.same(await listed(bob), [])
  })

  t.test(`FR-267, ${how}: a project of Todoist comes with what stays as text and what is refused told by its row`, async (t) => {
    const ada = await signUp()
    const page = await openImport(t, ada, javaScriptEnabled)
    await read(page, fileOf(todoist, 'Garden.csv'))
    await page.getByText('Row 3: DATE does not name one day').waitFor()
    await page.getByText('Row 4: DESCRIPTION must have at most').waitFor()
    t.same(await page.getByRole('row', { name: 'Tasks' }).getByRole('cell').allTextContents(), ['1', '0', '0', '1'])
    await page.getByRole('button', { name: 'Import' }).click()
    await page.getByText('With 1 list and 1 label.').waitFor()
    t.same(await listed(ada), ['Water the plants'])
  })

  t.test(`FR-267, ${how}: what cannot be taken is told at the field`, async (t) => {
    const page = await openImport(t, await signUp(), javaScriptEnabled)
    const told = async (file: ReturnType<typeof fileOf>, words: string) => {
      await read(page, file)
      await page.locator('#file-error').getByText(words).waitFor()
      t.ok(await page.getByLabel('File').isVisible())
    }
    await told(fileOf(''), 'has something in it')
    await told(fileOf(Buffer.from([0x89, 0x50, 0xff, 0xfe])), 'is no text')
    await told(fileOf('{"tasks": ['), 'cannot be read as JSON')
    await told(fileOf('{"format": "other", "version": 1, "inbox": null, "lists": [], "labels": [], "tasks": []}'), 'Format must be daymark.tasks')
    await told(fileOf('x'.repeat(10_000_001)), 'more than 10 MB')
    await told(fileOf('title,list\nMilk,Inbox\n'), 'send a CSV file as Todoist exports it')
    await told(fileOf('x'.repeat(13_000_000)), 'more than 10 MB')
  })

  t.test(`FR-267, ${how}: while the tasks service is away the file stays, to be sent again`, async (t) => {
    const ada = await signUp()
    const page = await openImport(t, ada, javaScriptEnabled)
    await children.tasks.stop()
    await read(page, fileOf(todoist))
    await page.getByRole('alert').getByText('a part of it is away').waitFor()
    await restart('tasks')
    await page.getByRole('button', { name: 'Read the file' }).click()
    await page.getByRole('heading', { name: 'What the file would bring' }).waitFor()
    await children.tasks.stop()
    await page.getByRole('button', { name: 'Import' }).click()
    await page.getByRole('alert').getByText('a part of it is away').waitFor()
    await restart('tasks')
    await page.getByRole('button', { name: 'Import' }).click()
    await page.locator('.notice').getByText('Imported 1 task').waitFor()
    t.same(await listed(ada), ['Water the plants'])
  })
}

/** A form as a browser sends one with a file. */
const withFile = (fields: Record<string, string>, file: string): [Record<string, string>, string] => [
  { 'content-type': 'multipart/form-data; boundary=edge', 'sec-fetch-site': 'same-origin' },
  [...Object.entries(fields).map(([name, value]) => `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
    `--edge\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\nContent-Type: text/csv\r\n\r\n${file}\r\n--edge--\r\n`].join(''),
]

t.test('FR-267: a form with a file is held to what every form is, and taken at this one place', async (t) => {
  const ada = await signUp()
  const [headers, body] = withFile({ form_token: ada.formToken(), form_key: 'once', intent: 'import' }, todoist)
  t.equal((await ada.send('POST', '/settings/import', { ...headers, 'sec-fetch-site': 'cross-site' }, body)).status, 403, 'SEC-72')
  t.equal((await ada.send('POST', '/settings/import', ...withFile({ form_token: 'made up', intent: 'import' }, todoist))).status, 403, 'SEC-73')
  t.equal((await ada.send('POST', '/settings/import', ...withFile({ form_token: ada.formToken(), intent: 'import', user_id: 'someone' }, todoist))).status, 422, 'SEC-84')
  t.equal((await ada.send('POST', '/settings/import', headers, 'no form')).status, 415)
  for (const path of ['/settings', '/dashboard', '/settings/delete', '/settings/import/']) t.equal((await ada.send('POST', path, headers, body)).status, 415, path)
  t.equal((await visitor(origin).send('POST', '/settings/import', headers, body)).status, 415, 'nobody is signed in')
  t.equal((await visitor(origin).get('/settings/import')).location, '/login?next=%2Fsettings%2Fimport')
  t.same(await listed(ada), [])

  const token = ada.formToken()
  const [, sent] = withFile({ form_token: token, form_key: 'once', intent: 'import' }, todoist)
  t.same((await Promise.all([ada.send('POST', '/settings/import', headers, sent), ada.send('POST', '/settings/import', headers, sent)])).map(({ status, location }) => [status, location]), [[303, '/dashboard'], [303, '/dashboard']], 'FR-230')
  t.same(await listed(ada), ['Water the plants'])
})

t.test('FR-267: who asks too often is told when to come back, and keeps the file', async (t) => {
  const ada = await signUp()
  const send = async () => await ada.send('POST', '/settings/import', ...withFile({ form_token: ada.formToken(), intent: 'check' }, todoist))
  for (let n = 0; n < 12; n++) t.equal((await send()).status, 200)
  const refused = await send()
  t.equal(refused.status, 429)
  t.match(refused.text, /tried too often. Please wait/)
  t.match(refused.text, /<textarea[^>]*name="file"[\s\S]*Water the plants/)
})
