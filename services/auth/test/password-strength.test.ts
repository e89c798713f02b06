import t from 'tap'
import { dictionary } from '@zxcvbn-ts/language-common'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { judgePassword } from '../password-strength.ts'
import { PasswordJudge } from '../src/passwords/password-judge.ts'
import { password, startAuth } from './start-auth.ts'

const { call, signUp, bearer, mailTo, database } = await startAuth(t)
const next = 'an even better passphrase'
const fresh = () => `${randomUUID()}@example.com`
const signUpWith = (secret: string, email = fresh(), display_name?: string) => call('POST', '/auth/signup', { email, password: secret, display_name })
const commonPasswords = dictionary['passwords-common'].map(String).filter((common) => Array.from(common).length >= 8)

const refused = [
  { why: 'SEC-1: a word', secret: 'butterflies', code: 'too_weak' },
  { why: 'SEC-1: a word written with digits', secret: 'P@ssw0rd123', code: 'too_weak' },
  { why: 'SEC-1: keys in a row', secret: 'qwertyuiop[]', code: 'too_weak' },
  { why: 'SEC-1: one character many times', secret: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', code: 'too_weak' },
  { why: 'SEC-1: a word many times', secret: '密码密码密码密码', code: 'too_weak' },
  { why: 'SEC-1: a date', secret: '24.12.1985', code: 'too_weak' },
  { why: 'SEC-1: a name that objects have', secret: 'constructor', code: 'too_weak' },
  { why: 'SEC-1: beyond the part that is judged', secret: `${'a'.repeat(40)}kV9-tq7#Lm2`, code: 'too_weak' },
  { why: 'SEC-3: a common password', secret: 'trustno1', code: 'common_password' },
  { why: 'SEC-3: one in capitals', secret: 'TrustNo1', code: 'common_password' },
  { why: 'SEC-3: one in wide letters', secret: 'ｔｒｕｓｔｎｏ１', code: 'common_password' },
  { why: 'SEC-5: the address', secret: 'eleonora.vandersteen@example.com', code: 'contains_own_data' },
  { why: 'SEC-5: its local part', secret: 'eleonora.vandersteen', code: 'contains_own_data' },
  { why: 'SEC-5: its local part in capitals', secret: 'Eleonora.VanDerSteen', code: 'contains_own_data' },
  { why: 'SEC-5: the words of it in a row', secret: 'eleonoravandersteen', code: 'contains_own_data' },
  { why: 'SEC-5: the name', secret: 'Ximena Quetzalcoatl', code: 'contains_own_data' },
  { why: 'SEC-5: the name without its space', secret: 'ximenaquetzalcoatl', code: 'contains_own_data' },
  { why: 'SEC-5: the name in other letters', secret: 'X1m3n4 Qu3tz4lc04tl', code: 'contains_own_data' },
  { why: 'SEC-5: the product', secret: 'daymarkdaymark', code: 'contains_own_data' },
  { why: 'SEC-5: the product with a year', secret: 'Daymark2026!', code: 'contains_own_data' },
]
for (const { why, secret, code } of refused) {
  t.test(`FR-115 is refused: ${why}`, async (t) => {
    const response = await signUpWith(secret, 'eleonora.vandersteen@example.com', 'Ximena Quetzalcoatl')
    t.equal(response.statusCode, 422)
    t.match(response.json(), { type: '/problems/password-refused', status: 422, errors: [{ pointer: '/password', code, detail: /^password is too easy to guess\. [A-Z].*\.$/ }] })
    t.notOk(response.body.includes(secret), 'the password is not sent back')
    t.same(await database.asSuperuser("SELECT 1 FROM auth.users WHERE email_key = 'eleonora.vandersteen@example.com'"), [])
  })
}

t.test('SEC-1: a password has eight code points, or as many more as are set, at sign-up, change and reset', async (t) => {
  const [seven, eight] = ['🌿🐝🌵🍄🦊🐢🎈', '🌿🐝🌵🍄🦊🐢🎈🚲']
  t.match((await signUpWith(seven)).json(), { status: 400, errors: [{ pointer: '/password', code: 'too_short' }] }, 'code points count, not their halves')
  t.equal((await signUpWith(eight)).statusCode, 201)

  const strict = await startAuth(t, { settings: { PASSWORD_MIN_LENGTH: '15' } })
  const [fourteen, fifteen] = ['kV9-tq7#Lm2🌿x4', 'kV9-tq7#Lm2🌿x4🚲']
  const [ada, bob] = [await strict.signUp(fresh()), await strict.signUp(fresh())]
  await strict.call('POST', '/auth/password/forgot', { email: ada.user.email })
  const { token } = await strict.mailTo(ada.user.email, /Choose/)
  const ways = {
    'sign-up': (secret: string) => strict.call('POST', '/auth/signup', { email: fresh(), password: secret }),
    change: (secret: string) => strict.call('POST', '/auth/password/change', { current_password: password, password: secret }, strict.bearer(bob)),
    reset: (secret: string) => strict.call('POST', '/auth/password/reset', { token, password: secret }),
  }
  for (const [way, choose] of Object.entries(ways)) {
    t.match((await choose(fourteen)).json(), { type: '/problems/password-refused', status: 422, errors: [{ pointer: '/password', code: 'shorter_than_allowed', detail: 'password must have at least 15 characters' }] }, way)
    t.ok([200, 201, 204].includes((await choose(fifteen)).statusCode), way)
  }
})

t.test('SEC-5: a long address or name is refused as well', async (t) => {
  const email = `${'maximiliane-charlotte.von.und.zu.hohenlohe'}@${'langenburg'.repeat(4)}.example`
  const name = 'Pablo Diego José Francisco de Paula Juan Nepomuceno Crispín'
  for (const secret of [email, name, name.replaceAll(' ', ''), name.toUpperCase()]) {
    t.match((await signUpWith(secret, email, name)).json(), { errors: [{ code: 'contains_own_data' }] }, secret)
  }
})

t.test('SEC-2: any characters make a good password, without a rule about their kinds, and each counts', async (t) => {
  for (const secret of [
    'qzvxkjwpmfhtrgbdlcyn', // twenty small letters
    ' leading and trailing ', '🌿🐝🌵🍄🦊🐢🎈🚲', '春眠不觉晓处处闻啼鸟', 'zażółć gęślą jaźń', 'Ünïcödé\u0301 fold me not',
    Array.from({ length: 64 }, (_, n) => String.fromCodePoint(0x1f300 + n)).join(''),
    Array.from({ length: 256 }, (_, n) => String.fromCodePoint(0x4e00 + n * 7)).join(''),
  ]) {
    const email = fresh()
    t.equal((await signUpWith(secret, email)).statusCode, 201, secret)
    const logIn = async (given: string) => (await call('POST', '/auth/login', { email, password: given })).statusCode
    t.equal(await logIn(secret), 200)
    for (const wrong of [secret.trim(), Array.from(secret).slice(0, -1).join(''), secret.toUpperCase(), secret.normalize('NFC'), secret.normalize('NFD')].filter((other) => other !== secret)) {
      t.equal(await logIn(wrong), 401, wrong)
    }
  }
  t.equal((await signUpWith('密'.repeat(257))).statusCode, 400)
})

t.test('SEC-3: every password of the list that could be one here is refused, in any case, with the reason', async (t) => {
  t.ok(commonPasswords.length >= 3000, `${commonPasswords.length} of them`)
  const passed = commonPasswords.filter((common) => [common, common.toUpperCase()].some((secret) => judgePassword(secret, {}).code !== 'common_password'))
  t.same(passed, [])
  const ada = await signUp(fresh())
  await call('POST', '/auth/password/forgot', { email: ada.user.email })
  const { token } = await mailTo(ada.user.email, /Choose/)
  for (const common of commonPasswords.slice(0, 3000).filter((_, index) => index % 250 === 0)) { // as many as one account may choose in a quarter of an hour
    for (const response of [
      await signUpWith(common),
      await call('POST', '/auth/password/change', { current_password: password, password: common }, bearer(ada)),
      await call('POST', '/auth/password/reset', { token, password: common }),
    ]) t.match(response.json(), { status: 422, errors: [{ pointer: '/password', code: 'common_password', detail: /tried first/ }] }, common)
  }
})

t.test('FR-115: a refused password uses no reset link up, and ends no session', async (t) => {
  const ada = await signUp(fresh())
  await call('POST', '/auth/password/forgot', { email: ada.user.email })
  const { token } = await mailTo(ada.user.email, /Choose/)
  const reset = (secret: string) => call('POST', '/auth/password/reset', { token, password: secret })
  t.match((await reset('butterflies')).json(), { status: 422, errors: [{ code: 'too_weak' }] })
  t.match((await reset(ada.user.email)).json(), { status: 422, errors: [{ code: 'contains_own_data' }] })
  t.equal((await call('GET', '/auth/me', undefined, bearer(ada))).statusCode, 200)
  t.equal((await reset(next)).statusCode, 204)
  t.match((await call('POST', '/auth/password/reset', { token: 'nobody has this', password: 'butterflies' })).json(), { type: '/problems/link-used' }, 'without a link nothing is judged')
})

t.test('FR-115: changing the password is judged by the account as it is stored', async (t) => {
  const ada = (await signUpWith(password, fresh(), 'Ximena Quetzalcoatl')).json()
  const change = (secret: string) => call('POST', '/auth/password/change', { current_password: password, password: secret }, bearer(ada))
  t.match((await change('ximenaquetzalcoatl')).json(), { status: 422, errors: [{ pointer: '/password', code: 'contains_own_data' }] })
  t.equal((await call('POST', '/auth/login', { email: ada.user.email, password })).statusCode, 200)
  t.equal((await change(next)).statusCode, 200)
})

t.test('SEC-1: whatever a password and its owner are, there is a verdict, and the same one each time', async () => {
  const piece = fc.constantFrom('a', '4', '@', '{', '\\', '/', '1', '!', '|', '€', '🌿', 'constructor', '__proto__', 'toString', 'ab', ' ', '2001', '\u0000')
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(piece, { maxLength: 50 }).map((pieces) => pieces.join('')))
  await fc.assert(fc.asyncProperty(text, fc.record({ email: text, display_name: fc.option(text) }), async (secret, owner) => {
    const verdict = judgePassword(secret, owner)
    return (verdict.code === null) === (verdict.score >= 3) && (verdict.code === null) === (verdict.advice === '') && JSON.stringify(verdict) === JSON.stringify(judgePassword(secret, owner))
  }), { numRuns: 60 })
})

