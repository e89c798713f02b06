import t from 'tap'
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import { launchBrowser, listedTasks } from './browser.ts'
import { password, startWeb } from './start-web.ts'

const { origin, restart, children } = await startWeb(t)
const browser = await launchBrowser(t)

type Test = Pick<typeof t, 'same' | 'teardown' | 'comment'>

/** What each page has asked for and got, to be told where a list is not what it should be. */
const askedBy = new WeakMap<Page, string[]>()

/** A browser of its own; what its console complains of fails the test. */
async function open (t: Test, options: { javaScriptEnabled?: boolean } = {}) {
  const context = await browser.newContext({ baseURL: origin, ...options })
  t.teardown(() => context.close())
  const complaints: string[] = []
  context.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !/status of (4|5)\d\d/.test(message.text())) complaints.push(message.text()) })
  // React 18 now and then ends a render with #345, "this is a bug in React"; it renders again and the page is whole.
  context.on('weberror', (error) => { if (!/React error #345;/.test(String(error.error()))) complaints.push(String(error.error())) })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const asked: string[] = []
  page.on('request', (request) => { if (!request.url().includes('/assets/')) asked.push(`${Math.round(performance.now())} ms: ${request.method()} ${request.url()}`) })
  page.on('response', async (response) => { if (response.url().endsWith('.data')) asked.push(`${Math.round(performance.now())} ms: ${response.status()} of ${response.url()}, ${await response.text().then((text) => /"Two[^"]*"/.exec(text)?.[0] ?? 'no Two', String)}`) })
  askedBy.set(page, asked)
  return { page, context, complaints }
}

async function signUp (page: Page, email = `${randomUUID()}@example.com`) {
  await page.goto('/signup')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL('**/dashboard')
  return email
}

async function add (page: Page, title: string) {
  await page.getByLabel('New task').fill(title)
  await page.getByRole('button', { name: 'Add' }).click()
  await page.locator('.task:not(.task--pending)').getByText(title, { exact: true }).waitFor()
}

/** Waits until the list is what it should be, then says so. */
async function listIs (t: Test, page: Page, expected: string[]) {
  const shown = await listedTasks(page, expected)
  if (!isDeepStrictEqual(shown, expected)) for (const line of askedBy.get(page)?.slice(-30) ?? []) t.comment(line)
  t.same(shown, expected)
}

for (const javaScriptEnabled of [true, false]) {
  t.test(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: from signing up to signing in again, and everything is there`, async (t) => {
    const { page, complaints } = await open(t, { javaScriptEnabled })
    await page.goto('/')
    await page.getByRole('link', { name: 'Create your account' }).click()
    const email = await signUp(page)
    await page.getByText('A clear day').waitFor()

    for (const title of ['One', 'Two', 'Three']) await add(page, title)
    await listIs(t, page, ['Three', 'Two', 'One'])

    await page.getByRole('button', { name: 'Complete “One”' }).click()
    await listIs(t, page, ['Three', 'Two'])
    await page.getByRole('link', { name: 'Done' }).click()
    await listIs(t, page, ['One'])
    await page.getByRole('link', { name: 'Open', exact: true }).click()

    await page.getByRole('link', { name: 'Two' }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Two, and a half')
    await page.getByRole('textbox', { name: 'Description' }).fill('First line\nSecond line')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'First line\nSecond line')
    await page.getByRole('link', { name: 'Tasks', exact: true }).click()
    await listIs(t, page, ['Three', 'Two, and a half'])

    const row = page.locator('.task', { hasText: 'Three' })
    await row.hover()
    await row.getByRole('button', { name: 'Delete “Three”' }).click()
    await page.getByText('Deleted “Three”').waitFor()
    await listIs(t, page, ['Two, and a half'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await listIs(t, page, ['Three', 'Two, and a half'])

    await row.hover()
    await row.getByRole('button', { name: 'Delete “Three”' }).click()
    await page.getByText('Deleted “Three”').waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${origin}/`)
    await page.goto('/dashboard')
    t.match(page.url(), '/login?next=%2Fdashboard')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL('**/dashboard')
    await listIs(t, page, ['Two, and a half'])
    await page.getByRole('link', { name: 'All', exact: true }).click()
    await listIs(t, page, ['Two, and a half', 'One'])
    t.equal(await page.getByRole('button', { name: 'Reopen “One”' }).count(), 1, 'done is still done')
    await page.getByRole('link', { name: 'Two, and a half' }).click()
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'First line\nSecond line')
    t.same(complaints, [])
  })

  t.test(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: two tabs edit one task, and neither loses a word`, async (t) => {
    const { page, context } = await open(t, { javaScriptEnabled })
    await signUp(page)
    await add(page, 'Ours')
    await page.getByRole('link', { name: 'Ours' }).click()
    await page.getByRole('textbox', { name: 'Title' }).waitFor()
    const other = await context.newPage()
    await other.goto(page.url())

    const write = async (tab: Page, title: string, description: string) => {
      await tab.getByRole('textbox', { name: 'Title' }).fill(title)
      await tab.getByRole('textbox', { name: 'Description' }).fill(description)
    }
    const save = async (tab: Page, title: string, description: string) => {
      await write(tab, title, description)
      await tab.getByRole('button', { name: 'Save' }).click()
    }
    await write(page, 'Ours', 'Written here') // first: a page in which nothing is begun shows what is changed elsewhere
    await save(other, 'Ours', 'Written there')
    await other.getByText('Saved', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()

    const note = page.getByRole('alert').filter({ hasText: 'changed elsewhere' })
    await note.waitFor()
    t.match(await note.textContent(), 'Written there')
    t.match(await note.textContent(), 'Written here')
    t.notMatch(await note.textContent(), /Title, yours/, 'only what differs is shown')
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'Written here', 'what was typed is still there')
    if (javaScriptEnabled) t.ok(await note.evaluate((element) => element === document.activeElement), 'the focus is on the note')

    await page.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await other.reload()
    t.equal(await other.getByRole('textbox', { name: 'Description' }).inputValue(), 'Written here')

    await write(other, 'Ours, by another name', 'Written here')
    await save(page, 'Ours, renamed', 'Written here')
    await page.getByRole('heading', { name: 'Edit “Ours, renamed”' }).waitFor() // “Saved” is still said of the time before
    await other.getByRole('button', { name: 'Save' }).click()
    await other.getByRole('link', { name: 'Take the other' }).click()
    await other.getByRole('button', { name: 'Save', exact: true }).waitFor()
    t.equal(await other.getByRole('textbox', { name: 'Title' }).inputValue(), 'Ours, renamed')
  })

  t.test(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: a form says at the field what is wrong, and keeps the rest`, async (t) => {
    const { page } = await open(t, { javaScriptEnabled })
    const email = await signUp(page)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${origin}/`)
    await page.goto('/signup')
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Create account' }).click()
    const error = page.locator('#email-error')
    await error.waitFor()
    t.match(await error.textContent(), 'There is already an account with this address.')
    t.equal(await error.getAttribute('role'), 'alert')
    t.equal(await page.getByLabel('E-mail address').getAttribute('aria-invalid'), 'true')
    t.match(await page.getByLabel('E-mail address').getAttribute('aria-describedby'), 'email-error')
    t.equal(await page.getByLabel('E-mail address').inputValue(), email)
    t.equal(await page.getByLabel('Your name').inputValue(), 'Ada')
    if (javaScriptEnabled) t.ok(await page.getByLabel('E-mail address').evaluate((field) => field === document.activeElement))
    else t.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '', 'the password is not sent back')
    await error.getByRole('link', { name: 'Log in instead' }).click()
    await page.waitForURL('**/login')

    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('something else')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('do not match').waitFor()
    t.equal(await page.getByLabel('E-mail address').inputValue(), email)
  })

  t.test(`SEC-78, with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: titles and descriptions are text, whatever they look like`, async (t) => {
    const corpus = [
      '<script>document.title="hit"</script>', '"><img src=x onerror=document.title="hit">', '</title><script>document.title="hit"</script>', "';document.title='hit';//",
      '</textarea><svg onload=document.title="hit">', '<iframe srcdoc="<script>parent.document.title=1</script>">', 'javascript:document.title="hit"', '{{constructor.constructor("alert(1)")()}}',
      '</script><script>document.title="hit"</script>', '<!--<script>', ']]><script>document.title="hit"</script>', '\u2028\u2029$' + '{document.title="hit"}', '&lt;b&gt;&amp;', '<a href="javascript:alert(1)">x</a>',
    ]
    const { page, complaints } = await open(t, { javaScriptEnabled })
    await signUp(page)
    for (const text of corpus) await add(page, text)
    await listIs(t, page, corpus.toReversed())
    t.equal(await page.title(), 'Tasks · Daymark')

    await page.getByRole('link', { name: corpus[2]!, exact: true }).click()
    await page.getByRole('textbox', { name: 'Title' }).waitFor()
    t.equal(await page.title(), `${corpus[2]} · Daymark`)
    await page.getByRole('textbox', { name: 'Description' }).fill(corpus.join('\n'))
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    t.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), corpus[2])
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), corpus.join('\n'))
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByText(`Deleted “${corpus[2]}”`).waitFor()
    t.equal(await page.title(), 'Tasks · Daymark')
    t.same(complaints, [])
  })
}

t.test('by keyboard alone: sign up, add, complete, edit, delete, undo, sign out', async (t) => {
  const { page, complaints } = await open(t)
  const focused = () => page.evaluate(() => {
    const element = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLLabelElement> }
    return element.getAttribute('aria-label') ?? element.labels?.[0]?.firstChild?.textContent ?? element.textContent?.trim() ?? ''
  })
  /** Tabs on until something of that name has the focus. */
  const tabTo = async (name: string | RegExp, key = 'Tab') => {
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press(key)
      const now = await focused()
      if (typeof name === 'string' ? now === name : name.test(now)) return
    }
    throw new Error(`The focus never came to ${name}; it is on ${await focused()}`)
  }
  await page.goto('/')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'Skip to the content')
  await tabTo('Create your account')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/signup')
  await page.getByLabel('E-mail address').waitFor()
  await tabTo('E-mail address')
  await page.keyboard.type('keyboard@example.com')
  await tabTo('Password')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/dashboard')
  await page.getByLabel('New task').waitFor()
  await tabTo('New task')
  for (const title of ['First', 'Second', 'Third']) {
    await page.keyboard.type(title)
    await page.keyboard.press('Enter')
  }
  t.equal(await focused(), 'New task', 'the line is ready for the next')
  await listIs(t, page, ['Third', 'Second', 'First'])

  await tabTo('Complete “Second”')
  await page.keyboard.press('Space')
  await listIs(t, page, ['Third', 'First'])
  t.equal(await focused(), 'First', 'the focus went on to the next task')

  await tabTo('Delete “First”')
  await page.keyboard.press('Enter')
  await page.getByText('Deleted “First”').waitFor()
  await listIs(t, page, ['Third'])
  t.equal(await focused(), 'Third')
  await tabTo('Undo', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await listIs(t, page, ['Third', 'First'])

  await tabTo('Third')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Title' }).waitFor()
  await tabTo('Title')
  await page.keyboard.press('End')
  await page.keyboard.type(', edited')
  await page.keyboard.press('Enter')
  await page.getByText('Saved', { exact: true }).waitFor()
  await tabTo('Tasks', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/dashboard')
  await listIs(t, page, ['Third, edited', 'First'])
  await tabTo('Sign out', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin}/`)
  t.same(complaints, [])
})

