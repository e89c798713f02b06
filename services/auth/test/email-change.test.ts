import t from 'tap'
import { randomUUID } from 'node:crypto'
import type { SignedIn } from '../contracts.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

const { call, signUp, makeAdmin, bearer, refresh, internal, serviceToken, mails, mailTo, database } = await startAuth(t, { settings: { PASSWORD_HASH_QUEUE: '1000' } })
const next = 'an even better passphrase'
const address = () => `${randomUUID()}@example.com`
const ask = (who: SignedIn, email: string) => call('POST', '/auth/email/change', { email }, bearer(who))
const confirm = (token: string) => call('POST', '/auth/email/change/confirm', { token })
const revert = (token: string) => call('POST', '/auth/email/revert', { token })
const logIn = (email: string, secret = password) => call('POST', '/auth/login', { email, password: secret })
const forgot = (email: string) => call('POST', '/auth/password/forgot', { email })
const reset = (token: string, secret = next) => call('POST', '/auth/password/reset', { token, password: secret })
const emailOf = async ({ user: { id } }: SignedIn) => (await database.asSuperuser('SELECT email FROM auth.users WHERE id = $1', [id]))[0]?.['email']
const isAlive = async (session: SignedIn) => (await call('GET', '/auth/me', undefined, bearer(session))).statusCode === 200
const problem = (status: number, slug: string) => ({ status, type: `/problems/${slug}` })

/** Somebody whose address is proven. */
async function proven (email = address()): Promise<SignedIn> {
  const user = await signUp(email)
  const { token } = await mailTo(email, /Confirm your e-mail/)
  await call('POST', '/auth/email/verify', { token })
  return user
}

/** Asks for an address; gives the token of the link that went there. */
async function asked (who: SignedIn, email: string): Promise<string> {
  const response = await ask(who, email)
  if (response.statusCode !== 202) throw new Error(`Nothing was asked for: ${response.body}`)
  return (await mailTo(email, /new e-mail address/)).token
}

/** Changes an address; gives the token of the way back. */
async function changed (who: SignedIn, from: string, to: string): Promise<string> {
  const response = await confirm(await asked(who, to))
  if (response.statusCode !== 204) throw new Error(`Nothing was changed: ${response.body}`)
  return (await mailTo(from, /address was changed$/)).token
}

t.test('FR-130, FR-131, SEC-14: another address is asked for, proven, and takes the place of the old one', async (t) => {
  const ada = await proven()
  const other = (await logIn(ada.user.email)).json<SignedIn>()
  const to = address()
  t.equal((await ask(ada, to)).statusCode, 202)
  const { token, text } = await mailTo(to, /new e-mail address/)
  t.match(text, /http:\/\/localhost:3000\/change-email\?token=[\w-]{43}\n/)
  t.notMatch(text, ada.user.email, 'a stranger does not learn whose it is')
  const notice = await mailTo(ada.user.email, /Another e-mail address was asked for/)
  t.match(notice.text, '/forgot-password')
  t.notMatch(notice.text, to)
  t.equal(await emailOf(ada), ada.user.email, 'nothing has changed yet')

  t.equal((await confirm(token)).statusCode, 204, 'SEC-20: from wherever')
  t.match((await call('GET', '/auth/me', undefined, bearer(ada))).json(), { email: to, email_verified: true }, 'who asked stays logged in')
  t.equal(await isAlive(other), false, 'and nobody else does')
  const feed = (await internal.inject({ url: '/internal/revocations', headers: { 'x-service-token': await serviceToken() } })).json()
  t.ok(feed.items.some(({ subject }: { subject: string }) => subject === other.session_id))
  t.match((await mailTo(ada.user.email, /address was changed$/)).text, /\/take-back\?token=[\w-]{43}\n/)
  t.equal((await logIn(ada.user.email)).statusCode, 401)
  t.equal((await logIn(to)).statusCode, 200)
  t.match((await confirm(token)).json(), problem(410, 'link-used'))

  const events = await database.asSuperuser("SELECT action FROM auth.audit_events WHERE user_id = $1 AND action LIKE 'email.change%' ORDER BY id", [ada.user.id])
  t.same(events.map(({ action }) => action), ['email.change_requested', 'email.changed'])
})

t.test('FR-130: what is refused, with the field and the reason', async (t) => {
  const [ada, bob] = [await proven(), await signUp(address())]
  t.match((await ask(ada, bob.user.email.toUpperCase())).json(), { ...problem(409, 'email-taken'), errors: [{ pointer: '/email', code: 'taken' }] })
  t.match((await ask(ada, ada.user.email.toUpperCase())).json(), { status: 422, errors: [{ pointer: '/email', code: 'unchanged' }] })
  t.match((await ask(ada, 'not an address')).json(), { status: 400, errors: [{ pointer: '/email' }] })
  t.match((await call('POST', '/auth/email/change', { email: address(), user_id: bob.user.id }, bearer(ada))).json(), { status: 400, errors: [{ code: 'unknown_field' }] })
  t.equal((await call('POST', '/auth/email/change', { email: address() })).statusCode, 401)
  await database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE id = $1", [ada.session_id])
  t.match((await ask(ada, address())).json(), problem(403, 'step-up-needed'))
  for (const route of [confirm, revert]) t.match((await route('x')).json(), problem(410, 'link-used'))
})

