import { randomUUID } from 'node:crypto'
import type { ExportedTask } from '../contracts.ts'

/** A file with nothing in it. */
export const empty = { format: 'daymark.tasks', version: 1, inbox: { name: 'Inbox', colour: 'grey' }, lists: [], labels: [], tasks: [] }
export const moment = '2026-01-31T09:00:00.000Z'
/** What an object was, before it came into the file. */
export const past = { version: 3, created_at: '2025-01-31T09:00:00.000Z', updated_at: moment, deleted_at: null }
/** A task as a file of ours tells it. */
export const exportedTask = (fields: Partial<ExportedTask> = {}): ExportedTask => ({
  id: randomUUID(),
  list_id: 'inbox',
  parent_id: null,
  title: 'Water the plants',
  description: '',
  completed_at: null,
  priority: 'none',
  due_date: null,
  due_at: null,
  time_zone: null,
  start_date: null,
  label_ids: [],
  position: 'm1',
  ...past,
  ...fields,
})
