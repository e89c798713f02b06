import t from 'tap'
import type { Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName, database } = await startWeb(t)

type Visit = Awaited<ReturnType<typeof signUp>>

/** What the form in the settings says which version it was made from. */
const editionIn = (text: string) => (/name="edition"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"')
const chosenIn = (text: string) => /<select[^>]*name="time_zone".*?<option value="([^"]*)" selected="">/.exec(text)?.[1]
const nameIn = (text: string) => /<input[^>]*id="display_name"[^>]*/.exec(text)?.[0].match(/ value="([^"]*)"/)?.[1]

/** Saves a profile as the form of the moment would; `changed` is what goes otherwise than it would. */
async function save (visit: Visit, changed: Record<string, string>) {
  const edition = editionIn((await visit.get('/settings')).text)
  return await visit.post('/settings', { intent: 'save-profile', edition, display_name: 'Ada', time_zone: '', ...changed })
}

/** The same person on another device. */
async function logIn (email: string) {
  const visit = visitor(origin)
  await visit.get('/login')
  t.equal((await visit.post('/login', { email, password })).status, 303)
  return Object.assign(visit, { email })
}

t.test('FR-153: name and time zone are saved, and either is taken away again', async (t) => {
  const ada = await signUp()
  const before = (await ada.get('/settings')).text
  t.equal(nameIn(before), 'Ada')
  t.equal(chosenIn(before), '', 'no zone until one is chosen')
  t.equal((await save(ada, { display_name: 'Ada Lovelace', time_zone: 'Europe/Berlin' })).location, '/settings')
  const { text } = await ada.get('/settings')
  t.match(text, 'Your profile is saved.')
  t.equal(nameIn(text), 'Ada Lovelace')
  t.equal(chosenIn(text), 'Europe/Berlin')
  t.match((await ada.get('/dashboard')).text, />Ada Lovelace</, 'the header knows the name at once')

  t.equal((await save(ada, { display_name: '', time_zone: '' })).status, 303)
  t.equal(chosenIn((await ada.get('/settings')).text), '')
  t.match((await ada.get('/dashboard')).text, `>${ada.email}<`, 'without a name it is the address')
})

t.test('FR-153: what is wrong is told at its field, and nothing that was typed is lost', async (t) => {
  const ada = await signUp()
  const tooLong = await save(ada, { display_name: 'x'.repeat(101), time_zone: 'Asia/Tokyo' })
  t.equal(tooLong.status, 422)
  t.match(tooLong.text, /id="display_name-error" role="alert">Keep the name to 100 characters; it has 101\./)
  t.equal(nameIn(tooLong.text), 'x'.repeat(101))
  t.equal(chosenIn(tooLong.text), 'Asia/Tokyo')

  for (const zone of ['Atlantis/Capital', 'not a zone', 'x'.repeat(65)]) {
    const unknown = await save(ada, { display_name: 'Ada King', time_zone: zone })
    t.equal(unknown.status, 422, zone)
    t.match(unknown.text, /id="time_zone-error" role="alert">Choose a time zone from the list\./)
    t.equal(nameIn(unknown.text), 'Ada King')
  }
  for (const foreign of [{ role: 'admin' }, { edition: '' }, { edition: 'made up' }] as Array<Record<string, string>>) t.equal((await save(ada, foreign)).status, 422)
  const { text } = await ada.get('/settings')
  t.equal(nameIn(text), 'Ada', 'none of it was saved')
  t.equal(chosenIn(text), '')
})

