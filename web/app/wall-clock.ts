/** What a clock on the wall of a time zone shows: a day, and the time of it to the minute. */
export interface WallTime { date: string, time: string }

const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor (timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en', {
    timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  })
  formats.set(timeZone, format)
  return format
}

/** The clock of a zone as if it were UTC, in milliseconds. @throws {RangeError} for a zone that nobody knows */
function wallMs (instant: number, timeZone: string): number {
  const part = Object.fromEntries(formatFor(timeZone).formatToParts(instant).map(({ type, value }) => [type, Number(value)])) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second)
}

/** What the clock of a zone shows at an instant. @throws {RangeError} for a zone that nobody knows */
export function wallTimeAt (instant: string, timeZone: string): WallTime {
  const [date = '', time = ''] = new Date(wallMs(Date.parse(instant), timeZone)).toISOString().split('T')
  return { date, time: time.slice(0, 5) }
}

export interface Meant {
  instant: string
  /** `twice` where clocks are set back over that time; `never` where they are set forward past it. */
  comes: 'once' | 'twice' | 'never'
}

/**
 * The instant at which the clock of a zone shows that time. Where it comes twice the first is meant; where it never comes, as long
 * after the clocks were set forward as it would have been, as RFC 5545 has it. Null for a day or a time that is none.
 * @throws {RangeError} for a zone that nobody knows
 */
export function instantOf ({ date, time }: WallTime, timeZone: string): Meant | null {
  const wall = Date.parse(`${date}T${time}Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== date) return null
  const day = 86_400_000
  // No zone sets its clocks twice within two days: one of the offsets around is the one that counts.
  const [before = 0, after = 0] = [wall - day, wall + day].map((around) => wallMs(around, timeZone) - around)
  const matching = [...new Set([wall - before, wall - after])].filter((instant) => wallMs(instant, timeZone) === wall)
  const meant = matching.length === 0 ? wall - before : Math.min(...matching)
  return { instant: new Date(meant).toISOString(), comes: matching.length === 0 ? 'never' : matching.length === 1 ? 'once' : 'twice' }
}
