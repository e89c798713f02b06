import { createHmac, timingSafeEqual } from 'node:crypto'
import { invalidCursor } from '../../problems.ts'

/** The place after which the next page begins: a key of the sort order and the id that breaks its ties. */
export interface Place { key: string, id: string }

/**
 * Cursors are opaque to clients, signed, and bound to the query they came from: another user's, or one of another filter,
 * is refused rather than quietly wrong.
 */
export class Cursors {
  readonly #key: Buffer

  constructor (key: Buffer) {
    this.#key = key
  }

  /** @param query everything that decides which rows are listed in which order, the tenant first */
  write ({ key, id }: Place, query: readonly string[]): string {
    const place = Buffer.from(JSON.stringify([key, id]))
    return Buffer.concat([this.#mac(place, query), place]).toString('base64url')
  }

  /** @throws {Problem} invalidCursor */
  read (cursor: string, query: readonly string[]): Place {
    const bytes = Buffer.from(cursor, 'base64url')
    const [mac, place] = [bytes.subarray(0, 16), bytes.subarray(16)]
    if (mac.length !== 16 || !timingSafeEqual(mac, this.#mac(place, query))) {
      throw invalidCursor({ errors: [{ pointer: '/querystring/cursor', code: 'invalid_cursor', detail: 'cursor must be the next_cursor of the same query: begin again without one' }] })
    }
    const [key, id] = JSON.parse(place.toString()) as [string, string]
    return { key, id }
  }

  #mac (place: Buffer, query: readonly string[]): Buffer {
    return createHmac('sha256', this.#key).update(JSON.stringify(query)).update(place).digest().subarray(0, 16)
  }
}