t.test('FR-153: an edit begun before another one is not saved over it unseen, and keeps what was typed', async (t) => {
  const ada = await signUp()
  const begun = editionIn((await ada.get('/settings')).text)
  t.equal((await save(ada, { display_name: 'Theirs', time_zone: 'America/New_York' })).status, 303)
  const stale = await ada.post('/settings', { intent: 'save-profile', edition: begun, display_name: 'Mine', time_zone: 'Asia/Tokyo' })
  t.equal(stale.status, 412)
  t.match(stale.text, 'Your profile was changed elsewhere while you edited it')
  t.match(stale.text, /Your name(<!-- -->)?, saved elsewhere<\/dt><dd>Theirs</)
  t.match(stale.text, /Time zone(<!-- -->)?, saved elsewhere<\/dt><dd>America\/New York</)
  t.equal(nameIn(stale.text), 'Mine')
  t.equal(chosenIn(stale.text), 'Asia/Tokyo')
  t.equal(nameIn((await ada.get('/settings')).text), 'Theirs', 'nothing is saved yet')

  t.equal((await ada.post('/settings', { intent: 'save-profile', edition: editionIn(stale.text), display_name: 'Mine', time_zone: 'Asia/Tokyo' })).status, 303, 'saving again is meant')
  t.equal(nameIn((await ada.get('/settings')).text), 'Mine')
})

t.test('FR-153: an address confirmed meanwhile is no conflict with the profile', async (t) => {
  const ada = await signUp()
  const { text } = await ada.get('/settings')
  await database.asSuperuser('UPDATE auth.users SET email_verified_at = now() WHERE email = $1', [ada.email])
  const now = (await ada.get('/settings')).text
  t.not(editionIn(now), editionIn(text), 'the version is another')
  t.equal((await ada.post('/settings', { intent: 'save-profile', edition: editionIn(text), display_name: 'Ada King', time_zone: '' })).status, 303)
  t.equal(nameIn((await ada.get('/settings')).text), 'Ada King')
})

/** Each time in a page: the instant, and how it is written. */
const timesIn = (text: string) => [...text.matchAll(/<time dateTime="(\d{4}-[^"]+Z)">(.*?)<\/time>/g)].map(([, instant = '', words = '']) => ({ instant, words: words.replaceAll('<!-- -->', '') }))
const inZone = (instant: string, timeZone: string) => new Date(instant).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone })

t.test('FR-154: without JavaScript times follow the zone of the account, on every device from its log-in on', async (t) => {
  const ada = await signUp()
  for (const { instant, words } of timesIn((await ada.get('/settings')).text)) t.equal(words, `${inZone(instant, 'UTC')} UTC`, 'without a zone in UTC, and saying so')
  await save(ada, { time_zone: 'Pacific/Kiritimati' })
  for (const visit of [ada, await logIn(ada.email)]) {
    const times = timesIn((await visit.get('/settings')).text)
    t.ok(times.length > 0)
    for (const { instant, words } of times) t.equal(words, inZone(instant, 'Pacific/Kiritimati'))
  }
})

const dayIn = (timeZone: string) => new Date().toLocaleDateString('sv-SE', { timeZone })

/** Adds a task and gives it the day on which it is due. */
async function addDue (visit: Visit, day: string) {
  await visit.post('/dashboard', { intent: 'add', title: 'Walk' })
  const path = /href="(\/tasks\/[\w-]+)"/.exec((await visit.get('/dashboard')).text)?.[1] ?? ''
  const edition = /name="details_edition"[^>]* value="([^"]+)"/.exec((await visit.get(path)).text)?.[1]?.replaceAll('&quot;', '"') ?? ''
  t.equal((await visit.post(path, { intent: 'details', details_edition: edition, priority: 'none', due_date: day, start_date: '' })).status, 303)
}

t.test('FR-154: without JavaScript "today" is the day it is in the zone of the account', async (t) => {
  // These two never share a day: they are 25 hours apart.
  const [early, late] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago']
  for (;;) {
    const ada = await signUp()
    const day = dayIn(late)
    await addDue(ada, day)
    await save(ada, { time_zone: early })
    const ofEarly = (await ada.get('/dashboard')).text
    await save(ada, { time_zone: late })
    const ofLate = (await ada.get('/dashboard')).text
    if (dayIn(late) !== day) continue // midnight came between
    t.match(ofEarly, /Overdue since (<!-- -->)?<time/)
    t.match(ofLate, /Due (<!-- -->)?<time dateTime="[\d-]+">today</)
    return
  }
})

const browser = await launchBrowser(t)