t.test('many tasks written in one breath all arrive, in their order', async (t) => {
  const { page } = await open(t)
  await signUp(page)
  const written = Array.from({ length: 12 }, (_, n) => `Breath ${n}`)
  await page.getByLabel('New task').focus()
  for (const title of written) {
    await page.keyboard.type(title)
    await page.keyboard.press('Enter')
  }
  await listIs(t, page, written.toReversed())
})

t.test('a form checks itself: when a field is left, while it is put right, and as a whole', async (t) => {
  const { page } = await open(t)
  await page.goto('/signup')
  await page.getByRole('button', { name: 'Show password' }).waitFor()
  await page.getByLabel('E-mail address').fill('ada@')
  await page.getByLabel('Your name').focus()
  await page.locator('#email-error').waitFor()
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.locator('#email-error').waitFor({ state: 'detached' })

  await page.getByLabel('E-mail address').fill('')
  await page.getByLabel('Password', { exact: true }).fill('🌅🌅🌅🌅🌅🌅🌅')
  await page.getByRole('button', { name: 'Create account' }).click()
  const summary = page.getByRole('alert').filter({ hasText: 'These need another look' })
  await summary.waitFor()
  t.ok(await summary.evaluate((element) => element === document.activeElement), 'the focus is on the summary')
  t.match(await page.locator('#password-error').textContent(), 'Use at least 8 characters', 'seven characters, though fourteen UTF-16 units')
  t.match(page.url(), '/signup')
  await summary.getByRole('link', { name: 'Password' }).click()
  t.ok(await page.getByLabel('Password', { exact: true }).evaluate((field) => field === document.activeElement))

  await page.getByRole('button', { name: 'Show password' }).click()
  t.equal(await page.getByLabel('Password', { exact: true }).getAttribute('type'), 'text')
  await page.getByLabel('Password', { exact: true }).fill('🌅🌅🌅🌅🌅🌅🌅🌅')
  await page.locator('#password-error').waitFor({ state: 'detached' })
})

