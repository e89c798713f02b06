import { useHydrated } from './hydrated.ts'
import { useTimeZone } from './use-time-zone.ts'

const inWords = (instant: string, locale: string | undefined, timeZone: string | undefined) =>
  new Date(instant).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })

/**
 * An instant by the clock that its reader chose; without one by that of their device, or in UTC, saying so, where there is
 * no JavaScript to ask it.
 */
export function LocalTime ({ instant }: { instant: string }) {
  const isHydrated = useHydrated()
  const timeZone = useTimeZone()
  const text = isHydrated
    ? inWords(instant, undefined, timeZone)
    : timeZone === undefined ? `${inWords(instant, 'en-GB', 'UTC')} UTC` : inWords(instant, 'en-GB', timeZone)
  return <time dateTime={instant}>{text}</time>
}
