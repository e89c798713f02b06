import { unknownTimeZone } from '../../problems.ts'

/**
 * The one spelling of a time zone's name, as Intl gives it.
 * @throws {Problem} unknownTimeZone for what the runtime does not know
 */
export function canonicalTimeZone (name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (cause) {
    throw unknownTimeZone({ cause, errors: [{ pointer: '/time_zone', code: 'unknown_time_zone', detail: 'time_zone must be the name of a time zone, such as Europe/Berlin; null for that of the device' }] })
  }
}