t.test('a title of 200 emoji is saved whole, one of 201 is told', async (t) => {
  const { page } = await open(t)
  await signUp(page)
  await add(page, '🌅'.repeat(200))
  await page.getByLabel('New task').fill('🌅'.repeat(201))
  await page.getByText('it has 201').waitFor()
  await listIs(t, page, ['🌅'.repeat(200)])
})

t.test('FR-052: a title written before the page has woken is judged when it wakes', async (t) => {
  const { page } = await open(t)
  await signUp(page)
  const scripts = Promise.withResolvers<void>()
  await page.route('**/*.js', async (route) => {
    await scripts.promise
    await route.continue()
  })
  await page.goto('/dashboard', { waitUntil: 'commit' })
  await page.getByLabel('New task').fill('x'.repeat(201))
  t.equal(await page.getByText('it has 201').count(), 0)
  scripts.resolve()
  await page.getByText('it has 201').waitFor()
})

for (const javaScriptEnabled of [true, false]) {
  t.test(`with JavaScript ${javaScriptEnabled ? 'on' : 'off'}: completing a task, here or elsewhere, is no conflict with editing its text`, async (t) => {
    const { page, context } = await open(t, { javaScriptEnabled })
    await signUp(page)
    await add(page, 'Draft')
    const other = await context.newPage()
    await other.goto('/dashboard')
    await page.getByRole('link', { name: 'Draft' }).click()
    await page.getByRole('textbox', { name: 'Description' }).fill('Half a thought')
    await other.getByRole('button', { name: 'Complete “Draft”' }).click()
    await listIs(t, other, [])
    if (javaScriptEnabled) {
      await page.getByRole('button', { name: 'Complete' }).click()
      await page.getByRole('button', { name: 'Reopen' }).waitFor()
      t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'Half a thought')
    }
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.reload()
    t.equal(await page.getByRole('textbox', { name: 'Description' }).inputValue(), 'Half a thought')
    t.ok(await page.getByRole('button', { name: 'Reopen' }).isVisible())
  })
}

t.test('while the tasks service is away the page says so, keeps what is typed, and is well when it is back', async (t) => {
  const { page } = await open(t)
  await signUp(page)
  await add(page, 'Before')
  await children.tasks.stop()
  await page.getByLabel('New task').fill('During')
  await page.keyboard.press('Enter')
  await page.getByText('a part of it is away').waitFor()
  t.equal(await page.getByLabel('New task').inputValue(), 'During', 'what could not be added is back in its line')
  await page.getByRole('button', { name: 'Complete “Before”' }).click()
  await page.getByRole('alert').filter({ hasText: 'a part of it is away' }).first().waitFor()
  await listIs(t, page, ['Before'])
  await page.reload()
  await page.getByText('Daymark is catching its breath').waitFor()
  t.ok(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'nobody was signed out')
  await restart('tasks')
  await page.getByRole('link', { name: 'Try again' }).click()
  await listIs(t, page, ['Before'])
})
