import t from 'tap'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launchBrowser } from './browser.ts'
import { judge, sticksOut } from './judge-screens.ts'
import { startMailbox } from './mailbox.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { smtpUrl, linkTo, mails } = await startMailbox(t)
/** In the place of a range API, which knows of one breached password. */
const breached = 'purple monkey dishwasher 7'
const ranges = createServer((_request, response) => { response.end(`${createHash('sha1').update(breached).digest('hex').toUpperCase().slice(5)}:37`) }).listen(0, '127.0.0.1')
await once(ranges, 'listening')
t.teardown(() => { ranges.close() })
const PASSWORD_BREACH_URL = `http://127.0.0.1:${(ranges.address() as AddressInfo).port}/`
const { origin, signUp, cookieName } = await startWeb(t, { smtpUrl, settings: { auth: { MAIL_PER_HOUR: '100', RESET_PER_ADDRESS: '8', PASSWORD_BREACH_URL } } })
const next = 'another correct horse'

async function askFor (email: string, visit = visitor(origin)) {
  await visit.get('/forgot-password')
  return await visit.post('/forgot-password', { email })
}

async function logIn (email: string, secret: string) {
  const visit = visitor(origin)
  await visit.get('/login')
  return (await visit.post('/login', { email, password: secret })).status
}

const tokenOf = (link: string) => link.split('=')[1]!

t.test('SEC-20: a forgotten password is replaced by a mailed link, once, in whatever browser it is opened', async (t) => {
  const ada = await signUp()
  t.match((await visitor(origin).get('/login')).text, /href="\/forgot-password"[^>]*>Forgot your password\?</)
  const asked = await askFor(ada.email)
  t.equal(asked.status, 303)
  t.match((await visitor(origin).get(asked.location!)).text, 'If there is an account with that address, a mail is on its way.')
  const link = await linkTo(ada.email, '/reset-password')

  const other = visitor(origin)
  for (let n = 0; n < 2; n++) { // opening it changes nothing
    const { status, text, headers } = await other.get(link)
    t.equal(status, 200)
    t.match(text, /autoComplete="new-password"/i)
    t.equal(headers.get('cache-control'), 'no-store')
    t.equal(headers.get('referrer-policy'), 'same-origin')
  }
  const short = await other.post('/reset-password', { token: tokenOf(link), password: 'short' })
  t.equal(short.status, 422)
  t.match(short.text, tokenOf(link), 'the form can be sent again')
  const done = await other.post('/reset-password', { token: tokenOf(link), password: next })
  t.equal(done.status, 303)
  t.equal(done.location, '/login')
  t.match((await other.get('/login')).text, 'Your password was changed. Log in with the new one.')
  t.notMatch((await other.get('/login')).text, 'Your password was changed', 'told once')
  t.equal(await logIn(ada.email, password), 401)
  t.equal(await logIn(ada.email, next), 303)

  const again = await other.post('/reset-password', { token: tokenOf(link), password: 'yet another horse' })
  t.equal(again.status, 410)
  t.match(again.text, /This link no longer works[\s\S]*href="\/forgot-password"/)
  t.equal(await logIn(ada.email, next), 303)
})

t.test('FR-115, FR-116: a password that the service refuses is told at its field at sign-up, reset and change, and what else was typed is kept', async (t) => {
  const ada = await signUp()
  await askFor(ada.email)
  const token = tokenOf(await linkTo(ada.email, '/reset-password'))
  const guest = visitor(origin)
  await guest.get('/signup')
  await ada.get('/settings')
  for (const [secret, told] of [[breached, 'Password has appeared in a known breach, and such passwords are tried first. Choose another'], ['butterflies', 'Password is too easy to guess. ']] as const) {
    for (const [kept, answer] of [
      ['value="guest@example.com"', await guest.post('/signup', { email: 'guest@example.com', password: secret, display_name: 'Guest' })],
      [`value="${token}"`, await ada.post('/reset-password', { token, password: secret })],
      ['id="current_password"', await ada.post('/settings', { intent: 'change-password', current_password: password, password: secret })],
    ] as const) {
      t.equal(answer.status, 422)
      t.match(answer.text, `id="password-error" role="alert">${told}`)
      t.match(answer.text, kept)
      t.notMatch(answer.text, secret, 'no password goes back to the page')
    }
  }
})

t.test('who is signed in where the link is used logs in anew', async (t) => {
  const ada = await signUp()
  await askFor(ada.email)
  const link = await linkTo(ada.email, '/reset-password')
  await ada.get(link)
  t.equal((await ada.post('/reset-password', { token: tokenOf(link), password: next })).location, '/login')
  t.notOk(ada.cookies.has(cookieName))
  t.match((await ada.get('/login')).text, 'Log in with the new one.')
})

t.test('nobody is told which address has an account', async (t) => {
  const ada = await signUp()
  const [known, unknown] = [await askFor(ada.email), await askFor('nobody@example.com')]
  t.same([unknown.status, unknown.location, unknown.text], [known.status, known.location, known.text])
  await linkTo(ada.email, '/reset-password')
  t.notOk(mails.some(({ to }) => to === 'nobody@example.com'))
  t.equal((await askFor('not an address')).status, 422)
})

