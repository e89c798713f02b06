import fc from 'fast-check'
import t from 'tap'
import { instantOf, wallTimeAt } from '../app/wall-clock.ts'

t.test('FR-273: an hour that comes twice is the first, and one that never comes is as long after', async (t) => {
  const at = (date: string, time: string, zone: string) => instantOf({ date, time }, zone)
  t.same(at('2026-01-31', '09:00', 'Europe/Berlin'), { instant: '2026-01-31T08:00:00.000Z', comes: 'once' })
  t.same(at('2026-03-29', '02:30', 'Europe/Berlin'), { instant: '2026-03-29T01:30:00.000Z', comes: 'never' })
  t.same(wallTimeAt('2026-03-29T01:30:00.000Z', 'Europe/Berlin'), { date: '2026-03-29', time: '03:30' })
  t.same(at('2026-10-25', '02:30', 'Europe/Berlin'), { instant: '2026-10-25T00:30:00.000Z', comes: 'twice' })
  t.same(at('2026-03-08', '02:15', 'America/New_York'), { instant: '2026-03-08T07:15:00.000Z', comes: 'never' })
  t.same(at('2026-10-04', '02:15', 'Australia/Lord_Howe'), { instant: '2026-10-03T15:45:00.000Z', comes: 'never' }, 'where the step is half an hour')
  t.same(at('2011-12-30', '12:00', 'Pacific/Apia')?.comes, 'never', 'a day that Samoa left out')
  t.same(at('2026-02-30', '12:00', 'UTC'), null)
  t.same(at('2026-02-28', '24:30', 'UTC'), null)
  t.throws(() => at('2026-02-28', '12:00', 'Nowhere/Land'), RangeError)
})

t.test('FR-273: what a clock shows leads back to an instant at which it shows that', async () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Chatham', 'America/St_Johns')
  const minutes = fc.integer({ min: Date.UTC(1990, 0) / 60_000, max: Date.UTC(2037, 0) / 60_000 })
  fc.assert(fc.property(zones, minutes, (zone, minute) => {
    const instant = new Date(minute * 60_000).toISOString()
    const wall = wallTimeAt(instant, zone)
    const meant = instantOf(wall, zone)
    if (meant === null || meant.comes === 'never') return false
    const shown = wallTimeAt(meant.instant, zone)
    return shown.date === wall.date && shown.time === wall.time && (meant.comes === 'twice' ? meant.instant <= instant : meant.instant === instant)
  }), { numRuns: 2000 })
})
