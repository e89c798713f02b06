import { useHydrated } from './hydrated.ts'

const inUtc = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })

/** An instant as its reader's clock shows it; in UTC, and saying so, where there is no JavaScript to ask that clock. */
export function LocalTime ({ instant }: { instant: string }) {
  const isHydrated = useHydrated()
  const date = new Date(instant)
  return (
    <time dateTime={instant}>
      {isHydrated ? date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : `${inUtc.format(date)} UTC`}
    </time>
  )
}
