import t from 'tap'
import fc from 'fast-check'
import type { SignedIn } from '../contracts.ts'
import { requireLiveSession } from '../src/sessions/live-session.ts'
import { requireRecentLogIn } from '../src/sessions/require-recent-log-in.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000' } })
const { app, call, signUp, bearer, refresh, pool, database } = auth
app.register(async (scope) => {
  await scope.register(requireLiveSession, { pool })
  scope.get('/guarded', { onRequest: requireRecentLogIn }, async () => ({ done: true }))
})

const stepUp = (who: SignedIn, secret = password) => call('POST', '/auth/step-up', { password: secret }, bearer(who))
const guarded = async (who: SignedIn) => (await call('GET', '/guarded', undefined, bearer(who))).statusCode
const sessionOf = async ({ session_id: id }: SignedIn) => (await database.asSuperuser('SELECT * FROM auth.sessions WHERE id = $1', [id]))[0]!
const logIn = async (email: string) => (await call('POST', '/auth/login', { email, password })).json<SignedIn>()
const claimsOf = ({ access_token: token }: SignedIn) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
const generationOf = ({ refresh_token: token }: SignedIn) => Number(token.split('.')[2])
const problem = (slug: string) => ({ type: `/problems/${slug}` })

/** Puts the log-in into the past; gives a token that says so, as a refresh would have brought by now. */
async function ago ({ session_id: id, refresh_token: token }: SignedIn, interval: string): Promise<SignedIn> {
  await database.asSuperuser('UPDATE auth.sessions SET authenticated_at = authenticated_at - $2::interval WHERE id = $1', [id, interval])
  return (await refresh(token)).json()
}

t.test('FR-128, SEC-14: what needs a log-in of the last ten minutes is refused after them, with the remedy', async (t) => {
  const ada = await signUp()
  t.equal(await guarded(ada), 200, 'who has just signed up has named the password')
  t.equal(await guarded(await ago(ada, '9 minutes 50 seconds')), 200)
  const late = await ago((await logIn(ada.user.email)), '10 minutes 1 second')
  const refused = await call('GET', '/guarded', undefined, bearer(late))
  t.match(refused.json(), { status: 403, ...problem('step-up-needed'), detail: /POST \/auth\/step-up/ })
  t.equal((await call('GET', '/auth/me', undefined, bearer(late))).statusCode, 200, 'all else goes on')
  t.equal((await call('GET', '/guarded')).statusCode, 401)
})

t.test('FR-127: the password makes the log-in recent again, in the same session', async (t) => {
  const old = await ago(await signUp(), '3 days')
  const response = await stepUp(old)
  t.equal(response.statusCode, 200)
  const fresh = response.json<SignedIn>()
  t.same([fresh.user, fresh.session_id], [old.user, old.session_id])
  t.ok(claimsOf(fresh).auth_time - claimsOf(old).auth_time >= 3 * 24 * 3600)
  t.equal(generationOf(fresh), generationOf(old) + 1)
  t.equal(await guarded(fresh), 200)
  const next = (await refresh(fresh.refresh_token)).json<SignedIn>()
  t.equal(claimsOf(next).auth_time, claimsOf(fresh).auth_time, 'a refresh is no log-in')
  t.equal(await guarded(next), 200)
  t.same((await sessionOf(old))['absolute_expires_at'] > (await sessionOf(old))['authenticated_at'], true)
})

t.test('SEC-39: no token of before shares what a step-up allows, and none makes another', async (t) => {
  const first = await ago(await signUp(), '1 hour')
  const second = (await refresh(first.refresh_token)).json<SignedIn>()
  const { sealed_token_key: before, absolute_expires_at: end } = await sessionOf(first)
  const fresh = (await stepUp(second)).json<SignedIn>()
  const row = await sessionOf(first)
  t.not(row['sealed_token_key'], before)
  t.same(row['absolute_expires_at'], end, 'SEC-46: the session lasts no longer for it')
  for (const planted of [first, second]) {
    t.equal(await guarded(planted), 403, 'an access token of before is as old as it was')
    const answer = await refresh(planted.refresh_token)
    t.match(answer.json(), { status: 401, ...problem('session-renewed') })
  }
  t.same(await sessionOf(first), row, 'it is no theft either: nothing has changed')
  t.equal(await guarded(fresh), 200)
  t.equal((await refresh(fresh.refresh_token)).statusCode, 200)
  await call('POST', '/auth/logout', { refresh_token: fresh.refresh_token })
  t.match((await refresh(second.refresh_token)).json(), problem('session-ended'), 'once it is over it is over for all')
})

t.test('FR-127: a wrong password is refused at its field and changes nothing', async (t) => {
  const ada = await signUp()
  const before = await sessionOf(ada)
  const wrong = await stepUp(ada, 'not the password')
  t.match(wrong.json(), { status: 403, ...problem('wrong-password'), errors: [{ pointer: '/password', code: 'wrong' }] })
  t.same(await sessionOf(ada), { ...before, confirmed_at: (await sessionOf(ada))['confirmed_at'] })
  for (const [payload, pointer, code] of [
    [{}, '/password', 'required'], [{ password: '' }, '/password', 'too_short'], [{ password: ['x'] }, '/password', 'wrong_type'],
    [{ password, email: 'x@example.com' }, '/email', 'unknown_field'],
  ] as const) t.match((await call('POST', '/auth/step-up', payload, bearer(ada))).json(), { status: 400, errors: [{ pointer, code }] })
  t.equal((await call('POST', '/auth/step-up', { password })).statusCode, 401, 'nobody steps up without a session')
  const bob = await signUp()
  t.equal((await stepUp(bob, 'not the password')).statusCode, 403)
  await call('POST', '/auth/logout', { refresh_token: bob.refresh_token })
  t.equal((await stepUp(bob)).statusCode, 401, 'or with one that is over')
})

