import { hash, timingSafeEqual } from 'node:crypto'
import { onceEach } from './once-each.ts'
import { invalidCursor } from './problem.ts'

/** The place after which the next page begins: the keys of the sort order, the last of which breaks ties. */
export type Place = readonly string[]

/**
 * Cursors are opaque to clients, signed, and bound to the query they came from: another user's, or one of another filter,
 * is refused rather than quietly wrong.
 */
export class Cursors {
  readonly #keys: readonly [PaddedKey, ...PaddedKey[]]

  /** A page that is asked for again ends where it did. */
  readonly #written = onceEach((place: Place, query: readonly string[]) => {
    const bytes = Buffer.from(JSON.stringify(place))
    return Buffer.concat([mac(this.#keys[0], bytes, query), bytes]).toString('base64url')
  }, 10_000)

  /** @param keys the first signs, each is accepted: so that instances may learn a new one one after the other */
  constructor (...keys: [Buffer, ...Buffer[]]) {
    const [first, ...others] = keys
    this.#keys = [padded(first), ...others.map(padded)]
  }

  /** @param query everything that decides which rows are listed in which order; the tenant, if there is one, first */
  write (place: Place, query: readonly string[]): string {
    return this.#written(JSON.stringify([place, query]), place, query)
  }

  /** @throws {Problem} invalidCursor */
  read (cursor: string, query: readonly string[]): Place {
    const bytes = Buffer.from(cursor, 'base64url')
    const [given, place] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)]
    const isOurs = given.length === macBytes && this.#keys.some((key) => timingSafeEqual(given, mac(key, place, query)))
    if (isOurs) return JSON.parse(place.toString()) as Place
    throw invalidCursor({ errors: [{ pointer: '/querystring/cursor', code: 'invalid_cursor', detail: 'cursor must be the next_cursor of the same query: begin again without one' }] })
  }

  /** The page that `found` begins, of which there is one row more than `limit` where another page follows. */
  page<T> (found: readonly T[], limit: number, placeOf: (last: T) => Place, query: readonly string[]): { items: T[], next_cursor: string | null } {
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return { items, next_cursor: last && found.length > limit ? this.write(placeOf(last), query) : null }
  }
}

const macBytes = 16
const blockBytes = 64

/** A key as HMAC takes it: filled up to a block, with either pad over it (RFC 2104 section 2). */
interface PaddedKey { inner: Buffer, outer: Buffer }

function padded (key: Buffer): PaddedKey {
  const block = Buffer.concat([key.length > blockBytes ? sha256(key) : key], blockBytes)
  return { inner: block.map((byte) => byte ^ 0x36) as Buffer, outer: block.map((byte) => byte ^ 0x5c) as Buffer }
}

const sha256 = (...parts: Buffer[]) => hash('sha256', Buffer.concat(parts), 'buffer')

/** HMAC-SHA-256 of two hashes in one call each: under load the objects of `createHmac` take four times as long. */
const mac = ({ inner, outer }: PaddedKey, place: Buffer, query: readonly string[]) =>
  sha256(outer, sha256(inner, Buffer.from(JSON.stringify(query)), place)).subarray(0, macBytes)
