import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Teardown } from '@daymark/kit/test-database'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe']

/** A real Chromium: the machine's own if there is one, else the one that npm brought. It closes with the test file. */
export async function launchBrowser (t: Teardown): Promise<Browser> {
  const executablePath = installed.find((path) => existsSync(path)) ?? await unpackedChromium()
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  t.teardown(() => browser.close())
  return browser
}

interface Visitor { cookies: ReadonlyMap<string, string> }
interface Place { origin: string, cookieName: string }

/** A page of whoever has the session cookie, which nothing else shares; it waits long, for a machine that is busy. */
export async function pageOf (t: Teardown, browser: Browser, { cookies }: Visitor, { origin, cookieName }: Place, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: origin, ...options })
  t.teardown(() => context.close())
  await context.addCookies([{ name: cookieName, value: cookies.get(cookieName) ?? '', url: origin, httpOnly: true, sameSite: 'Lax' }])
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  return page
}

/** The same in a Chromium of its own. */
export const openPageOf = async (t: Teardown, visitor: Visitor, place: Place, options: BrowserContextOptions = {}): Promise<Page> =>
  await pageOf(t, await launchBrowser(t), visitor, place, options)

/**
 * Waits until the tasks listed are these, and gives those that are listed in the end; rows on their way in or out do not count. It asks from outside:
 * `waitForFunction` waits for a frame of the page to ask again, and a page without JavaScript has none.
 */
export async function listedTasks (page: Page, expected: readonly string[]): Promise<string[]> {
  const links = page.locator('.task:not(.task--pending):not([data-leaving]) .task__link')
  for (const deadline = Date.now() + 60_000; ;) {
    const titles = await links.allTextContents()
    if (isDeepStrictEqual(titles, expected) || Date.now() > deadline) return titles
    await sleep(50)
  }
}

async function unpackedChromium (): Promise<string> {
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs24.x' // or the package leaves out the libraries it brings
  const { default: packaged } = await import('@sparticuz/chromium')
  return await packaged.executablePath()
}
