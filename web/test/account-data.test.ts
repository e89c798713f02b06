import t from 'tap'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TaskExport } from '@daymark/tasks/contracts'
import { openPageOf } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName, instanceAt, database, tasksUrl, opened } = await startWeb(t)
type Visit = Awaited<ReturnType<typeof signUp>>

const file = '/settings/export/daymark.json'
const makeLogInOld = ({ email }: Visit) =>
  database.asSuperuser("UPDATE auth.sessions SET authenticated_at = authenticated_at - interval '11 minutes' WHERE user_id = (SELECT id FROM auth.users WHERE email = $1)", [email])
const hasAccount = async (email: string) => (await database.asSuperuser('SELECT FROM auth.users WHERE email = $1', [email])).length === 1

/** Makes something in the tasks service, as a program of the person's would. */
async function make (visit: Visit, what: 'tasks' | 'lists' | 'labels', body: object) {
  const { access_token: token, user } = opened(visit.cookies.get(cookieName))!
  const answer = await fetch(`${tasksUrl}/api/${user.id}/${what}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`Nothing was made: ${await answer.text()}`)
}

t.test('FR-150: the export is one file with all that is kept, however many tasks there are, and no secret', async (t) => {
  const ada = await signUp()
  const bob = await signUp()
  await make(bob, 'tasks', { title: 'Bob\'s own' })
  await make(ada, 'lists', { name: 'Errands' })
  await make(ada, 'labels', { name: 'urgent' })
  for (let n = 0; n < 201; n += 67) await Promise.all(Array.from({ length: 67 }, (_, m) => make(ada, 'tasks', { title: `Task ${n + m}`, description: '"quotes", \\ and é' })))
  await make(ada, 'tasks', { title: 'Deleted' })
  await ada.post('/dashboard', { intent: 'delete', id: (await database.asSuperuser<{ id: string }>("SELECT id FROM tasks.tasks WHERE title = 'Deleted'"))[0]!.id })
  t.match((await ada.get('/settings/export')).text, new RegExp(`href="${file}"`))

  const { status, headers, text } = await ada.get(file)
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(headers.get('content-type'), 'application/json')
  t.match(headers.get('content-disposition'), /^attachment; filename="daymark-export-\d{4}-\d\d-\d\d\.json"$/)
  const all = JSON.parse(text) as { account: { account: { email: string }, sessions: unknown[], events: unknown[] }, content: TaskExport }
  t.match(all, { format: 'daymark.export', version: 2, content: { format: 'daymark.tasks', version: 1 }, account: { format: 'daymark.account', account: { email: ada.email } } })
  const { tasks, lists, labels } = all.content
  t.equal(new Set(tasks.map(({ id }) => id)).size, 202, 'more than a page of tasks')
  t.ok(tasks.some(({ title }) => title === 'Task 200'))
  t.ok(lists.some(({ name }) => name === 'Errands'))
  t.same(tasks.filter(({ deleted_at: at }) => at !== null).map(({ title }) => title), ['Deleted'])
  t.same(labels.map(({ name }) => name), ['urgent'])
  const { access_token: access, refresh_token: refresh } = opened(ada.cookies.get(cookieName))!
  for (const secret of [password, '$argon2', access, refresh, 'Bob\'s own', bob.email]) t.notOk(text.includes(secret))
})

t.test('FR-262: the tasks come as CSV too', async (t) => {
  const ada = await signUp()
  await make(ada, 'tasks', { title: '=1+1' })
  t.match((await ada.get('/settings/export')).text, 'href="/settings/export/tasks.csv"')
  const { status, headers, text } = await ada.get('/settings/export/tasks.csv')
  t.equal(status, 200)
  t.match(headers.get('content-type'), 'text/csv')
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(headers.get('content-disposition'), /^attachment; filename="daymark-tasks-\d{4}-\d\d-\d\d\.csv"$/)
  t.match(text, /\r\n[\w-]+,Inbox,,'=1\+1,/)
  t.equal((await visitor(origin).get('/settings/export/tasks.csv')).location, '/login?next=%2Fsettings%2Fexport')
})

t.test('FR-150, SEC-14: it takes a recent log-in, and leads back to the page with the button', async (t) => {
  t.equal((await visitor(origin).get(file)).location, '/login?next=%2Fsettings%2Fexport')
  const ada = await signUp()
  await makeLogInOld(ada)
  const led = await ada.get(file)
  t.equal(led.status, 303)
  t.equal(led.location, '/confirm?next=%2Fsettings%2Fexport')
  await ada.get(led.location!)
  t.equal((await ada.post(led.location!, { confirm_password: password })).location, '/settings/export')
  t.equal((await ada.get(file)).status, 200)
})

t.test('FR-150: a service that is away gives no file, and one that goes away on the way breaks it off', async (t) => {
  const ada = await signUp()
  for (let n = 0; n < 201; n += 67) await Promise.all(Array.from({ length: 67 }, (_, m) => make(ada, 'tasks', { title: `Task ${n + m}` })))
  let isAway = false
  const held: Array<{ destroy: () => unknown }> = []
  const between = createServer((from, to) => {
    if (isAway) return to.destroy()
    from.pipe(request(new URL(from.url!, tasksUrl), { method: from.method!, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers)
      if (!from.url!.includes('/export')) return answer.pipe(to)
      held.push(to)
      return answer.once('data', (chunk) => { to.write(chunk) })
    }))
  })
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { between.closeAllConnections(); between.close() })
  const app = await instanceAt(() => new Date(), { TASKS_URL: `http://127.0.0.1:${(between.address() as AddressInfo).port}` })
  const here = await app.listen({ port: 0, host: '127.0.0.1' })
  const ask = () => fetch(new URL(file, here), { redirect: 'manual', headers: { cookie: `${cookieName}=${ada.cookies.get(cookieName)}`, host: new URL(origin).host } })

  const begun = await ask()
  t.equal(begun.status, 200)
  for (const answer of held) answer.destroy()
  await t.rejects(begun.text(), 'a part does not pass for the whole')
  isAway = true
  const away = await ask()
  t.equal(away.headers.get('location'), '/settings/export?problem=away')
  t.equal((await fetch(new URL('/settings/export/tasks.csv', here), { redirect: 'manual', headers: { cookie: `${cookieName}=${ada.cookies.get(cookieName)}`, host: new URL(origin).host } })).headers.get('location'), '/settings/export?problem=away')
  t.match((await ada.get('/settings/export?problem=away')).text, /role="alert"[\s\S]*a part of Daymark is away/)
})

