import t from 'tap'
import { randomUUID } from 'node:crypto'
import { launchBrowser } from './browser.ts'
import { startMailbox } from './mailbox.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { smtpUrl, linkTo, mails } = await startMailbox(t)
const { origin, signUp, cookieName, opened, database } = await startWeb(t, { smtpUrl, settings: { auth: { MAIL_PER_HOUR: '100' } } })
type Visit = Awaited<ReturnType<typeof signUp>>
const address = () => `${randomUUID()}@example.com`
const tokenOf = (link: string) => link.split('=')[1]!
/** Lets ten minutes go by since somebody named their password. */
const wait = (visit: Visit) => database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE id = $1", [opened(visit.cookies.get(cookieName))?.session_id])
const logIn = async (email: string, secret = password) => {
  const visit = visitor(origin)
  await visit.get('/login')
  return (await visit.post('/login', { email, password: secret })).status
}

/** Signs up, and proves the address. */
async function proven () {
  const ada = await signUp()
  const link = await linkTo(ada.email, '/verify-email')
  await ada.get(link)
  await ada.post('/verify-email', { token: tokenOf(link) })
  await ada.get('/settings')
  return ada
}

t.test('FR-129, FR-130: a form that needs the password once more keeps what was typed, and is sent with it', async (t) => {
  const ada = await proven()
  const to = address()
  t.notMatch((await ada.get('/settings')).text, 'name="confirm_password"')
  await wait(ada)
  const asked = await ada.post('/settings', { intent: 'change-email', email: to })
  t.equal(asked.status, 403)
  t.match(asked.text, /id="confirm_password-error" role="alert">To be sure that it is you/)
  t.match(asked.text, `value="${to}"`)
  const wrong = await ada.post('/settings', { intent: 'change-email', email: to, confirm_password: 'not the password' })
  t.equal(wrong.status, 403)
  t.match(wrong.text, 'That is not your password.')
  t.match(wrong.text, `value="${to}"`)
  t.notMatch(wrong.text, 'not the password')
  const { email: taken } = await signUp()
  const clash = await ada.post('/settings', { intent: 'change-email', email: taken, confirm_password: password })
  t.equal(clash.status, 409)
  t.match(clash.text, /id="email-error" role="alert">This address belongs to another account/)
  t.notMatch(clash.text, 'name="confirm_password"', 'the password was right, and is not asked for again')
  t.equal((await ada.post('/settings', { intent: 'change-email', email: to })).status, 303)
  t.match((await ada.get('/settings')).text, 'We mailed a link to the new address.')
  t.equal((await ada.post('/settings', { intent: 'change-email', email: 'not an address' })).status, 422)
  t.match((await ada.post('/settings', { intent: 'change-email', email: ada.email })).text, /id="email-error" role="alert">Email is your address already/)
})

t.test('FR-131, FR-132, SEC-19: the links are used by a press, in any browser; the way back ends in a new password', async (t) => {
  const ada = await proven()
  const to = address()
  await ada.post('/settings', { intent: 'change-email', email: to })
  const link = await linkTo(to, '/change-email')
  const other = visitor(origin)
  for (let n = 0; n < 3; n++) t.match((await other.get(link)).text, 'Use this address?')
  t.match((await ada.get('/settings')).text, ada.email, 'looking at the link changes nothing')
  t.equal((await other.post('/change-email', { token: tokenOf(link) })).location, '/login')
  t.match((await other.get('/login')).text, 'The new address is yours to log in with.')
  t.match((await ada.get('/settings')).text, to, 'who asked is still logged in')
  t.equal((await other.post('/change-email', { token: tokenOf(link) })).status, 410)

  const back = await linkTo(ada.email, '/take-back')
  for (let n = 0; n < 3; n++) t.match((await ada.get(back)).text, 'Take your account back?')
  t.equal(await logIn(to), 303)
  const done = await ada.post('/take-back', { token: tokenOf(back) })
  t.equal(done.location, '/login')
  t.notOk(ada.cookies.has(cookieName))
  t.match((await ada.get('/login')).text, 'The account is yours again')
  t.same([await logIn(to), await logIn(ada.email)], [401, 401])
  const reset = await linkTo(ada.email, '/reset-password')
  await ada.get(reset)
  await ada.post('/reset-password', { token: tokenOf(reset), password: 'mine again, for good' })
  t.equal(await logIn(ada.email, 'mine again, for good'), 303)
  t.match((await ada.post('/take-back', { token: tokenOf(back) })).text, 'This link no longer works')
  for (const path of ['/change-email', '/take-back']) t.match((await ada.get(path)).text, 'This link no longer works')
})

t.test('an address that somebody was faster to get is told as taken', async (t) => {
  const [ada, to] = [await proven(), address()]
  await ada.post('/settings', { intent: 'change-email', email: to })
  const link = await linkTo(to, '/change-email')
  await signUp(to)
  await ada.get(link)
  const { status, text } = await ada.post('/change-email', { token: tokenOf(link) })
  t.equal(status, 409)
  t.match(text, 'belongs to another account')
})

const browser = await launchBrowser(t)
for (const javaScriptEnabled of [true, false]) {
  t.test(`in a browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: another address, with the password once more`, async (t) => {
    const ada = await proven()
    const to = address()
    await wait(ada)
    const context = await browser.newContext({ baseURL: origin, javaScriptEnabled, reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName)!, url: origin, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto('/settings')
    await page.getByLabel('New address').fill(to)
    await page.getByRole('button', { name: 'Change address' }).click()
    const again = page.getByLabel('Your password', { exact: true })
    await again.waitFor()
    t.equal(await page.getByLabel('New address').inputValue(), to)
    if (javaScriptEnabled) await page.waitForFunction(() => document.activeElement?.id === 'confirm_password')
    await again.fill(password)
    await page.getByRole('button', { name: 'Change address' }).click()
    await page.getByText('We mailed a link to the new address.').waitFor()
    await page.goto(await linkTo(to, '/change-email'))
    await page.getByRole('button', { name: 'Use this address' }).click()
    await page.getByText('The new address is yours to log in with.').waitFor()
    await page.locator('.settings__email', { hasText: to }).waitFor()

    await page.goto(await linkTo(ada.email, '/take-back'))
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('The account is yours again').waitFor()
    t.ok(page.url().endsWith('/login'))
    t.ok(mails.some(({ to: recipient, source }) => recipient === to && source.includes('changed back')))
  })
}
