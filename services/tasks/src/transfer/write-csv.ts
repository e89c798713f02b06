import type { StoredLabel, StoredList, StoredTask } from './queries.ts'

const columns = [
  'id', 'list', 'parent_id', 'title', 'description', 'completed_at', 'priority', 'due_date', 'due_at', 'time_zone', 'start_date', 'labels', 'created_at', 'updated_at', 'deleted_at',
] as const

/**
 * What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"); so does what begins with
 * one, so that taking the first apostrophe away gives back what was there.
 */
const harmless = (text: string) => /^[=+\-@\t\r\n'＝＋－＠]/.test(text) ? `'${text}` : text

/** A line of a CSV file (RFC 4180). */
const line = (cells: readonly string[]) => cells.map((cell) => /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join() + '\r\n'

/** A byte order mark, without which spreadsheets do not see that it is UTF-8, and the names of the columns. */
export const csvHeader = `\uFEFF${line(columns)}`

/** A task as a line, with the names of its list and its labels. */
export function csvLine (task: StoredTask, lists: ReadonlyMap<string, StoredList>, labels: ReadonlyMap<string, StoredLabel>): string {
  const cells: Record<typeof columns[number], string | null> = {
    ...task,
    list: lists.get(task.list_id ?? '')?.name ?? null,
    labels: task.label_ids.map((id) => labels.get(id)?.name ?? '').join(', '),
  }
  return line(columns.map((name) => harmless(cells[name] ?? '')))
}
