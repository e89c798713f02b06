import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { password, startWeb } from './start-web.ts'
import { visitor } from './visitor.ts'

const { origin, signUp, cookieName, opened, sealed, database } = await startWeb(t, { settings: { auth: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '6' } } })
const authTime = (cookie: string | undefined) => JSON.parse(Buffer.from(opened(cookie)!.access_token.split('.')[1]!, 'base64url').toString()).auth_time as number

t.test('FR-129: the password is confirmed and the browser goes on to where it was led from', async (t) => {
  t.equal((await visitor(origin).get('/confirm?next=%2Fdashboard')).location, '/login?next=%2Fconfirm%3Fnext%3D%252Fdashboard')
  const ada = await signUp()
  const before = ada.cookies.get(cookieName)
  const { status, text, headers } = await ada.get('/confirm?next=%2Fdashboard%3Fshow%3Dall')
  t.equal(status, 200)
  t.equal(headers.get('cache-control'), 'no-store')
  t.match(text, /autoComplete="current-password"/i)
  t.equal(ada.cookies.get(cookieName), before, 'looking changes nothing')
  const formToken = ada.formToken()

  for (const [given, why, message] of [['not the password', 403, 'That is not your password.'], ['', 422, 'Write your password.']] as const) {
    const refused = await ada.post('/confirm?next=%2Fdashboard%3Fshow%3Dall', { confirm_password: given })
    t.equal(refused.status, why)
    t.match(refused.text, new RegExp(`id="confirm_password-error" role="alert">${message}`))
    t.match(refused.text, 'action="/confirm?next=%2Fdashboard%3Fshow%3Dall"')
    t.notMatch(refused.text, 'not the password')
  }
  const done = await ada.post('/confirm?next=%2Fdashboard%3Fshow%3Dall', { confirm_password: password })
  t.equal(done.status, 303)
  t.equal(done.location, '/dashboard?show=all')
  t.equal(opened(ada.cookies.get(cookieName))?.session_id, opened(before)?.session_id)
  t.ok(authTime(ada.cookies.get(cookieName)) >= authTime(before))
  t.equal((await ada.post('/dashboard', { intent: 'add', title: 'Typed before', form_token: formToken })).status, 303, 'a form that was open meanwhile is still good')
})

t.test('FR-129: a slow answer to another tab, with tokens of before, does not take the place of those of a step-up', async (t) => {
  const ada = await signUp()
  const contents = opened(ada.cookies.get(cookieName))
  const aboutToExpire = sealed({ ...contents!, expires_at: Date.now() + 1000 })
  const tab = visitor(origin)
  for (const { cookies } of [ada, tab]) cookies.set(cookieName, aboutToExpire)

  const letGo = await database.hold('LOCK TABLE tasks.tasks IN ACCESS EXCLUSIVE MODE')
  const slow = tab.get('/dashboard')
  while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tasks_service' AND wait_event_type = 'Lock'")).length === 0) await delay(5)
  await ada.get('/confirm')
  t.equal((await ada.post('/confirm', { confirm_password: password })).status, 303)
  await letGo()
  t.equal((await slow).status, 200)
  t.equal(tab.cookies.get(cookieName), aboutToExpire, 'it writes no cookie')
  t.equal((await ada.get('/settings')).status, 200)
  ada.cookies.set(cookieName, sealed({ ...opened(ada.cookies.get(cookieName))!, expires_at: Date.now() + 1000 }))
  t.equal((await ada.get('/settings')).status, 200, 'and the session goes on')
})

t.test('SEC-79: it leads nowhere else', async (t) => {
  const ada = await signUp()
  for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example']) {
    await ada.get(`/confirm?${new URLSearchParams({ next })}`)
    t.equal((await ada.post(`/confirm?${new URLSearchParams({ next })}`, { confirm_password: password })).location, '/settings')
  }
  t.equal((await ada.post('/confirm', { confirm_password: password }, { origin: 'https://evil.example' })).status, 403)
})

t.test('who guesses too often is told how long to wait', async (t) => {
  const ada = await signUp()
  await ada.get('/confirm')
  let answer = await ada.post('/confirm', { confirm_password: 'not the password' })
  for (let n = 0; n < 6 && answer.status === 403; n++) answer = await ada.post('/confirm', { confirm_password: 'not the password' })
  t.equal(answer.status, 429)
  t.match(answer.text, /Please wait (a minute|\d+ minutes) and try again\./)
  t.equal((await ada.get('/dashboard')).status, 200)
})
