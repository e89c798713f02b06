import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName } = await startWeb(t)
const browser = await launchBrowser(t)

type Test = Pick<typeof t, 'teardown'>

/** A browser of its own, with the scripts it has asked for and what it complained of. */
async function open (t: Test, options: { javaScriptEnabled?: boolean } = {}) {
  const context = await browser.newContext({ baseURL: origin, ...options })
  t.teardown(() => context.close())
  const workers: string[] = []
  const complaints: string[] = []
  context.on('request', (request) => { if (request.url().includes('worker')) workers.push(request.url()) })
  context.on('console', (message) => { if (/content security policy/i.test(message.text())) complaints.push(message.text()) })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  return { context, page, workers, complaints }
}

const says = (page: Page, text: string | RegExp) => page.locator('.meter').getByRole('status').filter({ hasText: text }).waitFor()
const isAwake = (page: Page) => page.getByRole('button', { name: 'Show password' }).first().waitFor()

t.test('FR-119: a new password is judged while it is typed, by the owner\'s data, in a worker of our own', async (t) => {
  const { page, workers, complaints } = await open(t)
  await page.goto('/signup', { waitUntil: 'networkidle' })
  await isAwake(page)
  t.same(workers, [], 'nothing is fetched with the page')
  await page.getByLabel('E-mail address').fill('eleonora.vandersteen@example.com')
  t.same(workers, [], 'nor for another field')
  const field = page.getByLabel('Password', { exact: true })
  t.equal(await page.locator('.meter').count(), 0, 'an untouched field says nothing')

  await field.fill('butterflies')
  await says(page, /^Too easy to guess\. .*\.$/)
  t.equal(await page.locator('.meter__step[data-filled]').count(), 1)
  await field.fill('trustno1')
  await says(page, 'tried first')
  await field.fill('Eleonora.VanDerSteen')
  await says(page, 'Your name, your address')
  await page.getByLabel('E-mail address').fill('grace.hopper@example.com')
  await says(page, /ard to guess\.$/)
  await page.getByLabel('E-mail address').fill('eleonora.vandersteen@example.com')
  await says(page, 'Your name, your address')
  await field.fill(password)
  await says(page, 'Very hard to guess.')
  t.equal(await page.locator('.meter__step[data-filled]').count(), 4)
  await field.fill('')
  await page.locator('.meter').waitFor({ state: 'detached' })
  t.match(workers, [/^http:\/\/localhost:\d+\/assets\/[\w.-]+\.js$/], 'one file of this site')
  t.same(complaints, [])
})

t.test('FR-119: what was typed before the page woke is judged as well', async (t) => {
  const { page } = await open(t)
  await page.goto('/signup', { waitUntil: 'commit' })
  await page.getByLabel('Password', { exact: true }).fill('butterflies')
  await says(page, 'Too easy to guess.')
})

t.test('FR-119: the service refuses what the meter calls too easy, at the field, and takes what it calls hard', async (t) => {
  const { page } = await open(t)
  await page.goto('/signup')
  await isAwake(page)
  await page.getByLabel('E-mail address').fill(`${randomUUID()}@example.com`)
  const field = page.getByLabel('Password', { exact: true })
  await field.fill('butterflies')
  await says(page, 'Too easy to guess.')
  await page.getByRole('button', { name: 'Create account' }).click()
  const error = page.locator('#password-error')
  await error.waitFor()
  t.match(await error.textContent(), /^Password is too easy to guess\. /)
  t.equal(await field.getAttribute('aria-invalid'), 'true')
  await field.fill(password)
  await says(page, 'Very hard to guess.')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')
})

t.test('FR-119: in the settings the account is known, and the meter is gone with the change', async (t) => {
  const ada = await signUp(`brunhilde.ottokar.${randomUUID().slice(0, 8)}@example.com`)
  const { page, context } = await open(t)
  await context.addCookies([{ name: cookieName, value: ada.cookies.get(cookieName)!, url: origin, httpOnly: true, sameSite: 'Lax' }])
  await page.goto('/settings')
  await isAwake(page)
  const field = page.getByLabel('New password', { exact: true })
  await field.fill(ada.email)
  await says(page, 'Your name, your address')
  await field.fill('an even better passphrase')
  await says(page, 'Very hard to guess.')
  t.equal(await page.locator('.meter').count(), 1, 'the current password is not judged')
  await page.getByLabel('Current password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.locator('.meter').waitFor({ state: 'detached' })
})

t.test('FR-119: by the keyboard alone, and told politely', async (t) => {
  const { page } = await open(t)
  await page.goto('/signup')
  await isAwake(page)
  await page.getByLabel('E-mail address').focus()
  const field = page.getByLabel('Password', { exact: true })
  for (let n = 0; n < 5 && !await field.evaluate((element) => element === document.activeElement); n++) await page.keyboard.press('Tab')
  await page.keyboard.type('butterflies')
  await says(page, 'Too easy to guess.')
  t.equal(await field.evaluate((element) => element === document.activeElement), true, 'the focus stays')
  await page.keyboard.type(' and wide blue rivers')
  await says(page, 'Very hard to guess.')
})

t.test('FR-119: where the worker cannot be had, nothing is said and the service decides', async (t) => {
  const { page, context } = await open(t)
  const blocked: string[] = []
  await context.route(/worker/, async (route) => {
    blocked.push(route.request().url())
    await route.abort()
  })
  await page.goto('/signup')
  await isAwake(page)
  await page.getByLabel('E-mail address').fill(`${randomUUID()}@example.com`)
  await page.getByLabel('Password', { exact: true }).fill('butterflies')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.locator('#password-error').waitFor()
  t.equal(blocked.length, 1)
  t.equal(await page.locator('.meter').count(), 0)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')
})

t.test('FR-119: with JavaScript off there is no meter, and the refusal comes at the field with what would be better', async (t) => {
  const { page, workers } = await open(t, { javaScriptEnabled: false })
  await page.goto('/signup')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill('butterflies')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.locator('#password-error').waitFor()
  t.match(await page.locator('#password-error').textContent(), /^Password is too easy to guess\. .*Add more words/)
  t.equal(await page.getByLabel('E-mail address').inputValue(), 'ada@example.com')
  t.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '')
  t.equal(await page.locator('.meter').count(), 0)
  t.same(workers, [])

  const ada = await signUp()
  await ada.get('/settings')
  for (const secret of ['butterflies', 'trustno1', ada.email]) {
    const { status, text } = await ada.post('/settings', { intent: 'change-password', current_password: password, password: secret })
    t.equal(status, 422)
    t.match(text, /id="password-error" role="alert">Password is too easy to guess\./)
    t.notMatch(text, `value="${secret}" name="password"`)
  }
})

t.test('SEC-77: a worker may come from this site alone, and is served with a policy by which it reaches nothing', async (t) => {
  const visit = visitor(origin)
  t.match((await visit.get('/signup')).headers.get('content-security-policy'), "; worker-src 'self';")
  const { page, workers } = await open(t)
  await page.goto('/signup')
  await isAwake(page)
  await Promise.all([page.waitForEvent('worker'), page.getByLabel('Password', { exact: true }).focus()])
  const worker = await visit.get(new URL(workers[0] ?? '').pathname)
  t.equal(worker.headers.get('content-security-policy'), "default-src 'none'")
  t.match(worker.headers.get('cache-control'), 'immutable')
})
