import t from 'tap'
import { createHash } from 'node:crypto'
import type { Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { judge, sticksOut } from './judge-screens.ts'
import { startMailbox } from './mailbox.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { smtpUrl, linkTo } = await startMailbox(t)
const { origin, signUp, cookieName, instanceAt, database } = await startWeb(t, { smtpUrl, settings: { auth: { MAIL_PER_HOUR: '100' } } })
const deviceCookie = `${cookieName}-device`
const next = 'another correct horse'

/** Logs somebody in on a further device. */
async function logIn (email: string, secret = password, visit = visitor(origin)) {
  await visit.get('/login')
  return Object.assign(visit, { answer: await visit.post('/login', { email, password: secret }) })
}

type Visit = Awaited<ReturnType<typeof logIn>> | Awaited<ReturnType<typeof signUp>>
const isSignedIn = async (visit: Visit) => (await visit.get('/settings')).status === 200

/** Waits until a session that was ended elsewhere is over here, too. */
async function isOver (visit: Visit) {
  for (const deadline = Date.now() + 5000; Date.now() < deadline;) {
    if (!await isSignedIn(visit)) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

t.test('settings are for who is signed in, and are never stored', async (t) => {
  t.equal((await visitor(origin).get('/settings')).location, '/login?next=%2Fsettings')
  const ada = await signUp()
  const { status, text, headers } = await ada.get('/settings')
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(text, ada.email)
  t.match(text, 'This device')
  t.match((await ada.get('/dashboard')).text, /href="\/settings"[^>]*>Settings</)
})

t.test('an address is confirmed by the mail that was sent again, and the page knows at once', async (t) => {
  const ada = await signUp()
  t.match((await ada.get('/settings')).text, 'Not confirmed yet')
  const first = await linkTo(ada.email, '/verify-email')
  const answer = await ada.post('/settings', { intent: 'send-mail' })
  t.equal(answer.status, 303)
  t.equal(answer.location, '/settings')
  t.match((await ada.get('/settings')).text, 'The mail is on its way')
  t.notMatch((await ada.get('/settings')).text, 'The mail is on its way', 'told once')
  const again = await linkTo(ada.email, '/verify-email')
  t.not(again, first)

  const { text } = await ada.get(again)
  t.match(text, 'Confirm this address')
  t.match((await ada.get('/settings')).text, 'Not confirmed yet', 'SEC-19: looking at the link changes nothing')
  await ada.get(again)
  t.equal((await ada.post('/verify-email', { token: again.split('=')[1]! })).location, '/settings')
  const settings = (await ada.get('/settings')).text
  t.match(settings, 'The address is confirmed')
  t.notMatch(settings, 'Not confirmed yet')
  t.notMatch(settings, 'Send the mail again')
})

t.test('a wrong current password is told at its field, and nothing is changed', async (t) => {
  const ada = await signUp()
  await ada.get('/settings')
  const { status, text } = await ada.post('/settings', { intent: 'change-password', current_password: 'not the password', password: next })
  t.equal(status, 403)
  t.match(text, /id="current_password-error" role="alert">That is not your current password\./)
  t.notMatch(text, next, 'no password goes back to the page')
  t.notMatch(text, 'not the password')
  t.equal((await logIn(ada.email)).answer.status, 303)
})

t.test('a new password keeps to the rules of the contract', async (t) => {
  const ada = await signUp()
  await ada.get('/settings')
  const { status, text } = await ada.post('/settings', { intent: 'change-password', current_password: password, password: 'short' })
  t.equal(status, 422)
  t.match(text, /id="password-error" role="alert">Use at least 8 characters/)
  const foreignForms: Array<Record<string, string>> = [{ intent: 'change-password', current_password: password, password: next, role: 'admin' }, { intent: 'nonsense' }, { intent: 'end-session', id: 'x' }, { intent: 'end-others', id: '1' }]
  for (const foreign of foreignForms) t.equal((await ada.post('/settings', foreign)).status, 422)
  t.equal((await ada.post('/settings', { intent: 'end-others', form_token: 'made up' })).status, 403)
})

t.test('SEC-23: changing the password logs every other device out, and keeps this one in', async (t) => {
  const ada = await signUp()
  const other = await logIn(ada.email)
  t.ok(await isSignedIn(other))
  await ada.get('/settings')
  const answer = await ada.post('/settings', { intent: 'change-password', current_password: password, password: next })
  t.equal(answer.status, 303)
  t.match((await ada.get('/settings')).text, 'Your password was changed. Every other device was logged out.')
  t.ok(await isOver(other))
  t.ok(await isSignedIn(ada))
  t.equal((await logIn(ada.email)).answer.status, 401)
  t.equal((await logIn(ada.email, next)).answer.status, 303)
})

t.test('one other device is logged out, or all of them; another person\'s never', async (t) => {
  const ada = await signUp()
  const [phone, tablet, laptop] = [await logIn(ada.email), await logIn(ada.email), await logIn(ada.email)]
  const eve = await signUp()
  const rows = async (visit: Visit) => [...(await visit.get('/settings')).text.matchAll(/name="id" value="([\w-]+)"|name="id"[^>]* value="([\w-]+)"/g)].map(([, one, other]) => one ?? other!)
  t.equal((await rows(ada)).length, 3)

  const ofOthers = await rows(phone)
  const onlyTheirs = (await rows(ada)).filter((id) => !ofOthers.includes(id))
  t.equal(onlyTheirs.length, 1, 'the phone itself has no button on the phone')
  await eve.get('/settings')
  t.equal((await eve.post('/settings', { intent: 'end-session', id: onlyTheirs[0]! })).status, 303, 'told nothing')
  t.ok(await isSignedIn(phone))
  await ada.get('/settings')
  t.equal((await ada.post('/settings', { intent: 'end-session', id: onlyTheirs[0]! })).location, '/settings')
  t.match((await ada.get('/settings')).text, 'That device was logged out.')
  t.ok(await isOver(phone))
  t.ok(await isSignedIn(tablet))

  t.equal((await ada.post('/settings', { intent: 'end-others' })).status, 303)
  const { text } = await ada.get('/settings')
  t.match(text, 'Every other device was logged out.')
  t.notMatch(text, 'Log out everywhere else')
  t.ok(await isOver(tablet))
  t.ok(await isOver(laptop))
  t.ok(await isSignedIn(eve))
})

t.test('SEC-33: who logged in here before is not locked out by strangers who guess, also after signing out', async (t) => {
  const { email } = await signUp()
  const ada = await logIn(email)
  const line = ada.answer.headers.getSetCookie().find((cookie) => cookie.startsWith(`${deviceCookie}=`))
  t.match(line, /; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/)
  const token = ada.cookies.get(deviceCookie)
  await ada.get('/dashboard')
  const out = await ada.post('/logout')
  t.notMatch(out.headers.get('clear-site-data'), 'cookies')
  t.same([...ada.cookies.keys()], [deviceCookie], 'nothing else is left of the session')

  await database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [createHash('sha256').update(email).digest('hex')])
  t.equal((await logIn(email)).answer.status, 401, 'right as it is, the password is not taken from just anywhere')
  t.equal((await logIn(email, password, ada)).answer.status, 303, 'but it is from here')
  t.equal(ada.cookies.get(deviceCookie), token, 'it stays the same')

  const odd = visitor(origin)
  const { email: another } = await signUp()
  odd.cookies.set(deviceCookie, 'x'.repeat(1000))
  t.equal((await logIn(another, password, odd)).answer.status, 303, 'what is no device token spoils nothing')
})

t.test('the token of a mailed link is not in the log', async (t) => {
  const lines: string[] = []
  const app = await instanceAt(() => new Date(), {}, { write: (line) => lines.push(line) })
  await app.inject('/reset-password?token=very-secret&x=1')
  t.match(lines.join(''), '/reset-password?token=[Redacted]&x=1')
  t.notMatch(lines.join(''), 'very-secret')
})

const browser = await launchBrowser(t)
for (const javaScriptEnabled of [true, false]) {
  t.test(`in a browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: the password is changed and the other device leaves the list`, async (t) => {
    const ada = await signUp()
    const other = await logIn(ada.email)
    const context = await browser.newContext({ baseURL: origin, javaScriptEnabled, reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName)!, url: origin, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    await page.goto('/dashboard')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.waitForURL('**/settings')
    if (javaScriptEnabled) await looksRight(t, page)

    const change = async (current: string, wanted: string) => {
      await page.getByLabel('Current password', { exact: true }).fill(current)
      await page.getByLabel('New password', { exact: true }).fill(wanted)
      await page.getByRole('button', { name: 'Change password' }).click()
    }
    await change('not the password', next)
    await page.getByText('That is not your current password.').waitFor()
    if (javaScriptEnabled) {
      await page.waitForFunction(() => document.activeElement?.id === 'current_password')
      await looksRight(t, page)
    }
    await change(password, next)
    await page.getByText('Every other device was logged out.').waitFor()
    t.equal(await page.getByLabel('New password', { exact: true }).inputValue(), '', 'the form is empty again')
    t.equal(await page.getByRole('button', { name: /^Log out/ }).count(), 0)
    t.ok(await isOver(other))
    if (javaScriptEnabled) await looksRight(t, page)
  })
}

/** Judged by the same eyes as every other screen. */
async function looksRight (t: Parameters<typeof judge>[0] & { notOk: (value: unknown, message: string) => unknown }, page: Page) {
  for (const [width, height] of [[320, 568], [360, 740], [1440, 900]] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await judge(t, page, colorScheme, `${colorScheme}, ${width} wide`)
    }
    t.notOk(await sticksOut(page), `${width} wide: nothing sticks out to the side`)
  }
}