t.test('SEC-37: the notice to the old address comes whatever was used up before; how often one may ask is limited instead', async (t) => {
  const ada = await proven()
  for (let n = 0; n < 10; n++) await forgot(ada.user.email)
  await mailTo(ada.user.email, /Choose a new password/)
  for (let n = 0; n < 5; n++) {
    t.equal((await ask(ada, address())).statusCode, 202)
    await mailTo(ada.user.email, /Another e-mail address was asked for/)
  }
  const refused = await ask(ada, address())
  t.match(refused.json(), problem(429, 'too-many-requests'))
  t.match(refused.headers, { 'retry-after': /^\d+$/ })

  const [bob, target] = [await proven(), address()]
  await database.asSuperuser("INSERT INTO auth.limits VALUES ($1, 5, now() + interval '1 hour')", [bucketName(`mail:${target}`)])
  t.equal((await ask(bob, target)).statusCode, 202, 'a stranger is not flooded, silently')
  await mailTo(bob.user.email, /Another e-mail address was asked for/)
  t.notOk(mails.some(({ to }) => to === target))
})

t.test('SEC-17, SEC-18: a link works once, the newest alone, and for a day', async (t) => {
  const ada = await proven()
  const first = await asked(ada, address())
  const to = address()
  const second = await asked(ada, to)
  t.equal((await confirm(first)).statusCode, 410)
  for (const row of await database.asSuperuser("SELECT expires_at - created_at = interval '24 hours' AS day FROM auth.one_time_tokens WHERE user_id = $1 AND purpose = 'change_email'", [ada.user.id])) t.equal(row['day'], true)
  t.notMatch(JSON.stringify(await database.asSuperuser("SELECT encode(token_hash, 'base64') AS h FROM auth.one_time_tokens")), second)
  const answers = await Promise.all(Array.from({ length: 100 }, () => confirm(second)))
  t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1)
  t.equal(answers.filter(({ statusCode }) => statusCode === 410).length, 99)
  t.equal(await emailOf(ada), to)

  const { token } = await mailTo(ada.user.email, /address was changed$/)
  const backs = await Promise.all(Array.from({ length: 100 }, () => revert(token)))
  t.equal(backs.filter(({ statusCode }) => statusCode === 204).length, 1)
  t.equal(backs.filter(({ statusCode }) => statusCode === 410).length, 99)
  t.equal(await emailOf(ada), ada.user.email)
})

t.test('SEC-18: a new password, or throwing the session out, stops a change that was asked for; a log-out does not', async (t) => {
  for (const [why, stop, expected] of [
    ['password', (ada: SignedIn) => call('POST', '/auth/password/change', { current_password: password, password: next }, bearer(ada)), 410],
    ['thrown out', async (ada: SignedIn) => call('DELETE', `/auth/sessions/${ada.session_id}`, undefined, bearer((await logIn(ada.user.email)).json())), 410],
    ['logged out', (ada: SignedIn) => call('POST', '/auth/logout', { refresh_token: ada.refresh_token }), 204],
  ] as const) {
    const ada = await proven()
    const token = await asked(ada, address())
    t.ok([200, 204].includes((await stop(ada)).statusCode))
    t.equal((await confirm(token)).statusCode, expected, why)
  }
})

