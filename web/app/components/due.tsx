import { useHydrated } from './hydrated.ts'

const inWords = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

/** A day as people write it. */
export const dayInWords = (day: string) => inWords.format(new Date(`${day}T00:00:00Z`))

/** When a task is due, and in words whether that is today or past; by the reader's calendar, or by UTC without JavaScript. */
export function Due ({ day, completed }: { day: string, completed: boolean }) {
  const isHydrated = useHydrated()
  const now = new Date()
  const today = isHydrated
    ? [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
    : now.toISOString().slice(0, 10)
  const isOverdue = !completed && day < today
  return (
    <span className='due' data-overdue={isOverdue || undefined}>
      {isOverdue ? 'Overdue since ' : 'Due '}<time dateTime={day}>{day === today ? 'today' : dayInWords(day)}</time>
    </span>
  )
}
