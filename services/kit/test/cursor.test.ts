import t from 'tap'
import fc from 'fast-check'
import { createHmac } from 'node:crypto'
import { Cursors } from '../src/cursor.ts'
import type { Problem } from '../src/problem.ts'

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength, size: 'max' }).map((array) => Buffer.from(array))
const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 })

t.test('a cursor is a place behind its HMAC-SHA-256 with the query, whatever the length of the key', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(bytes(16, 200), texts, texts, (key, place, query) => {
    const bytes = Buffer.from(JSON.stringify(place))
    const mac = createHmac('sha256', key).update(JSON.stringify(query)).update(bytes).digest().subarray(0, 16)
    return new Cursors(key).write(place, query) === Buffer.concat([mac, bytes]).toString('base64url')
  })))
})

t.test('a cursor is read with its own query and any of the keys, and is written the same again', async (t) => {
  t.doesNotThrow(() => fc.assert(fc.property(bytes(32, 32), bytes(32, 32), texts, texts, texts, (old, key, place, query, other) => {
    const [before, after] = [new Cursors(old), new Cursors(key, old)]
    const cursor = before.write(place, query)
    const reads = (cursors: Cursors, asked: string[]) => {
      try {
        return JSON.stringify(cursors.read(cursor, asked)) === JSON.stringify(place)
      } catch (error) {
        return (error as Problem).slug
      }
    }
    return before.write([...place], [...query]) === cursor && [[place, other], [other, query]].every(([at = [], of = []]) => before.write(at, of) === new Cursors(old).write(at, of)) &&
      reads(before, query) === true && reads(after, query) === true &&
      reads(after, other) === (JSON.stringify(other) === JSON.stringify(query) ? true : 'invalid-cursor') &&
      reads(new Cursors(key), query) === (key.equals(old) ? true : 'invalid-cursor')
  })))
})
