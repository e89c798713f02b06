import t from 'tap'
import type { Page } from 'playwright-core'
import { type AuditEvent, auditActions, type SignedIn } from '@daymark/auth/contracts'
import { auditSentence } from '../app/audit-sentences.ts'
import { launchBrowser } from './browser.ts'
import { startMailbox } from './mailbox.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { smtpUrl, linkTo } = await startMailbox(t)
const { origin, signUp, signUpAdmin, cookieName, database, authUrl, tasksUrl } = await startWeb(t, { smtpUrl, settings: { auth: { MAIL_PER_HOUR: '100' } } })
const admin = await signUpAdmin()

const idOf = async (email: string) => (await database.asSuperuser<{ id: string }>('SELECT id FROM auth.users WHERE email = $1', [email]))[0]!.id
const pageOf = async ({ email }: { email: string }) => `/admin/users/${await idOf(email)}`
/** Does on an account's page what a button there does. */
async function act (who: typeof admin, path: string, intent: string, more: Record<string, string> = {}) {
  const { text } = await who.get(path)
  const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec(text) ?? []
  return await who.post(path, { intent, edition: edition.replaceAll('&quot;', '"'), ...more })
}
const makeOld = (email: string) => database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE user_id = (SELECT id FROM auth.users WHERE email = $1)", [email])

