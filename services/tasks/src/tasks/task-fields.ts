import { unprocessable } from '../../problems.ts'
import type { TaskReplacement } from '../../contracts.ts'

/**
 * Brings what a client sends into the one form that is stored and logged: instants in UTC with milliseconds, time zones by
 * their canonical name, labels in one order.
 * @throws {Problem} unprocessable, naming the field and the remedy
 */
export function storedFields<T extends Partial<TaskReplacement>> (fields: T): T {
  const { due_at: dueAt, time_zone: timeZone, label_ids: labelIds } = fields
  return {
    ...fields,
    ...typeof dueAt === 'string' && { due_at: toInstant(dueAt) },
    ...typeof timeZone === 'string' && { time_zone: toTimeZone(timeZone, '/time_zone') },
    ...labelIds && { label_ids: [...new Set(labelIds.map((id) => id.toLowerCase()))].sort() },
  }
}

function toInstant (text: string): string {
  const instant = new Date(text)
  if (Number.isNaN(instant.getTime())) throw unprocessable('/due_at', 'not_date_time', 'due_at must be an instant that exists, such as 2026-01-31T09:00:00Z')
  return instant.toISOString()
}

/** The canonical name of a time zone. @throws {Problem} unprocessable, naming the field, for one that nobody knows */
export function toTimeZone (name: string, pointer: string): string {
  try {
    if (/^[+-]/.test(name)) throw new RangeError('An offset, whose sign PostgreSQL reads the other way round')
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    throw unprocessable(pointer, 'unknown_time_zone', 'time_zone must be the name of a time zone, such as Europe/Berlin')
  }
}