t.test('FR-151: an account is deleted by its address and its password, without JavaScript, and nothing of it is left', async (t) => {
  const ada = await signUp()
  await make(ada, 'tasks', { title: 'Mine' })
  const elsewhere = visitor(origin)
  await elsewhere.get('/login')
  await elsewhere.post('/login', { email: ada.email, password })
  await makeLogInOld(ada)
  t.match((await ada.get('/settings')).text, 'href="/settings/delete"')
  t.match((await ada.get('/settings/delete')).text, new RegExp(`${ada.email}[\\s\\S]*href="/settings/export"`))

  for (const [email, sentence] of [['', 'Write the address of this account.'], ['bob@example.com', 'That is not the address of this account.']] as const) {
    const wrong = await ada.post('/settings/delete', { email })
    t.equal(wrong.status, 422)
    t.match(wrong.text, new RegExp(`id="email-error" role="alert">${sentence}`))
    t.match(wrong.text, `value="${email}"`)
  }
  const asked = await ada.post('/settings/delete', { email: ` ${ada.email.toUpperCase()} ` })
  t.equal(asked.status, 403)
  t.match(asked.text, /name="confirm_password"/)
  t.equal((await ada.post('/settings/delete', { email: ada.email, confirm_password: 'not the password' })).status, 403)
  t.equal((await ada.post('/settings/delete', { email: ada.email, confirm_password: password }, { origin: 'https://evil.example' })).status, 403)
  t.equal(await hasAccount(ada.email), true)

  const done = await ada.post('/settings/delete', { email: ada.email.toUpperCase(), confirm_password: password })
  t.equal(done.status, 303)
  t.equal(done.location, '/goodbye')
  t.equal(done.headers.get('clear-site-data'), '"cache", "cookies", "storage"')
  t.equal(ada.cookies.has(cookieName), false)
  t.match((await ada.get('/goodbye')).text, 'Your account is gone')
  t.equal(await hasAccount(ada.email), false)
  t.same(await database.asSuperuser("SELECT FROM tasks.tasks WHERE title = 'Mine'"), [])
  t.equal((await elsewhere.get('/settings')).status, 303, 'every device is out')
  await ada.get('/login')
  t.equal((await ada.post('/login', { email: ada.email, password })).status, 401)
})

t.test('FR-151: the last administrator is told why not, and keeps what was typed', async (t) => {
  const ada = await signUp()
  await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE email = $1", [ada.email])
  await ada.get('/login')
  const admin = visitor(origin)
  await admin.get('/login')
  await admin.post('/login', { email: ada.email, password })
  await admin.get('/settings/delete')
  const refused = await admin.post('/settings/delete', { email: ada.email })
  t.equal(refused.status, 409)
  t.match(refused.text, 'Make somebody else an administrator first.')
  t.match(refused.text, `value="${ada.email}"`)
  t.equal(await hasAccount(ada.email), true)
})

t.test('FR-150, FR-151: in a browser, by the keyboard alone', async (t) => {
  const ada = await signUp()
  const page = await openPageOf(t, ada, { origin, cookieName })
  await page.goto('/settings')
  await page.getByRole('link', { name: 'Download your data' }).press('Enter')
  await page.waitForURL('**/settings/export')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download', exact: true }).press('Enter')])
  t.match(download.suggestedFilename(), /^daymark-export-.*\.json$/)
  t.equal(await download.failure(), null)

  await page.goto('/settings/delete')
  await page.getByLabel('Your e-mail address').fill('someone@example.com')
  await page.keyboard.press('Enter')
  await page.getByText('That is not the address of this account').waitFor()
  await page.getByLabel('Your e-mail address').fill(ada.email)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/goodbye')
  t.equal((await page.context().cookies()).filter(({ name }) => name === cookieName).length, 0)
  t.equal(await hasAccount(ada.email), false)
})