/** A thread that answers, dies or falls silent as it is told. */
const fickle = new URL(`data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ password }) => {
    if (password === 'exit') process.exit(1)
    if (password === 'throw') throw new Error('on purpose')
    if (password === 'memory') { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)) }
    if (password !== 'silence') parentPort.postMessage({ score: 4, code: null, advice: '' })
  })`)}`)

t.test('FR-115: a thread that dies or falls silent is replaced, and who asked is told to try again', async (t) => {
  const judge = new PasswordJudge({ queue: 10, file: fickle, deadlineSeconds: 2 })
  t.teardown(() => judge.close())
  for (const end of ['exit', 'throw', 'memory', 'silence']) {
    const [ended, behind] = await Promise.allSettled([judge.judge(end, {}), judge.judge('anything', {})])
    t.match(ended, { status: 'rejected', reason: { status: 503, slug: 'password-check-busy' } }, end)
    t.match(behind, { status: 'fulfilled', value: { score: 4 } }, `${end}: whoever waited behind it gets an answer`)
  }
})

t.test('FR-115: no more wait to be judged than may, and closing ends the thread', async (t) => {
  const judge = new PasswordJudge({ queue: 2, file: fickle })
  const answers = await Promise.allSettled(Array.from({ length: 5 }, () => judge.judge('anything', {})))
  t.same(answers.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
  const waiting = judge.judge('silence', {})
  await Promise.all([t.rejects(waiting), judge.close()])
})