t.test('FR-127, SEC-87: success and failure are audited', async (t) => {
  const ada = await signUp()
  await stepUp(ada, 'not the password')
  await stepUp(ada)
  const events = await database.asSuperuser("SELECT outcome, session_id, details FROM auth.audit_events WHERE user_id = $1 AND action = 'session.stepped_up' ORDER BY id", [ada.user.id])
  t.match(events, [{ outcome: 'failure', session_id: ada.session_id, details: { is_blocked: false } }, { outcome: 'success', session_id: ada.session_id }])
  t.equal(events.length, 2)
})

t.test('SEC-32, SEC-33: of two hundred parallel guesses with a stolen session no more are checked than at the log-in', async (t) => {
  const patient = await startAuth(t, { beside: auth, settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '1000', PASSWORD_HASH_QUEUE: '1000' } })
  const ada = await signUp()
  const start = Date.now()
  const answers = await Promise.all(Array.from({ length: 200 }, () => patient.call('POST', '/auth/step-up', { password: 'not the password' }, bearer(ada))))
  t.ok(answers.every(({ statusCode }) => statusCode === 403))
  const bucket = bucketName(`${ada.user.email}|session:${ada.session_id}`)
  const [counted] = await database.asSuperuser<{ failures: number }>('SELECT failures FROM auth.login_back_offs WHERE bucket = $1', [bucket])
  t.ok((counted?.failures ?? 0) <= 5 + Math.floor(Math.log2(1 + (Date.now() - start) / 1000)), `${counted?.failures} were checked`) // as many pauses as have passed

  await database.asSuperuser("UPDATE auth.login_back_offs SET blocked_until = now() + interval '15 minutes' WHERE bucket = $1", [bucket])
  t.equal((await stepUp(ada)).statusCode, 403, 'in the pause not even the right one is taken')
  const elsewhere = (await call('POST', '/auth/login', { email: ada.user.email, password }))
  t.equal(elsewhere.statusCode, 200, 'the thief locks nobody out')
  t.equal((await stepUp(elsewhere.json())).statusCode, 200)
  await database.asSuperuser('UPDATE auth.login_back_offs SET blocked_until = now() WHERE bucket = $1', [bucket])
  t.equal((await stepUp(ada)).statusCode, 200)
  t.same(await database.asSuperuser('SELECT 1 FROM auth.login_back_offs WHERE bucket = $1', [bucket]), [], 'a right one forgets')
})

t.test('SEC-31, SEC-33: guesses count by address too, and strangers at the log-in do not bar the owner', async (t) => {
  const strict = await startAuth(t, { beside: auth, settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '3' } })
  const [ada, bob] = [await signUp(), await signUp()]
  for (let n = 0; n < 3; n++) t.equal((await strict.call('POST', '/auth/step-up', { password: 'not the password' }, bearer(ada))).statusCode, 403)
  const refused = await strict.call('POST', '/auth/step-up', { password }, bearer(ada))
  t.equal(refused.statusCode, 429)
  t.match(refused.headers, { 'retry-after': /^\d+$/ })
  await database.asSuperuser("INSERT INTO auth.login_back_offs VALUES ($1, 30, now() + interval '15 minutes')", [bucketName(bob.user.email)])
  t.equal((await stepUp(bob)).statusCode, 200)
})

t.test('SEC-45: a step-up that races a password change leaves no session of the old password alive', async (t) => {
  for (let round = 0; round < 15; round++) {
    const ada = await signUp()
    const other = await logIn(ada.user.email)
    const [stepped] = await Promise.all([
      stepUp(ada),
      call('POST', '/auth/password/change', { current_password: password, password: `${password} ${round}` }, bearer(other)),
    ])
    t.ok([200, 401, 403].includes(stepped.statusCode))
    if (stepped.statusCode === 200 && (await refresh(stepped.json().refresh_token)).statusCode !== 401) t.fail('a session of the old password lives on')
  }
})

t.test('FR-127: whatever refreshes race step-ups, nobody is taken for a thief, and old tokens get none of it', async (t) => {
  const ada = await signUp()
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom('refresh', 'refresh', 'me', 'step-up'), { minLength: 2, maxLength: 10 }), async (acts) => {
    const session = await ago(await logIn(ada.user.email), '1 hour')
    const answers = await Promise.all(acts.map(async (act) => {
      const response = act === 'step-up' ? await stepUp(session) : act === 'me' ? await call('GET', '/auth/me', undefined, bearer(session)) : await refresh(session.refresh_token)
      return { act, response }
    }))
    const steppedUp = answers.filter(({ act, response }) => act === 'step-up' && response.statusCode === 200).map(({ response }) => response.json<SignedIn>())
    for (const { act, response } of answers) {
      if (act === 'me' && response.statusCode !== 200) throw new Error('The session was ended')
      if (act !== 'refresh') continue
      if (response.statusCode !== 200 && response.json().type !== '/problems/session-renewed') throw new Error(`A refresh was answered ${response.body}`)
      if (response.statusCode === 200 && await guarded(response.json()) !== 403) throw new Error('An old refresh token got what only the password gives')
    }
    if ((await sessionOf(session))['ended_at'] !== null) throw new Error('Somebody was taken for a thief')
    const newest = steppedUp.sort((one, other) => generationOf(other) - generationOf(one))[0]
    if (newest && (await refresh(newest.refresh_token)).statusCode !== 200) throw new Error('The last to step up is out')
  }), { numRuns: 40 })
})
