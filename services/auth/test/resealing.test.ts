import t from 'tap'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

type Auth = Awaited<ReturnType<typeof startAuth>>

const kek = (id: string) => `${id}:${randomBytes(32).toString('base64')}`
const sealedBy = async ({ database }: Pick<Auth, 'database'>) => (await database.asSuperuser<{ id: string }>(`
  SELECT DISTINCT split_part(sealed, '.', 1) AS id FROM (
    SELECT sealed_private_key FROM auth.signing_keys UNION ALL SELECT sealed_token_key FROM auth.sessions UNION ALL SELECT sealed_message FROM auth.outbox
  ) AS all_sealed (sealed) ORDER BY id`)).map(({ id }) => id)

/** `npm run keys -- …` with an instance's settings. */
function command ({ environment }: Auth, settings: Record<string, string>, ...parameters: string[]): Promise<{ code: number, output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(new URL('../commands/keys.ts', import.meta.url)), ...parameters], { env: { ...environment, ...settings } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` })
    })
  })
}

t.test('FR-125, SEC-65: a new key-encryption key is rolled in, and the old one out, under load: no session is lost and no request fails', async (t) => {
  const [old, young] = [kek('old'), kek('young')]
  const stages = {
    before: { KEY_ENCRYPTION_KEYS: old },
    opensBoth: { KEY_ENCRYPTION_KEYS: `${old},${young}`, SEALING_KEY_ID: 'old' },
    sealsAnew: { KEY_ENCRYPTION_KEYS: `${old},${young}`, SEALING_KEY_ID: 'young' },
    after: { KEY_ENCRYPTION_KEYS: young },
  }
  const first = await startAuth(t, { settings: stages.before })
  const instances = [first, await startAuth(t, { beside: first, settings: stages.before })]
  first.mailServer.isAway = instances[1]!.mailServer.isAway = true
  const underWay = new Set<Promise<unknown>>()
  const roll = async (settings: Record<string, string>) => {
    for (const index of instances.keys()) {
      const instance = await startAuth(t, { beside: first, settings })
      instance.mailServer.isAway = true
      const [gone] = instances.splice(index, 1, instance)
      await Promise.allSettled(underWay) // what it has accepted, as a closing server waits for
      await gone?.stop()
    }
  }

  const idle = await Promise.all(Array.from({ length: 20 }, () => first.signUp()))
  const ended = await first.signUp()
  await first.call('POST', '/auth/logout', { refresh_token: ended.refresh_token })

  const over = new AbortController()
  const failures: string[] = []
  const counter = { refreshed: 0 }
  const load = Array.from({ length: 2 }, async (_, lane) => {
    let token = idle.pop()!.refresh_token
    while (!over.signal.aborted) {
      const asked = instances[(counter.refreshed + lane) % 2]!.refresh(token)
      underWay.add(asked)
      const answer = await asked
      underWay.delete(asked)
      if (answer.statusCode !== 200) { failures.push(answer.body); break }
      token = answer.json<SignedIn>().refresh_token
      counter.refreshed++
    }
  })
  const more = async () => { for (const goal = counter.refreshed + 20; counter.refreshed < goal && failures.length === 0;) await delay(10) }

  await roll(stages.opensBoth)
  await more()
  await roll(stages.sealsAnew)
  const fresh = await instances[0]!.signUp()
  t.same(await sealedBy(first), ['old', 'young'])
  await more()
  let outcome = await command(first, stages.sealsAnew, 'reseal')
  for (let again = 0; outcome.code === 1 && again < 20; again++) outcome = await command(first, stages.sealsAnew, 'reseal') // a row was in use
  t.match(outcome, { code: 0, output: /^signing key: \d+ sealed anew, 0 left\nsession: \d+ sealed anew, 0 left\nmail: \d+ sealed anew, 0 left\n$/ })
  t.same(await sealedBy(first), ['young'])
  t.match(await command(first, stages.sealsAnew, 'reseal'), { output: /signing key: 0 sealed anew.*\n.*session: 0 sealed anew.*\n.*mail: 0 sealed anew/ }, 'once more changes nothing')
  await roll(stages.after)
  await more()
  over.abort()
  await Promise.all(load)
  t.same(failures, [])

  const [last] = instances
  for (const who of [...idle, fresh]) t.equal((await last!.refresh(who.refresh_token)).statusCode, 200)
  t.equal((await last!.refresh(ended.refresh_token)).statusCode, 401)
  for (const instance of instances) instance.mailServer.isAway = false
  await first.database.asSuperuser('UPDATE auth.outbox SET next_attempt_at = now()')
  await instances[0]!.signUp() // wakes the outbox
  await instances[0]!.mailTo(fresh.user.email, /./)
  t.comment(`${counter.refreshed} refreshes meanwhile`)
})

t.test('FR-125: what is sealed under a key not known yet is 503, never a sign-out', async (t) => {
  const old = kek('old')
  const behind = await startAuth(t, { settings: { KEY_ENCRYPTION_KEYS: old } })
  const ahead = await startAuth(t, { beside: behind, settings: { KEY_ENCRYPTION_KEYS: `${old},${kek('young')}`, SEALING_KEY_ID: 'young' } })
  const [ada, admin] = [await ahead.signUp(), await ahead.makeAdmin()]
  t.match((await behind.refresh(ada.refresh_token)).json(), { status: 503, type: '/problems/sealing-key-unknown' })
  t.equal((await ahead.refresh(ada.refresh_token)).statusCode, 200)

  const device = (await ahead.call('POST', '/auth/login', { email: ada.user.email, password })).headers['x-device-token']
  t.equal((await behind.call('POST', '/auth/login', { email: ada.user.email, password }, { 'x-device-token': String(device) })).statusCode, 200, 'a device that cannot be told is an unknown one')

  for (const rotation of [1, 2]) { // the second brings the key that the instance ahead has sealed
    await behind.database.asSuperuser("UPDATE auth.signing_keys SET state_since = state_since - interval '10 minutes'")
    t.equal((await ahead.call('POST', '/admin/keys/rotate', undefined, ahead.bearer(admin))).statusCode, 200, `rotation ${rotation}`)
  }
  await delay(1010)
  t.match((await behind.call('POST', '/auth/login', { email: ada.user.email, password })).json(), { status: 503, type: '/problems/sealing-key-unknown' })
  t.equal((await behind.call('GET', '/.well-known/jwks.json')).json().keys.length, 4, 'it publishes them all the same')
  t.equal((await behind.call('GET', '/auth/me', undefined, behind.bearer(ada))).statusCode, 200, 'and verifies')
  t.match(await command(behind, { KEY_ENCRYPTION_KEYS: old }, 'reseal'), { code: 1, output: /signing key: 0 sealed anew, \d left\n[^]*Run it again/ })
})

t.test('FR-125: a session in use is sealed anew by itself', async (t) => {
  const old = kek('old')
  const before = await startAuth(t, { settings: { KEY_ENCRYPTION_KEYS: old } })
  const ada = await before.signUp()
  const after = await startAuth(t, { beside: before, settings: { KEY_ENCRYPTION_KEYS: `${old},${kek('young')}`, SEALING_KEY_ID: 'young' } })
  t.equal((await after.refresh(ada.refresh_token)).statusCode, 200)
  t.match(await before.database.asSuperuser('SELECT sealed_token_key FROM auth.sessions WHERE id = $1', [ada.session_id]), [{ sealed_token_key: /^young\./ }])
})

t.test('FR-122, FR-123: the command lists, rotates and withdraws, and says what it cannot do', async (t) => {
  const auth = await startAuth(t)
  const run = (...parameters: string[]) => command(auth, {}, ...parameters)
  const ids = async () => (await auth.database.asSuperuser<{ id: string }>('SELECT id FROM auth.signing_keys ORDER BY created_at, id')).map(({ id }) => id)
  const [first, second] = await ids()
  t.match(await run('list'), { code: 0, output: new RegExp(`^${first}  active .*\n${second}  next .*\n$`) })
  t.match(await run('rotate'), { code: 1, output: /^The next key may sign from .*\n$/ })
  await auth.database.asSuperuser("UPDATE auth.signing_keys SET state_since = state_since - interval '10 minutes'")
  t.match(await run('rotate'), { code: 0, output: new RegExp(`^${first}  retired .*\n${second}  active .*\n.*  next .*\n$`) })
  t.match(await run('withdraw', String(second)), { code: 0, output: new RegExp(`^${first}  retired .*\n.*  active .*\n.*  next .*\n$`) })
  t.match(await run('withdraw', 'nobody'), { code: 1, output: /no such signing key/ })
  for (const wrong of [[], ['withdraw'], ['dance'], ['list', 'all']]) t.match(await run(...wrong), { code: 2, output: /^Usage/ })
  t.match(await command(auth, { KEY_ENCRYPTION_KEYS: 'x' }, 'list'), { code: 1, output: /KEY_ENCRYPTION_KEYS/ })
})
