import { dayIn } from '../day-in.ts'
import { useHydrated } from './hydrated.ts'
import { useTimeZone } from './use-time-zone.ts'

const inWords = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

/** A day as people write it. */
export const dayInWords = (day: string) => inWords.format(new Date(`${day}T00:00:00Z`))

/**
 * When a task is due, and in words whether that is today or past: by the calendar of the zone that the reader chose, without
 * one by that of their device, or by UTC where there is no JavaScript.
 */
export function Due ({ day: givenDay, instant, completed }: { day: string | null, instant: string | null, completed: boolean }) {
  const isHydrated = useHydrated()
  const timeZone = useTimeZone() ?? (isHydrated ? undefined : 'UTC')
  const now = new Date()
  const today = dayIn(timeZone, now)
  const day = instant === null ? givenDay : dayIn(timeZone, new Date(instant))
  if (day === null) return null
  const isOverdue = !completed && (instant === null ? day < today : new Date(instant) < now)
  const time = instant === null ? '' : `, ${new Date(instant).toLocaleTimeString('en-GB', { timeStyle: 'short', timeZone })}${isHydrated || timeZone !== 'UTC' ? '' : ' UTC'}`
  return (
    <span className='due' data-overdue={isOverdue || undefined}>
      {isOverdue ? 'Overdue since ' : 'Due '}<time dateTime={instant ?? day}>{day === today ? 'today' : dayInWords(day)}{time}</time>
    </span>
  )
}