/** Asks until the answer is `status`. */
async function until (status: number, ask: () => Promise<{ status: number }>) {
  for (const deadline = Date.now() + 20_000; (await ask()).status !== status;) {
    if (Date.now() > deadline) throw new Error(`Still not ${status}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

t.test('FR-146: for everyone but administrators there is nothing at these addresses, and no link to them', async (t) => {
  const ada = await signUp()
  const paths = ['/admin', '/admin/audit', '/admin/keys', await pageOf(ada), await pageOf(admin)]
  for (const path of paths) {
    t.equal((await visitor(origin).get(path)).status, 404, `${path}, nobody`)
    t.equal((await ada.get(path)).status, 404, `${path}, a user`)
    t.equal((await admin.get(path)).status, 200, `${path}, an administrator`)
    t.equal((await ada.get(`${path}.data`)).status, 404, `${path}, asked for by a script`)
  }
  await ada.get('/dashboard')
  for (const intent of ['disable', 'make-admin', 'end-sessions', 'send-reset']) t.equal((await ada.post(paths[3]!, { intent, edition: '"1-1"' })).status, 404, intent)
  for (const intent of ['rotate', 'withdraw']) t.equal((await ada.post('/admin/keys', { intent, kid: 'x' })).status, 404, intent)
  t.match(await database.asSuperuser('SELECT role, status FROM auth.users WHERE email = $1', [ada.email]), [{ role: 'user', status: 'active' }])
  t.notMatch((await ada.get('/dashboard')).text, 'istration')
  t.match((await admin.get('/dashboard')).text, /href="\/admin"[^>]*>Admin<span class="header__long">istration/)
  for (const path of ['/admin/users/nonsense', '/admin/users/00000000-0000-7000-8000-000000000000', '/admin/nowhere']) t.equal((await admin.get(path)).status, 404, path)
  t.equal((await admin.get('/admin')).headers.get('cache-control'), 'no-store')
})

t.test('SEC-83: who is no administrator any more has no pages and no rights, and logs in anew', async (t) => {
  const fallen = await signUpAdmin()
  t.equal((await act(admin, await pageOf(fallen), 'unmake-admin')).status, 303)
  const path = await pageOf(admin)
  t.equal((await fallen.get(path)).location, `/login?next=${encodeURIComponent(path)}`, 'the session is over')
  await fallen.get('/login')
  t.equal((await fallen.post('/login', { email: fallen.email, password })).status, 303)
  t.equal((await fallen.get(path)).status, 404)
})

t.test('FR-146: accounts are listed a page at a time, found and filtered', async (t) => {
  await database.asSuperuser("INSERT INTO auth.users (id, email, email_key, display_name, password_hash) SELECT gen_random_uuid(), 'crowd-' || n || '@crowd.example', 'crowd-' || n || '@crowd.example', CASE n WHEN 7 THEN '<b>Seven</b>' END, 'none' FROM generate_series(1, 60) n")
  const shown = (text: string) => [...text.matchAll(/crowd-\d+@crowd\.example/g)].map(([email]) => email)
  const first = (await admin.get('/admin?q=crowd')).text
  t.equal(new Set(shown(first)).size, 50)
  t.notMatch(first, 'First page')
  const [, next = ''] = /href="([^"]+)"[^>]*>Next page</.exec(first) ?? []
  const second = (await admin.get(next.replaceAll('&amp;', '&'))).text
  t.equal(new Set([...shown(first), ...shown(second)]).size, 60)
  t.match(second, /href="\/admin\?q=crowd"[^>]*>First page</)
  t.notMatch(second, 'Next page')
  t.equal((await admin.get('/admin?q=crowd&cursor=old')).location, '/admin?q=crowd', 'an old cursor begins again')

  const seven = (await admin.get('/admin?q=seven')).text
  t.match(seven, '&lt;b&gt;Seven&lt;/b&gt;', 'SEC-78: a name is text')
  t.match(seven, /value="seven"/)
  t.match((await admin.get('/admin?q=nobody-like-that')).text, 'No account is like that')
  t.match((await admin.get('/admin?role=admin')).text, admin.email)
  t.match((await admin.get('/admin?status=disabled')).text, 'No account is like that')
  t.equal((await admin.get('/admin?status=nonsense&role=root')).status, 200, 'what is no choice counts as none')
  const tooLong = await admin.get(`/admin?q=${'x'.repeat(255)}`)
  t.equal(tooLong.status, 422)
  t.match(tooLong.text, 'No address and no name is that long.')
})

t.test('FR-143, SEC-49: an account is disabled, and enabled again: at auth, at tasks and in the browser', async (t) => {
  const ada = await signUp()
  const path = await pageOf(ada)
  const logIn = async () => await fetch(`${authUrl}/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: ada.email, password }) })
  const { user, access_token: token } = await (await logIn()).json() as SignedIn
  const tasksWith = (bearer: string) => fetch(`${tasksUrl}/api/${user.id}/tasks`, { headers: { authorization: `Bearer ${bearer}` } })
  t.equal((await tasksWith(token)).status, 200)

  t.equal((await act(admin, path, 'disable')).location, path)
  const { text } = await admin.get(path)
  t.match(text, 'The account is disabled, and logged out everywhere.')
  t.match(text, 'Enable account')
  await until(401, () => tasksWith(token))
  t.equal((await logIn()).status, 401)
  t.equal((await ada.get('/dashboard')).location, '/login?next=%2Fdashboard')

  t.equal((await act(admin, path, 'enable')).status, 303)
  const again = await logIn()
  t.equal(again.status, 200, 'with the password they had')
  const { access_token: fresh } = await again.json() as SignedIn
  await until(200, () => tasksWith(fresh))
  t.equal((await tasksWith(token)).status, 401, 'no token of before comes back')
})

t.test('FR-142: what was decided on another version of the account is not done, and told', async (t) => {
  const ada = await signUp()
  const path = await pageOf(ada)
  const { text } = await admin.get(path)
  const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec(text) ?? []
  await database.asSuperuser("UPDATE auth.users SET display_name = 'Somebody else' WHERE email = $1", [ada.email])
  const stale = await admin.post(path, { intent: 'make-admin', edition: edition.replaceAll('&quot;', '"') })
  t.equal(stale.status, 412)
  t.match(stale.text, 'This account was changed elsewhere')
  t.match(stale.text, 'Somebody else', 'it shows what is there now')
  t.match(await database.asSuperuser('SELECT role FROM auth.users WHERE email = $1', [ada.email]), [{ role: 'user' }])
  for (const form of [{ intent: 'nonsense' }, { intent: 'disable', status: 'active' }, { intent: 'disable', edition: 'x\ny' }, { intent: 'constructor' }] as Array<Record<string, string>>) t.equal((await act(admin, path, form['intent']!, form)).status, 422)
})

