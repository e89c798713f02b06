import { randomBytes } from 'node:crypto'

const wellFormed = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The W3C trace context to go on with: a given one if it is well-formed, else the beginning of a new trace. */
export function traceParent (given: string | undefined): string {
  if (given !== undefined && wellFormed.test(given)) return given
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
}
