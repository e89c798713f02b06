/**
 * Keys of a manual order: text that is compared byte by byte, read as the digits of a fraction, so that there is always room
 * between two (fractional indexing, as described by David Greenspan, "Implementing Fractional Indexing", 2020). Those made
 * here end with a letter: none is another one, or one that a new task gets, with zeros behind it.
 */
const digits = '0123456789abcdefghijklmnopqrstuvwxyz'
const last = digits.length

/** A key between two others; null for the end of the order on that side. */
export const between = (low: string | null, high: string | null): string => `${middle(low ?? '', high)}i`

/** Keys grow where things are moved to one place over and over; a column has room for 300 characters. */
const longest = 200

/** Whether keys that were made to lie between two others do so, and are short enough. There may be no room: nothing comes before `0`, nor between `1` and `10`. */
export const hasRoomFor = (keys: readonly string[], low: string | null, high: string | null): boolean =>
  keys.every((key, n) => key.length <= longest && key > (keys[n - 1] ?? low ?? '')) && (high === null || (keys.at(-1) ?? '') < high)

/** So many keys between two others, in order, spread evenly. */
export function spread (low: string | null, high: string | null, count: number): string[] {
  if (count === 0) return []
  const key = between(low, high)
  const before = Math.floor((count - 1) / 2)
  return [...spread(low, key, before), key, ...spread(key, high, count - 1 - before)]
}

/** The shortest digits between two fractions; no digits are zero, null is one. */
function middle (low: string, high: string | null): string {
  const [digit, ...rest] = high ?? ''
  if (digit !== undefined && digit === (low[0] ?? '0')) return digit + middle(low.slice(1), rest.join(''))
  const [from, to] = [digits.indexOf(low[0] ?? '0'), digit === undefined ? last : digits.indexOf(digit)]
  if (to - from > 1) return digits[Math.floor((from + to) / 2)]!
  return digits[from]! + middle(low.slice(1), null)
}