t.test('FR-142: a log-in of long ago: the password is asked for in the form itself, and then it is done', async (t) => {
  const [other, ada] = [await signUpAdmin(), await signUp()]
  const path = await pageOf(ada)
  await makeOld(other.email)
  const asked = await act(other, path, 'disable')
  t.equal(asked.status, 403)
  t.match(asked.text, 'To be sure that it is you, write your password once more.')
  t.equal([...asked.text.matchAll(/id="confirm_password"/g)].length, 1, 'once, beside the button that was pressed')
  t.equal((await act(other, path, 'disable', { confirm_password: 'not the password' })).status, 403)
  t.match(await database.asSuperuser('SELECT status FROM auth.users WHERE email = $1', [ada.email]), [{ status: 'active' }])
  t.equal((await act(other, path, 'disable', { confirm_password: password })).status, 303)
  t.match((await other.get(path)).text, 'The account is disabled')
})

t.test('FR-143, SEC-24: a reset link goes to the owner, and all devices are logged out by one button', async (t) => {
  const ada = await signUp()
  const path = await pageOf(ada)
  t.equal((await act(admin, path, 'send-reset')).status, 303)
  const { text } = await admin.get(path)
  t.match(text, 'The mail is on its way to its owner.')
  const link = await linkTo(ada.email, '/reset-password')
  t.notMatch(text, link.split('=')[1]!, 'whoever asked for it does not see it')
  t.equal((await ada.get('/dashboard')).status, 200)
  t.equal((await act(admin, path, 'end-sessions')).status, 303)
  t.match((await admin.get(path)).text, 'Nowhere.')
  await until(303, () => ada.get('/dashboard').then(({ status }) => ({ status: status === 302 ? 303 : status })))
})

t.test('FR-144: the last administrator is told why they stay one; with another there, they leave', async (t) => {
  const other = await signUpAdmin()
  await database.asSuperuser("UPDATE auth.users SET role = 'user' WHERE email <> $1", [other.email])
  const path = await pageOf(other)
  const refused = await act(other, path, 'unmake-admin')
  t.equal(refused.status, 409)
  t.match(refused.text, 'This is the last administrator. Make somebody else an administrator first.')
  t.notMatch(refused.text, 'Disable account')
  await database.asSuperuser("UPDATE auth.users SET role = 'admin' WHERE email = $1", [admin.email])
  t.equal((await act(other, path, 'unmake-admin')).location, '/login')
  t.notOk(other.cookies.has(cookieName), 'the session is over here as well')
})

t.test('FR-146: the audit log tells what happened in sentences, and finds it by address and day', async (t) => {
  const ada = await signUp()
  await act(admin, await pageOf(ada), 'make-admin')
  const today = new Date().toISOString().slice(0, 10)
  const { text } = await admin.get(`/admin/audit?account=${ada.email.toUpperCase()}&from=${today}`)
  t.match(text, `${admin.email} made ${ada.email} an administrator`)
  t.match(text, `${ada.email} signed up`)
  t.match(text, /<details/)
  t.notMatch((await admin.get(`/admin/audit?account=${ada.email}&action=account.created`)).text, 'an administrator<')
  t.match((await admin.get(`/admin/audit?account=${ada.email}&to=2020-01-01`)).text, 'Nothing like that is on record')
  t.match((await admin.get(`/admin/audit?account=${await idOf(ada.email)}`)).text, `${ada.email} signed up`)
  await database.asSuperuser('DELETE FROM auth.audit_origins WHERE user_id = $1', [await idOf(ada.email)])
  const unknown = await admin.get('/admin/audit?account=nobody@example.com&by=x&from=yesterday')
  t.equal(unknown.status, 422)
  t.match(unknown.text, 'No account has this address.')
  t.match(unknown.text, /value="nobody@example.com"/)
  t.equal((await admin.get('/admin/audit?cursor=old')).location, '/admin/audit')
  await act(admin, await pageOf(ada), 'unmake-admin')
})