t.test('FR-132: the old address takes the account back for seven days: every session and link ends, and the password with them', async (t) => {
  const ada = await proven()
  const loggedIn = (await logIn(ada.user.email)).json<SignedIn>()
  const to = address()
  const back = await changed(loggedIn, ada.user.email, to)
  const thief = (await call('POST', '/auth/password/change', { current_password: password, password: next }, bearer(loggedIn))).json<SignedIn>()
  const [row] = await database.asSuperuser("SELECT expires_at - created_at = interval '7 days' AS week FROM auth.one_time_tokens WHERE user_id = $1 AND purpose = 'revert_email'", [ada.user.id])
  t.equal(row?.['week'], true, 'the thief\'s new password does not take it away')
  await forgot(to)
  const thiefsReset = (await mailTo(to, /Choose a new password/)).token
  const pending = await asked(thief, address())

  t.equal((await revert(back)).statusCode, 204)
  t.equal(await emailOf(ada), ada.user.email)
  t.equal(await isAlive(thief), false)
  t.equal((await refresh(thief.refresh_token)).statusCode, 401)
  for (const secret of [password, next]) t.equal((await logIn(ada.user.email, secret)).statusCode, 401, 'who knows the password is out too')
  t.equal((await reset(thiefsReset)).statusCode, 410)
  t.equal((await confirm(pending)).statusCode, 410)
  t.match((await mailTo(to, /changed back/)).text, 'no longer belongs')
  t.equal((await reset((await mailTo(ada.user.email, /Choose a new password/)).token, 'mine again, for good')).statusCode, 204)
  t.match((await logIn(ada.user.email, 'mine again, for good')).json(), { user: { id: ada.user.id, email_verified: true } })
  t.equal((await revert(back)).statusCode, 410)
  const events = await database.asSuperuser("SELECT details FROM auth.audit_events WHERE user_id = $1 AND action IN ('email.change_reverted', 'session.ended') AND details->>'reason' IS DISTINCT FROM 'password_changed'", [ada.user.id])
  t.ok(events.length >= 2)

  const bob = await proven()
  const late = await changed(bob, bob.user.email, address())
  await database.asSuperuser("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = $1", [bob.user.id])
  t.equal((await revert(late)).statusCode, 410, 'and no longer than that')
})

t.test('FR-132: changing on and back again takes nobody their way back', async (t) => {
  const ada = await proven()
  const [second, third] = [address(), address()]
  const toFirst = await changed(ada, ada.user.email, second)
  const toSecond = await changed(ada, second, third)
  t.equal((await revert(toSecond)).statusCode, 204, 'the later change is undone')
  t.equal(await emailOf(ada), second)
  t.equal((await revert(toFirst)).statusCode, 204, 'and the earlier one can be still')
  t.equal(await emailOf(ada), ada.user.email)

  const bob = await proven()
  const [his, hers] = [await changed(bob, bob.user.email, second), await changed(bob, second, third)]
  t.equal((await revert(his)).statusCode, 204)
  t.equal((await revert(hers)).statusCode, 410, 'with the earlier change the later ones are gone')
  t.equal((await signUpAt(third)).statusCode, 201, 'and nothing stays reserved of them')
})

const signUpAt = (email: string) => call('POST', '/auth/signup', { email, password })

t.test('FR-132: for seven days nobody else gets the old address', async (t) => {
  const [ada, bob] = [await proven(), await proven()]
  const back = await changed(ada, ada.user.email, address())
  t.match((await signUpAt(ada.user.email.toUpperCase())).json(), { ...problem(409, 'email-taken'), errors: [{ pointer: '/email' }] })
  t.match((await ask(bob, ada.user.email)).json(), problem(409, 'email-taken'))
  await t.rejects(database.asSuperuser('UPDATE auth.users SET email_key = $2 WHERE id = $1', [bob.user.id, ada.user.email]), /reserved/, 'the database itself says so')
  t.equal((await confirm(await asked(ada, ada.user.email))).statusCode, 204, 'its owner may have it again')
  t.equal((await revert(back)).statusCode, 204)

  const eve = await proven()
  await changed(eve, eve.user.email, address())
  await database.asSuperuser("UPDATE auth.one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = $1", [eve.user.id])
  t.equal((await signUpAt(eve.user.email)).statusCode, 201)
})

t.test('an address that never was proven gets no way back and reserves nothing: it may be a stranger\'s', async (t) => {
  const ada = await signUp(address())
  const old = await mailTo(ada.user.email, /Confirm/)
  t.equal((await confirm(await asked(ada, address()))).statusCode, 204)
  await mailTo(ada.user.email, /asked for/)
  t.notMatch((await mailTo(ada.user.email, /no longer used/)).text, /http/)
  t.equal((await call('POST', '/auth/email/verify', { token: old.token })).statusCode, 410)
  t.equal((await signUpAt(ada.user.email)).statusCode, 201)
})

t.test('SEC-25: who signed up with another\'s address keeps nothing once its owner proves it', async (t) => {
  const victim = address()
  const thief = await signUp(victim)
  const pending = await asked(thief, address())
  await forgot(victim)
  t.equal((await reset((await mailTo(victim, /Choose a new password/)).token)).statusCode, 204)
  t.equal(await isAlive(thief), false)
  t.equal((await refresh(thief.refresh_token)).statusCode, 401)
  t.equal((await logIn(victim)).statusCode, 401)
  t.equal((await confirm(pending)).statusCode, 410, 'nor a change that was under way')
  t.match((await logIn(victim, next)).json(), { user: { email: victim, email_verified: true } })
})

