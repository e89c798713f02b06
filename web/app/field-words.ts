import type { Task } from '@daymark/tasks/contracts'

/** What the log of changes calls the fields of a task. */
export type LoggedField = Exclude<keyof Task, 'id' | 'user_id' | 'completed' | 'version' | 'created_at' | 'updated_at'> | 'deleted_at'

const names: Record<LoggedField, string> = {
  title: 'title',
  description: 'description',
  list_id: 'list',
  parent_id: 'parent task',
  priority: 'priority',
  due_date: 'due day',
  due_at: 'due time',
  time_zone: 'time zone',
  start_date: 'first day',
  label_ids: 'labels',
  position: 'place in the order',
  completed_at: 'completion',
  deleted_at: 'place in the trash',
}

export const isLoggedField = (field: string): field is LoggedField => Object.hasOwn(names, field)

export const fieldName = (field: LoggedField): string => names[field]

/** Some fields as one says it in a sentence, with its verb: “its title and its priority were”. */
export function fieldsInWords (fields: readonly string[]): string {
  const known = [...new Set(fields.filter(isLoggedField).map((field) => names[field]))]
  if (known.length === 0) return 'it was'
  const listed = new Intl.ListFormat('en').format(known.map((name) => `its ${name}`))
  return `${listed} ${known.length > 1 || known[0]?.endsWith('s') ? 'were' : 'was'}`
}
