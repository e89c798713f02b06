import type { TestDatabase } from '@daymark/kit/test-database'

type Fields = Record<string, unknown>
export interface Change extends Fields { seq: string, group_seq: string | null, undoes: string | null, object_type: string, object_id: string, action: string, before: Fields, after: Fields, actor_id: string, request_id: string, changed_at: Date }

/** The whole log of a user, oldest first. */
export const changesOf = (database: TestDatabase, { id }: { id: string }) => database.asSuperuser<Change>('SELECT * FROM tasks.changes WHERE user_id = $1 ORDER BY seq', [id])

const text = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`
const stored = {
  task: `SELECT id, list_id, parent_id, title, description, priority, due_date::text, ${text('due_at')}, time_zone, start_date::text, label_ids::text[], position,
    ${text('completed_at')}, ${text('deleted_at')}, version, created_at, updated_at FROM tasks.tasks WHERE user_id = $1 ORDER BY id`,
  list: `SELECT id, name, is_inbox, colour, position, archived, ${text('deleted_at')}, version, created_at, updated_at FROM tasks.lists WHERE user_id = $1 ORDER BY id`,
  label: `SELECT id, name, colour, ${text('deleted_at')}, version, created_at, updated_at FROM tasks.labels WHERE user_id = $1 ORDER BY id`,
}
const unsaid: Record<string, Fields> = {
  task: { list_id: null, parent_id: null, due_date: null, due_at: null, time_zone: null, start_date: null, completed_at: null, deleted_at: null },
  list: { is_inbox: false, deleted_at: null },
  label: { deleted_at: null },
}

/** Every object of a user, the trash included, as it is stored. */
export async function stateOf (database: TestDatabase, { id }: { id: string }) {
  const [task, list, label] = await Promise.all([stored.task, stored.list, stored.label].map((query) => database.asSuperuser<Fields>(query, [id])))
  return { task, list, label }
}

/** The objects that a log tells of, built from nothing. */
export function replay (changes: Change[]) {
  const objects: Record<string, Map<string, Fields>> = { task: new Map(), list: new Map(), label: new Map() }
  for (const { object_type: type, object_id: id, action, after, changed_at } of changes) {
    const of = objects[type]!
    if (action === 'purged') {
      of.delete(id)
      continue
    }
    const object = action === 'created' ? { id, ...unsaid[type], version: 0, created_at: changed_at } : of.get(id)!
    // What was brought in from elsewhere says what it was there.
    const { version = Number(object.version) + 1, created_at: created = object.created_at, updated_at: updated = changed_at, ...fields } = after
    of.set(id, { ...object, ...fields, version, created_at: new Date(created as Date), updated_at: new Date(updated as Date) })
  }
  const sorted = (type: string) => [...objects[type]!.values()].sort((a, b) => String(a['id']) < String(b['id']) ? -1 : 1)
  return { task: sorted('task'), list: sorted('list'), label: sorted('label') }
}
