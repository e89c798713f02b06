import t from 'tap'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { formTokens } from '../session/form-token.ts'
import { isSameOrigin } from '../session/request-origin.ts'

const key = randomBytes(32)
const tokens = formTokens([key])

t.test('SEC-73: a token counts for its own session alone', async (t) => {
  const token = tokens.issue('session:1')
  t.ok(tokens.accepts(token, 'session:1'))
  t.notOk(tokens.accepts(token, 'session:2'))
  t.notOk(tokens.accepts(token, 'visit:1'))
  t.notOk(formTokens([randomBytes(32)]).accepts(token, 'session:1'))
})

t.test('SEC-73: after a rotation, tokens of the older key count still', async (t) => {
  t.ok(formTokens([randomBytes(32), key]).accepts(tokens.issue('session:1'), 'session:1'))
})

t.test('a token is another one each time', async (t) => {
  t.not(tokens.issue('session:1'), tokens.issue('session:1'))
})

t.test('SEC-73: nothing made up is a token', async () => {
  const real = Buffer.from(tokens.issue('session:1'), 'base64url')
  fc.assert(fc.property(fc.oneof(fc.string(), fc.uint8Array({ minLength: 48, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64url'))), (text) => !tokens.accepts(text, 'session:1')))
  fc.assert(fc.property(fc.nat(real.length * 8 - 1), (bit) => {
    const forged = Buffer.from(real)
    forged[bit >> 3]! ^= 1 << (bit & 7)
    return !tokens.accepts(forged.toString('base64url'), 'session:1')
  }))
})

const origin = 'https://tasks.example.com'
const cases = [
  { headers: { 'sec-fetch-site': 'same-origin' }, passes: true },
  { headers: { 'sec-fetch-site': 'same-origin', origin }, passes: true },
  { headers: { origin }, passes: true },
  { headers: { 'sec-fetch-site': 'same-site', origin }, passes: false },
  { headers: { 'sec-fetch-site': 'cross-site', origin }, passes: false },
  { headers: { 'sec-fetch-site': 'none', origin }, passes: false },
  { headers: { 'sec-fetch-site': 'same-origin', origin: 'null' }, passes: false },
  { headers: { origin: 'null' }, passes: false },
  { headers: { origin: 'https://tasks.example.com.evil.example' }, passes: false },
  { headers: { origin: 'http://tasks.example.com' }, passes: false },
  { headers: { origin: `${origin}:444` }, passes: false },
  { headers: { referer: `${origin}/dashboard` }, passes: false },
  { headers: {}, passes: false },
]
for (const { headers, passes } of cases) {
  t.test(`SEC-72: ${JSON.stringify(headers)} ${passes ? 'passes' : 'is refused'}`, async (t) => { t.equal(isSameOrigin(headers, origin), passes) })
}
