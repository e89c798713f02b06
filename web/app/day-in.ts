/** The day that an instant falls on by the calendar of a zone; of this machine's without one. */
export function dayIn (timeZone: string | undefined, instant: Date): string {
  const parts = new Intl.DateTimeFormat('en', { calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).formatToParts(instant)
  return (['year', 'month', 'day'] as const).map((wanted) => parts.find(({ type }) => type === wanted)?.value).join('-')
}
