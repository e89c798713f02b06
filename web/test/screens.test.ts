import t from 'tap'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page, Request } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { password, startWeb } from './start-web.ts'

const { origin, signUp, cookieName, children, restart } = await startWeb(t)
const browser = await launchBrowser(t)

const empty = await signUp()
const full = await signUp()
const longWord = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4)
for (const title of ['Short', 'Read the chapter on transactions again, and take notes in the margin this time', longWord, '🌅 Walk', 'Finished']) await full.post('/dashboard', { intent: 'add', title })
const idOf = async (title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec((await full.get('/dashboard?show=all')).text)?.[1] ?? ''
const task = `/tasks/${await idOf('Short')}`
await full.post('/dashboard', { intent: 'complete', id: await idOf('Finished'), completed: 'true' })

interface Screen { name: string, path: string, who?: typeof full, act?: (page: Page) => Promise<unknown> }

const screens: Screen[] = [
  { name: 'landing', path: '/' },
  { name: 'sign-up', path: '/signup' },
  {
    name: 'sign-up with errors',
    path: '/signup',
    async act (page) {
      await page.getByRole('button', { name: 'Show password' }).waitFor()
      await page.getByLabel('E-mail address').fill('ada')
      await page.getByRole('button', { name: 'Create account' }).click()
      await page.getByText('These need another look').waitFor()
    },
  },
  { name: 'log-in', path: '/login' },
  {
    name: 'log-in refused',
    path: '/login',
    async act (page) {
      await page.getByLabel('E-mail address').fill('ada@example.com')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('do not match').waitFor()
    },
  },
  { name: 'empty list', path: '/dashboard', who: empty },
  { name: 'empty list of the done', path: '/dashboard?show=done', who: empty },
  { name: 'full list', path: '/dashboard?show=all', who: full },
  {
    name: 'list with an error',
    path: '/dashboard',
    who: full,
    async act (page) {
      await page.getByLabel('New task').fill('x'.repeat(201))
      await page.getByText('it has 201').waitFor()
    },
  },
  {
    name: 'list with something to undo',
    path: '/dashboard',
    who: full,
    async act (page) {
      await full.post('/dashboard', { intent: 'add', title: 'Too much' })
      await page.reload()
      await page.getByRole('button', { name: 'Delete “Too much”' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Undo' }).waitFor()
      await page.waitForFunction(() => document.querySelector('.notice')?.getAnimations().every((animation) => animation.playState === 'finished'))
    },
  },
  { name: 'task', path: task, who: full },
  {
    name: 'task changed elsewhere',
    path: task,
    who: full,
    async act (page) {
      await page.getByRole('textbox', { name: 'Description' }).fill('Mine')
      await full.get(task)
      const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await full.get(task)).text) ?? []
      await full.post(task, { intent: 'save', edition: edition.replaceAll('&quot;', '"'), title: 'Short', description: `Theirs ${Math.random()}` })
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('changed elsewhere').waitFor()
    },
  },
  { name: 'sign out', path: '/logout', who: full },
  { name: 'nothing there', path: '/nowhere', who: full },
]

async function openAs (who: Screen['who'], options: Parameters<typeof browser.newContext>[0]): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
  const session = who?.cookies.get(cookieName)
  if (session) await context.addCookies([{ name: cookieName, value: session, url: origin, httpOnly: true, sameSite: 'Lax' }])
  return context
}

interface Judge { same: (found: unknown, wanted: unknown, message: string) => unknown, ok: (value: unknown, message: string) => unknown }

async function judge (t: Judge, page: Page, colorScheme: 'light' | 'dark', when: string) {
  const axe = new AxeBuilder({ page })
  // Nothing but colours differs in the dark.
  const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze()
  t.same(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), [], `${when}: axe finds nothing`)
}

const sticksOut = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const devices = [
  { name: 'by touch', hasTouch: true, isMobile: true, viewports: [[360, 740], [768, 1024]], extremes: [[320, 568]] },
  { name: 'by mouse', hasTouch: false, isMobile: false, viewports: [[1440, 900]], extremes: [[2560, 1440], [3840, 2160]] },
] as const

for (const { name, path, who, act } of screens) {
  for (const { name: device, hasTouch, isMobile, viewports, extremes } of devices) {
    t.test(`${name}, ${device}`, async (t) => {
      const context = await openAs(who, { hasTouch, isMobile, viewport: { width: viewports[0][0], height: viewports[0][1] } })
      t.teardown(() => context.close())
      const page = await context.newPage()
      await page.goto(path)
      await act?.(page)
      for (const [width, height] of viewports) {
        await page.setViewportSize({ width, height })
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await judge(t, page, colorScheme, `${colorScheme}, ${width} wide`)
        }
        t.notOk(await sticksOut(page), `${width} wide: nothing sticks out to the side`)
        if (hasTouch) t.same(await tooSmall(page), [], `${width} wide: there is room for a finger`)
      }
      for (const [width, height] of extremes) {
        await page.setViewportSize({ width, height })
        t.notOk(await sticksOut(page), `${width} wide: nothing sticks out to the side`)
      }
    })
  }
}

const tooSmall = (page: Page) => page.evaluate(() => [...document.querySelectorAll('button, .button, input:not([type=hidden]), textarea, a.filter__choice')]
  .map((element) => ({ element, box: element.getBoundingClientRect() }))
  .filter(({ box }) => box.width > 1 && (box.width < 44 || box.height < 44))
  .map(({ element, box }) => `${box.width} by ${box.height}: ${element.outerHTML.slice(0, 120)}`))

t.test('a page costs less than 110 kB of script', async (t) => {
  for (const path of ['/', '/signup', '/dashboard', task]) {
    const context = await openAs(path === '/signup' ? undefined : full, {})
    const page = await context.newPage()
    const scripts: Request[] = []
    page.on('requestfinished', (request) => { if (request.url().endsWith('.js')) scripts.push(request) })
    await page.goto(path, { waitUntil: 'networkidle' })
    const sizes = await Promise.all(scripts.map((script) => script.sizes()))
    const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
    t.ok(bytes > 0 && bytes < 110_000, `${path}: ${bytes}`)
    await context.close()
  }
})

t.test('a part being away, light and dark', async (t) => {
  await children.tasks.stop()
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await openAs(full, { colorScheme, viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    t.equal((await page.goto('/dashboard'))?.status(), 503)
    await judge(t, page, colorScheme, colorScheme)
    t.notOk(await sticksOut(page))
    await context.close()
  }
  await restart('tasks')
})