t.test('FR-132, SEC-13: whatever wants one address at once, one gets it, and a reserved one nobody', async (t) => {
  for (let round = 0; round < 6; round++) {
    const [ada, bob] = [await proven(), await proven()]
    const wanted = address()
    const [hers, his] = [await asked(ada, wanted), await asked(bob, wanted)]
    const answers = await Promise.all([confirm(hers), confirm(his), signUpAt(wanted), signUpAt(wanted)])
    t.equal(answers.filter(({ statusCode }) => statusCode === 204 || statusCode === 201).length, 1)
    t.ok(answers.every(({ statusCode }) => [201, 204, 409].includes(statusCode)), answers.map(({ statusCode }) => statusCode).join())
  }
  for (let round = 0; round < 6; round++) {
    const [ada, bob] = [await proven(), await proven()]
    const hers = await asked(ada, address())
    // His link to the very address that she is about to leave, as if he had asked in the instant before she had it.
    const his = await asked(bob, address())
    await database.asSuperuser("UPDATE auth.one_time_tokens SET email = $2, email_key = $2 WHERE user_id = $1 AND purpose = 'change_email'", [bob.user.id, ada.user.email])
    const [left, ...others] = await Promise.all([confirm(hers), confirm(his), ...Array.from({ length: 4 }, () => signUpAt(ada.user.email))])
    t.equal(left.statusCode, 204)
    t.same(others.map(({ statusCode }) => statusCode), others.map(() => 409), 'the address goes from hers to reserved, and is free at no moment')
  }
})

t.test('FR-132: a way back that races a further change wins', async (t) => {
  for (let round = 0; round < 6; round++) {
    const ada = await proven()
    const back = await changed(ada, ada.user.email, address())
    const further = await asked(ada, address())
    const [returned, moved] = await Promise.all([revert(back), confirm(further)])
    t.equal(returned.statusCode, 204)
    t.ok([204, 410].includes(moved.statusCode))
    t.equal(await emailOf(ada), ada.user.email)
    t.equal(await isAlive(ada), false)
  }
})

t.test('FR-132: on a disabled account the way back voids the password all the same', async (t) => {
  const admin = await makeAdmin()
  const ada = await proven()
  const thief = (await logIn(ada.user.email)).json<SignedIn>()
  const way = await changed(thief, ada.user.email, address())
  t.equal((await call('POST', '/auth/password/change', { current_password: password, password: 'the passphrase of a thief' }, bearer(thief))).statusCode, 200)
  t.equal((await call('PATCH', `/admin/users/${ada.user.id}`, { status: 'disabled' }, bearer(admin))).statusCode, 200)
  t.equal((await revert(way)).statusCode, 204)
  t.equal((await call('PATCH', `/admin/users/${ada.user.id}`, { status: 'active' }, bearer(admin))).statusCode, 200)
  t.equal((await logIn(ada.user.email, 'the passphrase of a thief')).statusCode, 401)
  await mailTo(ada.user.email, /Choose a new password/) // the link of the way back; nobody chooses one while disabled
  await forgot(ada.user.email)
  t.equal((await reset((await mailTo(ada.user.email, /Choose a new password/)).token, 'mine again, for good')).statusCode, 204)
  t.equal((await logIn(ada.user.email, 'mine again, for good')).statusCode, 200)
})

t.test('FR-132: an address that takes back what was its own gives the other no way back, and voids those of later changes', async (t) => {
  const ada = await proven()
  const thief = (await logIn(ada.user.email)).json<SignedIn>()
  const [second, third] = [address(), address()]
  await changed(thief, ada.user.email, second)
  const later = await changed(thief, second, third)
  const owner = (await logIn(third)).json<SignedIn>()
  t.equal((await confirm(await asked(owner, ada.user.email))).statusCode, 204)
  t.equal((await revert(later)).statusCode, 410)
  t.same(await database.asSuperuser("SELECT email FROM auth.one_time_tokens WHERE user_id = $1 AND purpose = 'revert_email'", [ada.user.id]), [{ email: ada.user.email }], 'the owner\'s own stays')
  const way = await changed(owner, ada.user.email, address())
  t.equal((await revert(way)).statusCode, 204, 'a later change has its own way back again')
})

t.test('FR-131: disabling an account voids a change of address that is under way', async (t) => {
  const admin = await makeAdmin()
  const ada = await proven()
  const thief = (await logIn(ada.user.email)).json<SignedIn>()
  const token = await asked(thief, address())
  await call('POST', '/auth/logout', { refresh_token: thief.refresh_token })
  t.equal((await call('PATCH', `/admin/users/${ada.user.id}`, { status: 'disabled' }, bearer(admin))).statusCode, 200)
  t.equal((await confirm(token)).statusCode, 410)
  t.equal((await call('PATCH', `/admin/users/${ada.user.id}`, { status: 'active' }, bearer(admin))).statusCode, 200)
  t.equal((await confirm(token)).statusCode, 410)
})
