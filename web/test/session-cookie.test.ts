import t from 'tap'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { cookiesFor } from '../session/cookies.ts'
import { openFlash, sealFlash } from '../session/flash.ts'
import { openText, sealText } from '../session/sealed-text.ts'
import { type SessionContents, openSession, sealSession } from '../session/session-contents.ts'

const keys = [randomBytes(32), randomBytes(32)]
const session: SessionContents = {
  access_token: 'a'.repeat(900),
  expires_at: Date.now(),
  refresh_token: `v1.${'r'.repeat(120)}`,
  session_id: '01890000-0000-7000-8000-000000000000',
  is_confirmed: true,
  user: { id: '01890000-0000-7000-8000-000000000001', email: `${'e'.repeat(242)}@example.com`, display_name: '🌅'.repeat(100), role: 'user', time_zone: 'Z'.repeat(64) },
}

t.test('what is sealed opens again, whatever it is', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => openText(keys, 'test', sealText(keys, 'test', text)) === Buffer.from(text).toString()))
})

t.test('SEC-70: a session with the longest of everything stays under 4096 bytes, name and attributes included', async (t) => {
  const { names } = cookiesFor('https://tasks.example.com')
  t.ok(`${names.session}=${sealSession(keys, session)}; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Lax`.length < 4096)
})

t.test('every key opens, the first one seals', async (t) => {
  const [first, second] = keys as [Buffer, Buffer]
  const sealed = sealSession([second], session)
  t.same(openSession(keys, sealed), session, 'rotated away from, a key still opens')
  t.equal(openSession([second], sealSession(keys, session)), null)
  t.same(openSession([first], sealSession(keys, session)), session)
})

t.test('no bit of a sealed cookie may differ', async () => {
  const sealed = Buffer.from(sealSession(keys, session), 'base64url')
  fc.assert(fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
    const forged = Buffer.from(sealed)
    forged[bit >> 3]! ^= 1 << (bit & 7)
    return openSession(keys, forged.toString('base64url')) === null
  }))
})

t.test('what is no sealed session opens nothing', async (t) => {
  for (const value of ['', 'x', '%', '.', randomBytes(20).toString('base64url'), `${sealSession(keys, session)}=`, ` ${sealSession(keys, session)}`, sealText(keys, 'session', '{}')]) {
    t.equal(openSession(keys, value), null)
  }
})

t.test('a cookie of one kind is none of another', async (t) => {
  const flash = { did: 'deleted' as const, title: 'x', change: 1 }
  t.same(openFlash(keys, sealFlash(keys, flash)), flash)
  t.equal(openFlash(keys, sealSession(keys, session)), null)
  t.equal(openSession(keys, sealFlash(keys, flash)), null)
  t.equal(openFlash(keys, undefined), null)
})

t.test('SEC-70: on https the cookie is bound to its host; on localhost its name tells ports apart', async (t) => {
  t.match(cookiesFor('https://tasks.example.com'), { names: { session: '__Host-daymark' }, options: { secure: true, httpOnly: true, sameSite: 'lax', path: '/' } })
  t.match(cookiesFor('http://localhost:3000'), { names: { session: 'daymark-3000' }, options: { secure: false, httpOnly: true, sameSite: 'lax', path: '/' } })
})
