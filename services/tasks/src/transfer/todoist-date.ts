/** When something is due, as a task says it. */
export interface Due { due_date: string | null, due_at: string | null, time_zone: string | null }

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const time = '(?:[T ]+(?<hour>\\d{1,2}):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:\\.\\d+)?)?(?<offset>Z|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)?)?'
const month = '(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?'
const forms = [
  `^(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)${time}$`,
  `^(?<day>\\d{1,2}) ${month},? (?<year>\\d{4})${time}$`,
  `^${month} (?<day>\\d{1,2}),? (?<year>\\d{4})${time}$`,
].map((form) => new RegExp(form, 'i'))

/**
 * Reads a date of Todoist's that can mean one thing alone: a day with its year, by numbers or by the English name of the month, with or
 * without a time. Null for every other: what recurs, what is told from today on, what another language names, a time of no known
 * place, a day or an hour that there is not.
 */
export function readTodoistDate (text: string, zone: string | null): Due | null {
  const found = forms.map((form) => form.exec(text.trim())?.groups).find((groups) => groups !== undefined)
  if (!found) return null
  const number = (name: string) => Number(found[name] ?? 0)
  const day = Date.UTC(number('year'), found['name'] === undefined ? number('month') - 1 : months.indexOf(found['name'].slice(0, 3).toLowerCase()), number('day'))
  const written = new Date(day)
  if (Number.isNaN(day) || number('year') < 1000 || written.getUTCDate() !== number('day') || written.getUTCFullYear() !== number('year')) return null
  if (found['hour'] === undefined) return { due_date: written.toISOString().slice(0, 10), due_at: null, time_zone: null }
  if (number('hour') > 23 || number('minute') > 59 || number('second') > 59) return null
  const wall = day + ((number('hour') * 60 + number('minute')) * 60 + number('second')) * 1000
  const instant = found['offset'] === undefined ? zone === null ? null : instantAt(wall, zone) : wall - offsetOf(found['offset'])
  return instant === null || isBeyondFourDigits(instant) ? null : { due_date: null, due_at: new Date(instant).toISOString(), time_zone: zone ?? 'UTC' }
}

/** What no task can be due at: an offset leads out of the years that have four digits. */
const isBeyondFourDigits = (instant: number) => new Date(instant).getUTCFullYear() > 9999

function offsetOf (offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset)!
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** The instant at which clocks in a zone show a time, the first where they show it twice; null where they skip it. */
function instantAt (wall: number, zone: string): number | null {
  const shownAt = (instant: number) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
      .formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    return Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'], parts['second'])
  }
  const dayLong = 86_400_000
  const offsets = new Set([wall - dayLong, wall + dayLong].map((instant) => shownAt(instant) - instant))
  const candidates = [...offsets].map((offset) => wall - offset).filter((instant) => shownAt(instant) === wall)
  return candidates.length > 0 ? Math.min(...candidates) : null
}
