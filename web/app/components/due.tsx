import { useHydrated } from './hydrated.ts'
import { useTimeZone } from './use-time-zone.ts'

const inWords = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

/** A day as people write it. */
export const dayInWords = (day: string) => inWords.format(new Date(`${day}T00:00:00Z`))

/** The day that an instant falls on by the calendar of a zone; of this machine's without one. */
function dayIn (timeZone: string | undefined, instant: Date): string {
  const parts = new Intl.DateTimeFormat('en', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).formatToParts(instant)
  return (['year', 'month', 'day'] as const).map((wanted) => parts.find(({ type }) => type === wanted)?.value).join('-')
}

/**
 * When a task is due, and in words whether that is today or past: by the calendar of the zone that the reader chose, without
 * one by that of their device, or by UTC where there is no JavaScript.
 */
export function Due ({ day, completed }: { day: string, completed: boolean }) {
  const isHydrated = useHydrated()
  const timeZone = useTimeZone() ?? (isHydrated ? undefined : 'UTC')
  const today = dayIn(timeZone, new Date())
  const isOverdue = !completed && day < today
  return (
    <span className='due' data-overdue={isOverdue || undefined}>
      {isOverdue ? 'Overdue since ' : 'Due '}<time dateTime={day}>{day === today ? 'today' : dayInWords(day)}</time>
    </span>
  )
}
