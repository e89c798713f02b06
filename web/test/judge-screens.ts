import { AxeBuilder } from '@axe-core/playwright'
import type { Test } from 'tap'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

type Visit = Awaited<ReturnType<Awaited<ReturnType<typeof startWeb>>['signUp']>>
interface Screen { name: string, path: string, who?: Visit, act?: (page: Page) => Promise<unknown> }

export interface Device {
  name: string
  hasTouch: boolean
  /** Where every screen is judged, in light and dark. */
  viewports: Array<[width: number, height: number]>
  /** Where it only has to fit. */
  extremes: Array<[width: number, height: number]>
}

/** Shows every screen, in each of its states, on a device, and judges it: accessible, in bounds, with room for a finger. */
export async function judgeScreens (t: Test, { name: device, hasTouch, viewports, extremes }: Device) {
  t.setTimeout(1_800_000) // so many screens take a slow machine long, and none of them says by that that it is wrong
  const web = await startWeb(t)
  const { origin, signUp, signUpAdmin, cookieName, database } = web
  const browser = await launchBrowser(t)

  const empty = await signUp()
  const full = await signUp()
  const longWord = 'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(4)
  for (const title of ['Short', 'Read the chapter on transactions again, and take notes in the margin this time', longWord, '🌅 Walk', 'Finished']) await full.post('/dashboard', { intent: 'add', title })
  const idOf = async (title: string) => new RegExp(`/tasks/([\\w-]+)"[^>]*>${title}<`).exec((await full.get('/dashboard?show=all')).text)?.[1] ?? ''
  await full.post('/dashboard', { intent: 'add', title: longWord.slice(0, 190) })
  const discarded = await idOf(longWord.slice(0, 190))
  await full.post('/dashboard', { intent: 'delete', id: discarded })
  const elsewhere = visitor(origin)
  await elsewhere.get('/login')
  await elsewhere.post('/login', { email: full.email, password })
  const task = `/tasks/${await idOf('Short')}`
  await full.post('/dashboard', { intent: 'complete', id: await idOf('Finished'), completed: 'true' })

  const organised = await signUp()
  const made = async (kind: 'list' | 'label', name: string, colour: string) => {
    await organised.get(`/${kind}s`)
    await organised.post(`/${kind}s`, { intent: 'name', name, colour })
    return new RegExp(`Edit “${name}”"[^>]* href="/${kind}s/([\\w-]+)"`).exec((await organised.get(`/${kind}s`)).text)?.[1] ?? ''
  }
  const colours = ['grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink']
  for (const colour of colours) await made('list', `List of ${colour}`, colour)
  const longList = await made('list', longWord.slice(0, 100), 'teal')
  for (const colour of colours) await made('label', `Label ${colour}`, colour)
  const longLabel = await made('label', longWord.slice(0, 60), 'pink')
  await organised.post(`/dashboard?list=${longList}&label=${longLabel}`, { intent: 'add', title: longWord })
  await organised.post(`/dashboard?list=${longList}&due=today`, { intent: 'add', title: 'اشتري الحليب' })

  const [, organisedTask = ''] = /href="(\/tasks\/[\w-]+)"/.exec((await organised.get(`/dashboard?label=${longLabel}`)).text) ?? []

  const admin = await signUpAdmin()
  const [{ id: other } = { id: '' }] = await database.asSuperuser<{ id: string }>('SELECT id FROM auth.users WHERE email = $1', [empty.email])
  await database.asSuperuser("UPDATE auth.users SET display_name = $1, status = 'disabled' WHERE email = $2", [longWord.slice(0, 100), (await signUp()).email])

  const makeLogInOld = ({ email }: Visit) =>
    database.asSuperuser("UPDATE auth.sessions SET authenticated_at = authenticated_at - interval '11 minutes' WHERE user_id = (SELECT id FROM auth.users WHERE email = $1)", [email])

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
    ...[['weak', 'butterflies', 'Too easy to guess'], ['strong', password, 'Very hard to guess']].map(([how, secret = '', said = '']): Screen => ({
      name: `sign-up with a ${how} password`,
      path: '/signup',
      async act (page) {
        await page.getByLabel('Password', { exact: true }).fill(secret)
        await page.getByText(said).waitFor()
      },
    })),
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
    { name: 'search', path: '/dashboard?show=all&q=read+notes', who: full },
    { name: 'search that finds nothing', path: `/dashboard?q=${longWord}`, who: full },
    { name: 'search that cannot be', path: '/dashboard?q=%3F%21', who: full },
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
    {
      name: 'list with something that was taken back',
      path: '/dashboard',
      who: full,
      async act (page) {
        await page.getByRole('button', { name: `Complete “${longWord}”` }).click()
        await page.getByRole('button', { name: 'Undo' }).click()
        await page.getByRole('button', { name: 'Redo' }).waitFor()
      },
    },
    {
      name: 'list with something that cannot be taken back',
      path: '/dashboard',
      who: full,
      async act (page) {
        await page.getByRole('button', { name: 'Complete “🌅 Walk”' }).click()
        await page.getByRole('button', { name: 'Undo' }).waitFor()
        await full.post('/dashboard', { intent: 'complete', id: await idOf('🌅 Walk'), completed: 'false' })
        await page.getByRole('button', { name: 'Undo' }).click()
        await page.getByText('Take that back first').waitFor()
      },
    },
    { name: 'list to choose from', path: '/dashboard?show=all&choose=all', who: full },
    {
      name: 'list to choose from, with nothing chosen',
      path: '/dashboard?show=all&choose=some',
      who: full,
      async act (page) {
        await page.getByRole('button', { name: 'Complete' }).click()
        await page.getByText('Choose at least one').waitFor()
      },
    },
    {
      name: 'list with a menu to move a task',
      path: '/dashboard',
      who: full,
      act: (page) => page.locator('.task__move').first().press('Enter'),
    },
    {
      name: 'list with a menu of orders',
      path: '/dashboard?show=all&sort=updated',
      who: full,
      act: (page) => page.locator('.sort summary').press('Enter'),
    },
    { name: 'nothing to take back', path: '/undo', who: full },
    { name: 'lists and labels unfolded', path: '/dashboard', who: organised, act: (page) => page.getByText('Lists and labels').dispatchEvent('click') },
    { name: 'a list', path: `/dashboard?list=${longList}`, who: organised },
    { name: 'a label', path: `/dashboard?label=${longLabel}&show=all`, who: organised },
    { name: 'due today', path: '/dashboard?due=today', who: organised },
    { name: 'a list that is gone', path: `/dashboard?list=${longLabel}`, who: organised },
    { name: 'lists', path: '/lists', who: organised },
    { name: 'labels', path: '/labels', who: organised },
    { name: 'no labels', path: '/labels', who: empty },
    { name: 'a label to be changed', path: `/labels/${longLabel}`, who: organised },
    {
      name: 'a list to be changed, with a name that cannot be',
      path: `/lists/${longList}`,
      who: organised,
      async act (page) {
        await page.getByLabel('Name').fill('x'.repeat(101))
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByText('it has 101').waitFor()
      },
    },
    {
      name: 'a list changed elsewhere',
      path: `/lists/${longList}`,
      who: organised,
      async act (page) {
        await page.getByLabel('Name').fill('Mine')
        const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await organised.get(`/lists/${longList}`)).text) ?? []
        await organised.post(`/lists/${longList}`, { intent: 'name', edition: edition.replaceAll('&quot;', '"'), name: `${longWord.slice(0, 70)} ${Math.random()}`, colour: 'blue' })
        await page.getByRole('button', { name: 'Save' }).click()
        await page.getByText('changed elsewhere').waitFor()
      },
    },
    { name: 'delete a list', path: `/lists/${longList}/delete`, who: organised },
    { name: 'delete a label', path: `/labels/${longLabel}/delete`, who: organised },
    { name: 'task', path: task, who: full },
    {
      name: 'task with labels, and details that cannot be',
      path: organisedTask,
      who: organised,
      async act (page) {
        await page.getByLabel('At', { exact: true }).fill('09:30')
        await page.getByLabel('Due on').fill('')
        await page.getByRole('button', { name: 'Set details' }).click()
        await page.getByText('Choose the day as well').waitFor()
      },
    },
    {
      name: 'task with details changed elsewhere',
      path: organisedTask,
      who: organised,
      async act (page) {
        const [, edition = ''] = /name="details_edition"[^>]* value="([^"]+)"/.exec((await organised.get(organisedTask)).text) ?? []
        await page.getByLabel('Due on').fill('2031-02-03')
        await organised.post(organisedTask, { intent: 'details', details_edition: edition.replaceAll('&quot;', '"'), priority: 'low', due_date: `2030-01-${Math.floor(Math.random() * 18) + 10}`, start_date: '' })
        await page.getByRole('button', { name: 'Set details' }).click()
        await page.getByText('changed elsewhere').waitFor()
      },
    },
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
    { name: 'settings', path: '/settings', who: full },
    {
      name: 'settings with a profile that cannot be',
      path: '/settings',
      who: full,
      async act (page) {
        await page.getByRole('button', { name: 'Show password' }).first().waitFor() // before it is awake the browser's own words tell of a mistake
        await page.getByLabel('Your name').fill('x'.repeat(101))
        await page.getByRole('button', { name: 'Save profile' }).click()
        await page.getByText('it has 101').waitFor()
      },
    },
    {
      name: 'settings with a profile changed elsewhere',
      path: '/settings',
      who: full,
      async act (page) {
        await page.getByLabel('Your name').fill(longWord.slice(0, 100))
        await page.getByLabel('Time zone').selectOption('America/North_Dakota/New_Salem')
        const [, edition = ''] = /name="edition"[^>]* value="([^"]+)"/.exec((await full.get('/settings')).text) ?? []
        await full.post('/settings', { intent: 'save-profile', edition: edition.replaceAll('&quot;', '"'), display_name: `Ada ${Math.random()}`, time_zone: '' })
        await page.getByRole('button', { name: 'Save profile' }).click()
        await page.getByText('changed elsewhere').waitFor()
      },
    },
    {
      name: 'settings with a wrong password',
      path: '/settings',
      who: empty,
      async act (page) {
        await page.getByLabel('Current password', { exact: true }).fill('not the password')
        await page.getByLabel('New password', { exact: true }).fill(password)
        await page.getByRole('button', { name: 'Change password' }).click()
        await page.getByText('not your current password').waitFor()
      },
    },
    {
      name: 'settings that need the password once more',
      path: '/settings',
      who: empty,
      async act (page) {
        await makeLogInOld(empty)
        await page.getByLabel('New address').fill('ada@example.com')
        await page.getByRole('button', { name: 'Change address' }).click()
        await page.getByLabel('Your password', { exact: true }).waitFor()
      },
    },
    {
      name: 'history',
      path: `${task}/history`,
      who: full,
      act: (page) => page.locator('.change').first().waitFor(),
    },
    { name: 'history of what is in the trash', path: `/tasks/${discarded}/history`, who: full },
    { name: 'trash', path: '/trash', who: full },
    { name: 'trash to choose from', path: '/trash?choose=all', who: full },
    {
      name: 'trash to choose from, with nothing chosen',
      path: '/trash?choose=some',
      who: full,
      async act (page) {
        await page.getByRole('button', { name: 'Bring back' }).click()
        await page.getByText('Choose at least one').waitFor()
      },
    },
    { name: 'trash that is empty', path: '/trash', who: empty },
    { name: 'empty the trash', path: '/trash/empty', who: full },
    { name: 'delete for good', path: `/trash/${discarded}/delete`, who: full },
    { name: 'export', path: '/settings/export', who: full },
    { name: 'export while a service is away', path: '/settings/export?problem=away', who: full },
    { name: 'import', path: '/settings/import', who: full },
    {
      name: 'import of a file that cannot be',
      path: '/settings/import',
      who: full,
      async act (page) {
        await page.getByLabel('File').setInputFiles({ name: 'tasks.json', mimeType: 'application/json', buffer: Buffer.from('{') })
        await page.getByRole('button', { name: 'Read the file' }).click()
        await page.getByText('cannot be read as JSON').waitFor()
      },
    },
    {
      name: 'import, and what it would bring',
      path: '/settings/import',
      who: full,
      async act (page) {
        const rows = ['TYPE,CONTENT,PRIORITY,DATE', 'section,Garden,,', `task,${longWord.slice(0, 60)} @home,1,every day`, 'task,Water the plants,9,', 'task,,1,', 'note,Alone,,']
        await page.getByLabel('File').setInputFiles({ name: 'Garden.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) })
        await page.getByRole('button', { name: 'Read the file' }).click()
        await page.getByRole('heading', { name: 'What the file would bring' }).waitFor()
      },
    },
    { name: 'delete account', path: '/settings/delete', who: full },
    {
      name: 'delete account with another address',
      path: '/settings/delete',
      who: full,
      async act (page) {
        await page.getByLabel('Your e-mail address').fill('ada@example.com')
        await page.getByRole('button', { name: 'Delete for good' }).click()
        await page.getByText('not the address of this account').waitFor()
      },
    },
    { name: 'goodbye', path: '/goodbye' },
    { name: 'confirm password', path: '/confirm', who: full },
    {
      name: 'confirm password refused',
      path: '/confirm',
      who: empty,
      async act (page) {
        await page.getByLabel('Your password', { exact: true }).fill('not the password')
        await page.getByRole('button', { name: 'Go on' }).click()
        await page.getByText('That is not your password').waitFor()
      },
    },
    { name: 'forgot password', path: '/forgot-password' },
    { name: 'mail on its way', path: '/forgot-password?sent=true' },
    { name: 'reset password', path: '/reset-password?token=x' },
    { name: 'confirm address', path: '/verify-email?token=x' },
    { name: 'use another address', path: '/change-email?token=x' },
    { name: 'take the account back', path: '/take-back?token=x' },
    { name: 'dead link', path: '/verify-email' },
    { name: 'accounts', path: '/admin', who: admin },
    { name: 'accounts, none found', path: '/admin?q=nobody-at-all', who: admin },
    { name: 'accounts, a search that cannot be', path: `/admin?q=${'x'.repeat(255)}`, who: admin },
    { name: 'an account', path: `/admin/users/${other}`, who: admin },
    {
      name: 'an account that was changed elsewhere',
      path: `/admin/users/${other}`,
      who: admin,
      async act (page) {
        await database.asSuperuser('UPDATE auth.users SET display_name = $1 WHERE id = $2', [`Ada ${Math.random()}`, other])
        await page.getByRole('button', { name: 'Disable account' }).click()
        await page.getByText('please decide again').waitFor()
      },
    },
    {
      name: 'the audit log, with details',
      path: '/admin/audit',
      who: admin,
      act: (page) => page.getByText('Details').first().click(),
    },
    { name: 'the audit log, nothing found', path: '/admin/audit?action=account.deleted&from=2020-01-01&to=2020-01-02', who: admin },
    { name: 'the audit log, a filter that cannot be', path: '/admin/audit?account=nobody@example.com&by=x', who: admin },
    { name: 'signing keys', path: '/admin/keys', who: admin },
    {
      name: 'an account that needs the password once more',
      path: `/admin/users/${other}`,
      who: admin,
      async act (page) {
        await makeLogInOld(admin)
        await page.getByRole('button', { name: 'Make administrator' }).click()
        await page.getByLabel('Your password', { exact: true }).waitFor()
      },
    },
    { name: 'sign out', path: '/logout', who: full },
    { name: 'nothing there', path: '/nowhere', who: full },
  ]

  async function openAs (who: Visit | undefined, options: BrowserContextOptions): Promise<BrowserContext> {
    const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
    const session = who?.cookies.get(cookieName)
    if (session) await context.addCookies([{ name: cookieName, value: session, url: origin, httpOnly: true, sameSite: 'Lax' }])
    return context
  }

  /** The screens take longer than an access token lives: a renewed session goes on to the next, which would otherwise use a refresh token twice. */
  async function carryOn (who: Visit, context: BrowserContext) {
    const session = (await context.cookies(origin)).find(({ name }) => name === cookieName)
    if (session) who.cookies.set(cookieName, decodeURIComponent(session.value))
  }

  for (const { name, path, who, act } of screens) {
    t.test(`${name}, ${device}`, async (t) => {
      const context = await openAs(who, { hasTouch, isMobile: hasTouch })
      t.teardown(() => context.close())
      const page = await context.newPage()
      await page.goto(path)
      await act?.(page)
      if (who) {
        t.not(new URL(page.url()).pathname, '/login', 'who is logged in is not asked to log in')
        await carryOn(who, context)
      }
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

  return { web, openAs, full, task }
}

interface Judge { same: (found: unknown, wanted: unknown, message: string) => unknown, ok: (value: unknown, message: string) => unknown }

/** Fails for whatever axe finds on the page. */
export async function judge (t: Judge, page: Page, colorScheme: 'light' | 'dark', when: string) {
  const axe = new AxeBuilder({ page })
  // Nothing but colours differs in the dark.
  const { violations } = await (colorScheme === 'light' ? axe : axe.withRules(['color-contrast'])).analyze()
  t.same(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), [], `${when}: axe finds nothing`)
}

/** True for a page that has to be scrolled sideways. */
export const sticksOut = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const tooSmall = (page: Page) => page.evaluate(() => [...document.querySelectorAll('button, .button, input:not([type=hidden]), textarea, select, summary, a.filter__choice, a.place')]
  // Who presses a label presses what it is the label of.
  .map((element) => ({ element, box: (element.matches('[type=radio], [type=checkbox]') ? element.closest('label') ?? element : element).getBoundingClientRect() }))
  .filter(({ box }) => box.width > 1 && (box.width < 44 || box.height < 44))
  .map(({ element, box }) => `${box.width} by ${box.height}: ${element.outerHTML.slice(0, 120)}`))