/** Opens the settings of somebody in a browser of their own. */
async function openSettings (visit: Visit, { javaScriptEnabled = true, timezoneId = 'Asia/Tokyo' }, { teardown }: { teardown: (end: () => unknown) => void }): Promise<Page> {
  const context = await browser.newContext({ baseURL: origin, javaScriptEnabled, timezoneId, reducedMotion: 'reduce' })
  teardown(() => context.close())
  await context.addCookies([{ name: cookieName, value: visit.cookies.get(cookieName) ?? '', url: origin, httpOnly: true, sameSite: 'Lax' }])
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto('/settings')
  return page
}

for (const javaScriptEnabled of [true, false]) {
  const withOrWithout = `in a browser, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`
  t.test(`FR-153, ${withOrWithout}: the profile is changed by keyboard alone`, async (t) => {
    t.setTimeout(300_000)
    const page = await openSettings(await signUp(), { javaScriptEnabled }, t)
    const name = page.getByLabel('Your name')
    await name.focus()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('Ada Lovelace')
    await page.keyboard.press('Tab')
    t.equal(await page.evaluate(() => document.activeElement?.id), 'time_zone', 'the zone comes next')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByText('Your profile is saved.').waitFor()
    t.equal(await name.inputValue(), 'Ada Lovelace')
    t.equal(await page.getByLabel('Time zone').inputValue(), 'UTC')
    await page.getByRole('banner').getByText('Ada Lovelace').waitFor()
  })

  t.test(`FR-153, ${withOrWithout}: a stale edit is told with both versions, and either can be taken`, async (t) => {
    t.setTimeout(300_000)
    const ada = await signUp()
    const page = await openSettings(ada, { javaScriptEnabled }, t)
    const elsewhere = await logIn(ada.email)
    await page.getByLabel('Your name').fill('Mine')
    await page.getByLabel('Time zone').selectOption('Europe/Berlin')
    await save(elsewhere, { display_name: 'Theirs' })
    await page.getByRole('button', { name: 'Save profile' }).click()
    await page.getByText('changed elsewhere while you edited it').waitFor()
    await page.waitForLoadState() // the note comes first, and the many zones behind it
    t.equal(await page.getByLabel('Your name').inputValue(), 'Mine')
    t.equal(await page.getByLabel('Time zone').inputValue(), 'Europe/Berlin')
    await page.getByRole('button', { name: 'Save mine over it' }).click()
    await page.getByText('Your profile is saved.').waitFor()
    t.equal(nameIn((await elsewhere.get('/settings')).text), 'Mine')

    await page.getByLabel('Your name').fill('Mine again')
    await save(elsewhere, { display_name: 'Theirs again' })
    await page.getByRole('button', { name: 'Save profile' }).click()
    await page.getByRole('link', { name: 'Take the other' }).click()
    await page.getByText('changed elsewhere').waitFor({ state: 'detached' })
    t.equal(await page.getByLabel('Your name').inputValue(), 'Theirs again')
  })
}

t.test('FR-153: the zone of the device is offered where another one is stored, and only there', async (t) => {
  t.setTimeout(300_000)
  const page = await openSettings(await signUp(), {}, t)
  const offer = page.getByRole('button', { name: 'Choose Asia/Tokyo' })
  await offer.press('Enter')
  t.equal(await page.getByLabel('Time zone').inputValue(), 'Asia/Tokyo')
  await page.getByRole('button', { name: 'Save profile' }).click()
  await page.getByText('Your profile is saved.').waitFor()
  await offer.waitFor({ state: 'detached' })
})

t.test('FR-154: with JavaScript times follow the zone of the account rather than that of the device', async (t) => {
  t.setTimeout(300_000)
  const ada = await signUp()
  await save(ada, { time_zone: 'Pacific/Kiritimati' })
  const page = await openSettings(ada, { timezoneId: 'Pacific/Pago_Pago' }, t)
  await page.getByRole('button', { name: 'Choose Pacific/Pago Pago' }).waitFor() // the page is awake
  const { words, wanted } = await page.locator('time').first().evaluate((time: HTMLTimeElement) => ({
    words: time.textContent,
    wanted: new Date(time.dateTime).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Pacific/Kiritimati' }),
  }))
  t.equal(words, wanted)
})
