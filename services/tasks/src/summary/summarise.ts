import { etagOfQuery, isKnown } from '@daymark/kit/etag'
import { asUser } from '@daymark/kit/scope'
import type { DatabasePool } from 'slonik'
import type { Summary } from '../../contracts.ts'
import { lastChange } from '../changes/queries.ts'
import { toTimeZone } from '../tasks/task-fields.ts'
import { countTasks } from './queries.ts'

/**
 * How many tasks there are, of whatever can be counted; null where the caller has that already. It depends on the day it is
 * where the caller lives, and so does its ETag.
 * @throws {Problem} unprocessable for a time zone that nobody knows
 */
export async function summarise (
  pool: DatabasePool, { user_id, time_zone: given, now, ifNoneMatch }: { user_id: string, time_zone: string, now: Date, ifNoneMatch: string | undefined },
): Promise<{ summary: Summary | null, etag: string }> {
  const time_zone = toTimeZone(given, '/querystring/time_zone')
  const today = dayIn(time_zone, now)
  const etagAt = (seq: number) => etagOfQuery([seq, today], [user_id, 'summary', time_zone])
  return await asUser(user_id, async () => {
    if (ifNoneMatch !== undefined) {
      const etag = etagAt(await lastChange(pool, { user_id }))
      if (isKnown(ifNoneMatch, etag)) return { summary: null, etag }
    }
    const counts = await countTasks(pool, { user_id, time_zone, today })
    const total = (of: string) => counts.find((count) => count.of === of) ?? { open: 0, completed: 0 }
    const due = (bucket: string) => counts.find(({ of, what }) => of === 'due' && what === bucket)?.open ?? 0
    const each = (kind: string) => counts.filter(({ of, what }) => of === kind && what !== null).map(({ what, open, completed }) => ({ id: what ?? '', open, completed })).sort((a, b) => a.id < b.id ? -1 : 1)
    const { open, completed } = total('state')
    const trashed = total('trashed')
    const summary = {
      today,
      time_zone,
      state: { open, completed, trashed: trashed.open + trashed.completed },
      due: { overdue: due('overdue'), today: due('today'), soon: due('soon'), later: due('later'), none: due('none') },
      lists: each('list'),
      labels: each('label'),
    }
    return { summary, etag: etagAt(counts[0]?.seq ?? 0) }
  })
}

/** The day it is in a time zone, such as 2026-01-31. */
function dayIn (timeZone: string, now: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(now)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}
