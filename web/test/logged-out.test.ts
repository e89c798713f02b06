import t from 'tap'
import { launchBrowser, pageOf } from './browser.ts'
import { password, startWeb } from './start-web.ts'

const { origin, cookieName, signUp } = await startWeb(t)
const browser = await launchBrowser(t)
const place = { origin, cookieName }

t.test('FR-155: of one session in two browsers, the log-out in one leads the other to the log-in page, once', async (t) => {
  const ada = await signUp()
  const [here, there, alive] = [await pageOf(t, browser, ada, place), await pageOf(t, browser, ada, place), await pageOf(t, browser, ada, place)]
  await Promise.all([here.goto('/settings'), there.goto('/settings')])
  const isFollowing = alive.waitForResponse((response) => new URL(response.url()).pathname === '/events' && response.status() === 200)
  await alive.goto('/dashboard')
  await isFollowing
  const asked: string[] = []
  for (const page of [there, alive]) {
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (/^\/(dashboard|login)/.test(pathname)) asked.push(pathname)
    })
  }

  await here.getByRole('button', { name: 'Sign out' }).click()
  await here.waitForURL(`${origin}/`)
  await alive.waitForURL('**/login?next=%2Fdashboard')
  await alive.getByText('You were logged out.').waitFor()
  t.same(asked, ['/dashboard.data', '/login.data'], 'a page that is open goes there by itself')

  asked.length = 0
  await there.goto('/dashboard')
  t.equal(there.url(), `${origin}/login?next=%2Fdashboard`)
  await there.getByText('You were logged out.').waitFor()
  t.same(asked, ['/dashboard', '/login'])
  await there.reload()
  t.equal(await there.getByText('You were logged out.').count(), 0, 'it is told once')
  t.same((await there.context().cookies()).filter(({ name }) => name === cookieName), [], 'and the cookie is gone')

  await there.getByLabel('E-mail address').fill(ada.email)
  await there.getByLabel('Password', { exact: true }).fill(password)
  await there.getByRole('button', { name: 'Log in' }).click()
  await there.waitForURL('**/dashboard')
})
