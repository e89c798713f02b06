import t from 'tap'
import type { Request } from 'playwright-core'
import { judge, judgeScreens, sticksOut } from './judge-screens.ts'

const { web, openAs, full, task } = await judgeScreens(t, { name: 'by mouse', hasTouch: false, viewports: [[1440, 900]], extremes: [[2560, 1440], [3840, 2160]] })

t.test('a page costs less than 110 kB of script', async (t) => {
  for (const path of ['/', '/signup', '/dashboard', task]) {
    const context = await openAs(path === '/signup' ? undefined : full, {})
    const page = await context.newPage()
    const scripts: Request[] = []
    page.on('requestfinished', (request) => { if (request.url().endsWith('.js')) scripts.push(request) })
    // A page that shows tasks is never idle: it follows their changes when all of its script has come.
    const showsTasks = path === '/dashboard' || path === task
    await Promise.all([showsTasks && page.waitForResponse('**/events?*'), page.goto(path, { waitUntil: showsTasks ? 'load' : 'networkidle' })])
    const sizes = await Promise.all(scripts.map((script) => script.sizes()))
    const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0)
    t.ok(bytes > 0 && bytes < 110_000, `${path}: ${bytes}`)
    await context.close()
  }
})

t.test('a part being away, light and dark', async (t) => {
  await web.children.tasks.stop()
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await openAs(full, { colorScheme, viewport: { width: 360, height: 740 } })
    const page = await context.newPage()
    t.equal((await page.goto('/dashboard'))?.status(), 503)
    await judge(t, page, colorScheme, colorScheme)
    t.notOk(await sticksOut(page))
    await context.close()
  }
  await web.restart('tasks')
})
