import t from 'tap'
import fc from 'fast-check'
import { safeNext } from '../app/safe-next.ts'

for (const path of ['/dashboard', '/dashboard?show=done', '/tasks/1?a=b&c=%2F#top', '/', '/caf%C3%A9']) {
  t.test(`SEC-79: ${path} is gone on to`, async (t) => { t.equal(safeNext(path), path) })
}

const elsewhere = [
  null, undefined, '', 'dashboard', '//evil.example', '///evil.example', '/\\evil.example', '\\\\evil.example', '/\\/evil.example', 'https://evil.example',
  'javascript:alert(1)', 'data:text/html,x', '/\t/evil.example', '/\n/evil.example', '\t//evil.example', '/%2Fevil.example', '/%2f%2fevil.example',
  '/%5Cevil.example', '/%255Cevil.example', '/%252Fevil.example', '/.//evil.example', '/..//evil.example', '/%00', '/%zz', '/a/\u007f', `/${'a'.repeat(3000)}`,
]
for (const next of elsewhere) {
  t.test(`SEC-79: ${JSON.stringify(next)?.slice(0, 40)} falls back`, async (t) => { t.equal(safeNext(next), '/dashboard') })
}

t.test('SEC-79: whatever is asked for, a browser stays on this site', async () => {
  const parts = fc.constantFrom('/', '\\', '.', '%2f', '%5c', '%25', 'evil.example', '@', ':', 'https:', '\t', '\r\n', '?', '#', 'a', ' ')
  fc.assert(fc.property(fc.oneof(fc.string(), fc.array(parts, { maxLength: 8 }).map((list) => list.join(''))), (next) => {
    const target = safeNext(next)
    const url = new URL(target, 'https://daymark.example')
    return url.origin === 'https://daymark.example' && target.startsWith('/') && !target.startsWith('//')
  }), { numRuns: 2000 })
})
