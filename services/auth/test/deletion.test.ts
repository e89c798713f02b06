import t from 'tap'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SignedIn } from '../contracts.ts'
import { bucketName, password, startAuth } from './start-auth.ts'

type Auth = Awaited<ReturnType<typeof startAuth>>
type Answer = Awaited<ReturnType<Auth['call']>>

const erase = ({ call, bearer }: Auth, who: SignedIn) => call('DELETE', '/auth/me', undefined, bearer(who))

/** Every row of both schemas that has one of the texts in it, as JSON, by table. */
async function rowsWith ({ database }: Auth, texts: string[]) {
  const tables = await database.asSuperuser<{ name: string }>("SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('auth', 'tasks') ORDER BY 1")
  const found: Record<string, string[]> = {}
  for (const { name } of tables) {
    const rows = await database.asSuperuser<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} t WHERE to_jsonb(t)::text ILIKE ANY ($1)`, [texts.map((text) => `%${text}%`)])
    if (rows.length > 0) found[name] = rows.map(({ row }) => row)
  }
  return found
}

/** By what a user could be recognised, in whatever row. */
const traces = ({ user: { id, email } }: SignedIn) => [id, email, email.toUpperCase(), bucketName(email), bucketName(`mail:${email}`), 'CANARY', '203.0.113.99']

/** Gives somebody a row in every table there is that a user can have one in. */
async function fill (auth: Auth, who: SignedIn) {
  const { call, bearer, database, serviceToken } = auth
  const headers = { 'x-service-token': await serviceToken(), 'x-client-address': '203.0.113.99', 'x-client-user-agent': 'CANARY browser' }
  await call('PATCH', '/auth/me', { display_name: 'CANARY name' }, { ...bearer(who), ...headers })
  for (const secret of [password, 'not this one']) await call('POST', '/auth/login', { email: who.user.email, password: secret }, headers)
  await call('POST', '/auth/password/forgot', { email: who.user.email }, headers)
  await auth.mailTo(who.user.email, /new password/)
  const [list, label, task, id] = [randomUUID(), randomUUID(), randomUUID(), who.user.id]
  await database.asSuperuser('INSERT INTO tasks.accounts (user_id, seq) VALUES ($1, 1)', [id])
  await database.asSuperuser("INSERT INTO tasks.lists (user_id, id, name, is_inbox) VALUES ($1, $2, 'CANARY list', true)", [id, list])
  await database.asSuperuser("INSERT INTO tasks.labels (user_id, id, name) VALUES ($1, $2, 'CANARY label')", [id, label])
  await database.asSuperuser("INSERT INTO tasks.tasks (user_id, id, list_id, title, description, label_ids) VALUES ($1, $2, $3, 'CANARY task', 'CANARY text', ARRAY[$4::uuid])", [id, task, list, label])
  await database.asSuperuser("INSERT INTO tasks.idempotency_keys (user_id, key, operation, request_digest, answer) VALUES ($1, 'CANARY', 'POST', sha256(''), '\"CANARY\"')", [id])
  await database.asSuperuser("INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id) VALUES ($1, 1, 'task', $2, 'created', '{}', '{\"title\": \"CANARY task\"}', $1, 'r')", [id, task])
}

t.test('SEC-90, FR-136: nothing of an account is left in any table, but for its pseudonym in the audit log and the end of its tokens', async (t) => {
  const auth = await startAuth(t)
  const { signUp, mailTo, mails, database } = auth
  const [ada, grace] = [await signUp('ada@example.com'), await signUp('grace@example.com')]
  await mailTo('ada@example.com', /Confirm/)
  await fill(auth, ada)
  await database.asSuperuser('INSERT INTO tasks.accounts (user_id) VALUES ($1)', [grace.user.id])
  const before = await rowsWith(auth, traces(ada))
  const refers = await database.asSuperuser<{ name: string }>("SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE contype = 'f' AND confrelid IN ('auth.users'::regclass, 'tasks.accounts'::regclass)")
  t.same(refers.map(({ name }) => name).filter((name) => name !== 'auth.outbox' && !(name in before)), [], 'it has been in every table that refers to users')
  const others = await rowsWith(auth, [grace.user.id])
  // Owed while the mail server is away, and so still there when the account goes.
  auth.mailServer.isAway = true
  await auth.call('POST', '/auth/email/verification', undefined, auth.bearer(ada))
  t.equal((await database.asSuperuser('SELECT FROM auth.outbox WHERE user_id = $1', [ada.user.id])).length, 1)

  await database.asSuperuser('UPDATE auth.users SET email_verified_at = now() WHERE id = $1', [ada.user.id]) // of another the count of mails stays for its hour
  t.equal((await erase(auth, ada)).statusCode, 204)
  const left = await rowsWith(auth, traces(ada))
  t.same(Object.keys(left), ['auth.audit_events', 'auth.revocations'])
  for (const trace of [ada.user.email, 'CANARY', '203.0.113.99']) t.notMatch(JSON.stringify(left), trace)
  t.same(await rowsWith(auth, [grace.user.id]), others, 'nothing of anybody else\'s')
  t.equal((await database.asSuperuser('SELECT FROM auth.outbox')).length, 1, 'of the mails owed, only the farewell')
  const [deleted] = await database.asSuperuser("SELECT outcome, actor_id FROM auth.audit_events WHERE user_id = $1 AND action = 'account.deleted'", [ada.user.id])
  t.match(deleted, { outcome: 'success', actor_id: ada.user.id })

  auth.mailServer.isAway = false
  await database.asSuperuser('UPDATE auth.outbox SET next_attempt_at = now()')
  await auth.call('POST', '/auth/password/forgot', { email: 'grace@example.com' }) // wakes the outbox
  t.match((await mailTo('ada@example.com', /deleted/)).text, 'cannot be brought back')
  t.same(mails.filter(({ to }) => to === 'ada@example.com'), [], 'and no other')
})

t.test('SEC-49, FR-136: all tokens end with it, the feed says so, and the address is free again', async (t) => {
  const auth = await startAuth(t)
  const { signUp, call, bearer, refresh, internal, serviceToken } = auth
  const ada = await signUp('ada@example.com')
  const other = (await call('POST', '/auth/login', { email: 'ada@example.com', password })).json<SignedIn>()
  t.equal((await erase(auth, other)).statusCode, 204)
  for (const token of [ada, other]) {
    t.equal((await call('GET', '/auth/me', undefined, bearer(token))).statusCode, 401)
    t.equal((await refresh(token.refresh_token)).statusCode, 401)
    t.equal((await erase(auth, token)).statusCode, 401)
    t.equal((await call('POST', '/auth/logout', { refresh_token: token.refresh_token })).statusCode, 204)
  }
  t.equal((await call('POST', '/auth/login', { email: 'ada@example.com', password })).statusCode, 401)
  const feed = await internal.inject({ url: '/internal/revocations', headers: { 'x-service-token': await serviceToken() } })
  t.match(feed.json(), { items: [{ kind: 'user', subject: ada.user.id }] })

  const again = await signUp('ada@example.com')
  t.not(again.user.id, ada.user.id)
  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 401, 'what was before is not what is now')
})

t.test('SEC-90, SEC-14: it takes a recent log-in, and one\'s own', async (t) => {
  const auth = await startAuth(t)
  const { signUp, call, bearer, database } = auth
  const ada = await signUp()
  t.equal((await call('DELETE', '/auth/me')).statusCode, 401)
  await database.asSuperuser("UPDATE auth.sessions SET authenticated_at = now() - interval '11 minutes' WHERE id = $1", [ada.session_id])
  const renewed = (await auth.refresh(ada.refresh_token)).json<SignedIn>()
  const refused = await erase(auth, renewed)
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { type: '/problems/step-up-needed' })
  const stepped = (await call('POST', '/auth/step-up', { password }, bearer(renewed))).json<SignedIn>()
  t.equal((await erase(auth, stepped)).statusCode, 204)
})

t.test('FR-136, FR-144: the last administrator stays, and of two who go at once one does', async (t) => {
  const auth = await startAuth(t)
  const [ada, grace] = [await auth.makeAdmin(), await auth.makeAdmin()]
  const answers = await Promise.all([erase(auth, ada), erase(auth, grace)])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 409])
  t.match(answers.find(({ statusCode }) => statusCode === 409)?.json(), { type: '/problems/last-admin' })
})

t.test('FR-136: whoever changes the address of an account and deletes it does not do so behind its owner', async (t) => {
  const auth = await startAuth(t)
  const { signUp, mailTo, call, bearer } = auth
  const ada = await signUp('ada@example.com')
  await call('POST', '/auth/email/verify', { token: (await mailTo('ada@example.com', /Confirm/)).token })
  t.equal((await call('POST', '/auth/email/change', { email: 'eve@example.com' }, bearer(ada))).statusCode, 202)
  const { token } = await mailTo('eve@example.com', /./)
  t.equal((await call('POST', '/auth/email/change/confirm', { token })).statusCode, 204)
  t.equal((await erase(auth, ada)).statusCode, 204)
  for (const address of ['ada@example.com', 'eve@example.com']) t.ok(await mailTo(address, /was deleted/))
  await signUp('ada@example.com') // no reservation is left
})

/** What else may be under way for somebody whose account is deleted, what it may be answered, and whether it ends the session that deletes. */
const contenders: Record<string, { statuses: number[], endsOthers?: true, call: (auth: Auth, who: SignedIn) => Promise<Answer> }> = {
  'another deletion': { endsOthers: true, statuses: [204, 401], call: (auth, who) => erase(auth, who) },
  'a log-in': { statuses: [200, 401], call: ({ call }, { user: { email } }) => call('POST', '/auth/login', { email, password }) },
  'a wrong log-in': { statuses: [401], call: ({ call }, { user: { email } }) => call('POST', '/auth/login', { email, password: 'not this one' }) },
  'a refresh': { statuses: [200, 401], call: ({ refresh }, { refresh_token: token }) => refresh(token) },
  'a step-up': { statuses: [200, 401, 403], call: ({ call, bearer }, who) => call('POST', '/auth/step-up', { password }, bearer(who)) },
  'a log-out': { statuses: [204], call: ({ call }, { refresh_token }) => call('POST', '/auth/logout', { refresh_token }) },
  'an end of the other sessions': { endsOthers: true, statuses: [204, 401], call: ({ call, bearer }, who) => call('DELETE', '/auth/sessions', undefined, bearer(who)) },
  'a new name': { statuses: [200, 401], call: ({ call, bearer }, who) => call('PATCH', '/auth/me', { display_name: 'CANARY' }, bearer(who)) },
  'a new password': { endsOthers: true, statuses: [200, 401, 403], call: ({ call, bearer }, who) => call('POST', '/auth/password/change', { current_password: password, password: `${password}!` }, bearer(who)) },
  'a reset link asked for': { statuses: [202], call: ({ call }, { user: { email } }) => call('POST', '/auth/password/forgot', { email }) },
  'a mail to confirm the address': { statuses: [202, 401], call: ({ call, bearer }, who) => call('POST', '/auth/email/verification', undefined, bearer(who)) },
}

t.test('SEC-90, FR-137: whatever is under way at the deletion, nothing fails and nothing is left', async (t) => {
  const first = await startAuth(t, { settings: { DATABASE_POOL_SIZE: '20', MAIL_PER_HOUR: '100' } })
  const second = await startAuth(t, { beside: first, settings: { DATABASE_POOL_SIZE: '20' } })
  const { database, signUp, call } = first

  /** Waits until a number of calls are either over or stand at a lock. */
  async function stands (count: number, over: () => number) {
    for (;;) {
      const [{ waiting = 0 } = {}] = await database.asSuperuser<{ waiting: number }>("SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      if (over() + waiting >= count) return
      await delay(2)
    }
  }

  /** Waits until no call has anything under way in the database. */
  async function isQuiet () {
    while ((await database.asSuperuser("SELECT FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()")).length > 0) await delay(2)
  }

  for (const [name, contender] of Object.entries(contenders)) {
    for (const order of ['before', 'behind'] as const) {
      const ada = await signUp()
      const other = (await call('POST', '/auth/login', { email: ada.user.email, password })).json<SignedIn>()
      const letGo = await database.hold('SELECT FROM auth.users WHERE id = $1 FOR UPDATE', [ada.user.id])
      let over = 0
      const count = <A>(answer: Promise<A>) => answer.finally(() => { over++ })
      const deletion = () => count(erase(first, ada))
      const contend = () => count(contender.call(second, other))
      const [one, two] = order === 'before' ? [contend, deletion] : [deletion, contend]
      const started: Array<Promise<Answer>> = []
      for (const start of [one, two]) {
        started.push(start())
        await stands(started.length, () => over)
      }
      await letGo()
      const answers = await Promise.all(started)
      const [deleted, contended] = order === 'before' ? [answers[1]!, answers[0]!] : [answers[0]!, answers[1]!]
      t.ok(contender.statuses.includes(contended.statusCode), `${name} ${order} it: ${contended.statusCode} ${contended.body}`)
      if ([200, 204].includes(contended.statusCode) && contender.endsOthers && order === 'before') {
        t.equal(deleted.statusCode, 401, `${name} has ended the session that asked for the deletion`)
        const kept = contended.statusCode === 200 ? JSON.parse(contended.body) as SignedIn : other // the new password has renewed its tokens
        if (name !== 'another deletion') t.equal((await erase(first, kept)).statusCode, 204)
      } else t.equal(deleted.statusCode, 204, `the deletion, ${name} ${order} it`)
      await isQuiet() // a reset link is mailed after the answer
      t.same(Object.keys(await rowsWith(first, [ada.user.id, ada.user.email])), ['auth.audit_events', 'auth.revocations'], `${name} ${order} it`)
      for (const { refresh_token: token } of [ada, other]) t.equal((await first.refresh(token)).statusCode, 401)
    }
  }
})

t.test('FR-137: of twenty deletions of one account, one succeeds; of twenty sign-ups while it goes, one', async (t) => {
  const auth = await startAuth(t)
  const { signUp, call, database } = auth
  const ada = await signUp('ada@example.com')
  const deletions = Array.from({ length: 20 }, () => erase(auth, ada))
  const signUps = Array.from({ length: 20 }, () => call('POST', '/auth/signup', { email: 'ada@example.com', password }))
  t.same((await Promise.all(deletions)).map(({ statusCode }) => statusCode).sort(), [204, ...Array(19).fill(401)])
  const taken = (await Promise.all(signUps)).map(({ statusCode }) => statusCode)
  t.same([...new Set(taken)].filter((status) => ![201, 409].includes(status)), [])
  const made = taken.filter((status) => status === 201).length
  t.equal((await database.asSuperuser('SELECT FROM auth.users')).length, made)
  t.ok(made <= 1)
})