t.test('a link that is none is met kindly; a forged form has no effect', async (t) => {
  for (const path of ['/reset-password', '/verify-email']) {
    for (const search of ['', '?token=', `?token=${'x'.repeat(201)}`]) {
      const { status, text } = await visitor(origin).get(path + search)
      t.equal(status, 200)
      t.match(text, 'This link no longer works')
    }
  }
  const eve = visitor(origin)
  await eve.get('/reset-password?token=wrong')
  t.equal((await eve.post('/reset-password', { token: 'wrong', password: next })).status, 410)
  const refused = await eve.post('/reset-password', { token: 'wrong', password: next }, { origin: 'https://evil.example' })
  t.equal(refused.status, 403)
  t.match(refused.text, /name="token"[^>]* value="wrong"/)
  t.notMatch(refused.text, next)
  await eve.get('/verify-email?token=wrong')
  const { status, text } = await eve.post('/verify-email', { token: 'wrong' })
  t.equal(status, 410)
  t.match(text, 'This link no longer works')
})

t.test('SEC-19: a hundred visits of a mail scanner use no link up', async (t) => {
  const ada = await signUp()
  await askFor(ada.email)
  for (const [path, fields] of [['/verify-email', {}], ['/reset-password', { password: next }]] as const) {
    const link = await linkTo(ada.email, path)
    const scanner = visitor(origin)
    const visits = await Promise.all(Array.from({ length: 100 }, (_, n) => scanner.send(n % 2 ? 'GET' : 'HEAD', n % 3 ? link : link.replace('?', '.data?'), { 'user-agent': 'scanner' })))
    for (const { status } of visits) t.ok(status < 500)
    const owner = visitor(origin)
    await owner.get(link)
    t.equal((await owner.post(path, { token: tokenOf(link), ...fields })).status, 303, path)
  }
})

t.test('SEC-19, SEC-20: an address is confirmed by a press, not by opening the link; also in another browser, where nobody is signed in', async (t) => {
  const ada = await signUp()
  const link = await linkTo(ada.email, '/verify-email')
  const other = visitor(origin)
  await other.get(link)
  t.match((await ada.get('/settings')).text, 'Not confirmed yet')
  t.equal((await other.post('/verify-email', { token: tokenOf(link) })).location, '/login')
  t.match((await other.get('/login')).text, 'The address is confirmed')
  t.notMatch((await ada.get('/settings')).text, 'Not confirmed yet')
  await other.get(link)
  t.equal((await other.post('/verify-email', { token: tokenOf(link) })).status, 410)
})

const browser = await launchBrowser(t)
for (const javaScriptEnabled of [true, false]) {
  t.test(`in a browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}: from the log-in page to a new password and in`, async (t) => {
    const { email } = await signUp()
    const context = await browser.newContext({ baseURL: origin, javaScriptEnabled, reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const look = async () => {
      if (!javaScriptEnabled) return
      for (const [width, height] of [[320, 568], [1440, 900]] as const) {
        await page.setViewportSize({ width, height })
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await judge(t, page, colorScheme, `${page.url()}, ${colorScheme}, ${width} wide`)
        }
        t.notOk(await sticksOut(page), `${width} wide: nothing sticks out to the side`)
      }
    }

    await page.goto(await linkTo(email, '/verify-email'))
    await look()
    await page.getByRole('button', { name: 'Confirm this address' }).click()
    await page.getByText('The address is confirmed').waitFor()
    await look()
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
    await look()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByText('a mail is on its way').waitFor()
    await look()
    const link = await linkTo(email, '/reset-password')
    await page.goto(link)
    await look()
    await page.getByLabel('New password', { exact: true }).fill(next)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Log in with the new one.').waitFor()
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(next)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL('**/dashboard')

    await page.goto(link)
    await page.getByLabel('New password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('This link no longer works').waitFor()
    await look()
    await page.getByRole('link', { name: 'Ask for a new one' }).click()
    await page.getByRole('button', { name: 'Send the link' }).waitFor()
  })
}

t.test('SEC-15: a password field hides, tells password managers what it is for, takes a paste, and shows itself if asked', async (t) => {
  const ada = await signUp()
  const context = await browser.newContext({ baseURL: origin })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const judgeFields = async (path: string, expected: Record<string, string>) => {
    await page.goto(path)
    const fields = page.locator('input[type=password]')
    t.same(Object.fromEntries(await fields.evaluateAll((inputs) => inputs.map((input) => [input.id, input.getAttribute('autocomplete')]))), expected, path)
    for (const id of Object.keys(expected)) {
      const field = page.locator(`#${id}`)
      t.ok(await field.evaluate((input) => input.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true }))), 'a paste is let through')
      await page.locator(`button[aria-controls=${id}]`).click()
      t.equal(await field.getAttribute('type'), 'text')
      await page.locator(`button[aria-controls=${id}]`).click()
      t.equal(await field.getAttribute('type'), 'password')
    }
  }
  await judgeFields('/signup', { password: 'new-password' })
  await judgeFields('/login', { password: 'current-password' })
  await judgeFields('/reset-password?token=x', { password: 'new-password' })
  await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName)!, url: origin, httpOnly: true, sameSite: 'Lax' }])
  await judgeFields('/settings', { current_password: 'current-password', password: 'new-password' })
})

t.test('who asks too often is told how long to wait', async (t) => {
  const visit = visitor(origin)
  let answer = await askFor('nobody@example.com', visit)
  for (let n = 0; n < 8 && answer.status === 303; n++) answer = await askFor('nobody@example.com', visit)
  t.equal(answer.status, 429)
  t.match(answer.text, /Please wait (a minute|\d+ minutes) and try again\./)
  t.match(answer.text, 'value="nobody@example.com"')
})