t.test('FR-146: every kind of event has its sentence, whosever account it is', (t) => {
  const event = { id: 'x', occurred_at: '2026-11-24T00:00:00.000Z', session_id: null, request_id: 'r', address: null, device: null }
  for (const action of [...auditActions, 'something.newer']) {
    for (const outcome of ['success', 'failure'] as const) {
      for (const emails of [{ user_email: 'ada@example.com', actor_email: 'root@example.com' }, { user_email: null, actor_email: null }]) {
        for (const ids of [{ user_id: 'a', actor_id: 'a' }, { user_id: 'a', actor_id: 'b' }, { user_id: null, actor_id: null }]) {
          const told = auditSentence({ ...event, action, outcome, ...emails, ...ids, details: {} } satisfies AuditEvent)
          t.match(told, action === 'something.newer' ? /^something\.newer$/ : /^[A-Za-z][^]* [a-z]/)
          t.notMatch(told, /undefined|null/)
        }
      }
    }
  }
  t.end()
})

t.test('FR-146: signing keys show their states; one is withdrawn, and one too new does not sign', async (t) => {
  const [old] = [await signUpAdmin()]
  await makeOld(old.email)
  t.equal((await old.get('/admin/keys')).location, '/confirm?next=%2Fadmin%2Fkeys', 'they are shown after a recent log-in alone')
  const { text } = await admin.get('/admin/keys')
  t.match(text, /Active[^]*Next/)
  const tooNew = await admin.post('/admin/keys', { intent: 'rotate' })
  t.equal(tooNew.status, 409)
  t.match(tooNew.text, 'The next key has not been published for long enough')
  const [{ id: next } = { id: '' }] = await database.asSuperuser<{ id: string }>("SELECT id FROM auth.signing_keys WHERE state = 'next'")
  t.equal((await admin.post('/admin/keys', { intent: 'withdraw', kid: next })).location, '/admin/keys')
  t.match((await admin.get('/admin/keys')).text, 'The key is withdrawn.')
  t.equal((await admin.post('/admin/keys', { intent: 'withdraw', kid: next })).status, 404)
  t.equal((await admin.post('/admin/keys', { intent: 'rotate', kid: next })).status, 422)
  await database.asSuperuser("UPDATE auth.signing_keys SET state_since = now() - interval '1 day' WHERE state = 'next'")
  t.equal((await admin.post('/admin/keys', { intent: 'rotate' })).status, 303)
  t.match((await admin.get('/admin/keys')).text, /The next key signs from now on\.[^]*Retired/)
})

const browser = await launchBrowser(t)
for (const javaScriptEnabled of [true, false]) {
  t.test(`FR-146: in a browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: an account is found, disabled and enabled by keyboard`, async (t) => {
    const ada = await signUp()
    const context = await browser.newContext({ baseURL: origin, javaScriptEnabled, reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    await context.addCookies([{ name: cookieName, value: admin.cookies.get(cookieName)!, url: origin, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto('/dashboard')
    await press(page, 'link', /^Admin/)
    await page.getByRole('heading', { name: 'Accounts' }).waitFor()
    await page.getByLabel('Address or name').fill(ada.email)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/admin?q=*')
    await page.getByText(ada.email).waitFor()
    await press(page, 'link', 'Ada')
    await press(page, 'button', 'Disable account')
    await page.getByText('The account is disabled, and logged out everywhere.').waitFor()
    await press(page, 'button', 'Enable account')
    await page.getByText('The account is enabled.').waitFor()
    await press(page, 'link', 'What happened to it')
    await page.getByText(`disabled ${ada.email}`).waitFor()
    await page.getByText('Details').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('account.enabled').waitFor()
  })
}

async function press (page: Page, role: 'link' | 'button', name: string | RegExp) {
  await page.getByRole(role, { name, exact: true }).focus()
  await page.keyboard.press('Enter')
}
