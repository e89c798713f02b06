import type { CommonQueryMethods } from 'slonik'
import type { BulkAction, BulkChange, BulkResult, TaskFilter } from '../../contracts.ts'
import { unprocessable } from '../../problems.ts'
import { changeTogether } from '../changes/change-together.ts'
import { authorOf, type Origin } from '../changes/origin.ts'
import { findLabel } from '../labels/queries.ts'
import { bulkEdits, type Wish } from './bulk-queries.ts'
import { findTaskIds } from './list-queries.ts'
import { storedFields, toTimeZone } from './task-fields.ts'

const most = 1000

/**
 * Changes many tasks at once, as one group of changes to take back; each that cannot be changed says why, and the others
 * are. Behind the tenant's lock; not one statement.
 * @throws {Problem} unprocessable, naming the field: what the action needs or does not know, a filter that finds too many, a
 *   list or a label that is not there
 */
export async function changeMany (db: CommonQueryMethods, origin: Origin, change: BulkChange): Promise<BulkResult> {
  const author = authorOf(origin)
  const wish = wishOf(change)
  const ids = (change.ids ?? await found(db, author.user_id, change)).map((id) => id.toLowerCase())
  // Taking a label off that nobody has would change nothing, and look like success.
  if (wish.action === 'unlabel' && !await findLabel(db, { user_id: author.user_id, id: wish.label_id })) throw unknownLabel()
  if (ids.length === 0) return { change_seq: null, items: [] }
  const rows = await changeTogether(db, bulkEdits({ user_id: author.user_id, ids }, wish), author)

  const unknown = rows.find(({ problem }) => problem === 'unknown_list' || problem === 'unknown_label')?.problem
  if (unknown === 'unknown_list') throw unprocessable('/list_id', unknown, 'list_id must be the id of one of your lists')
  if (unknown === 'unknown_label') throw unknownLabel()

  const became = new Map(rows.map(({ id, problem, seq, version }) => [id, { id, changed: seq !== null, code: problem, version }]))
  const asked = ids.map((id) => became.get(id) ?? { id, changed: false, code: 'not_found', version: null })
  for (const id of ids) became.delete(id)
  const seqs = rows.flatMap(({ seq }) => seq === null ? [] : [seq])
  return { change_seq: seqs.length > 0 ? Math.min(...seqs) : null, items: [...asked, ...became.values()] }
}

const unknownLabel = () => unprocessable('/label_id', 'unknown_label', 'label_id must be the id of one of your labels')

async function found (db: CommonQueryMethods, user_id: string, { action, filter = {} }: BulkChange): Promise<readonly string[]> {
  const { status = 'all', time_zone: given = 'UTC', ...conditions }: TaskFilter = filter
  const time_zone = given === 'UTC' ? given : toTimeZone(given, '/filter/time_zone')
  const ids = await findTaskIds(db, { ...conditions, user_id, status, time_zone, words: [], trashed: action === 'restore', limit: most + 1 })
  if (ids.length > most) throw unprocessable('/filter', 'too_many', `filter must find at most ${most} tasks: narrow it, or send the ids in parts`)
  return ids
}

const due = ['due_date', 'due_at', 'time_zone'] as const
/** What goes with each action, and whether it must be there. */
const needs: Record<BulkAction, Partial<Record<keyof BulkChange, 'needed' | 'may be'>>> = {
  complete: { subtasks: 'may be' },
  reopen: {},
  move: { list_id: 'needed' },
  label: { label_id: 'needed' },
  unlabel: { label_id: 'needed' },
  prioritise: { priority: 'needed' },
  reschedule: { due_date: 'may be', due_at: 'may be', time_zone: 'may be' },
  delete: {},
  restore: {},
}

/** @throws {Problem} unprocessable, naming the field */
function wishOf (change: BulkChange): Wish {
  const { action, ids, filter, subtasks, list_id, label_id = '', priority, ...rest } = change
  if (ids && filter) throw unprocessable('/filter', 'with_ids', 'filter and ids exclude each other: leave one out')
  if (!ids && !filter) throw unprocessable('/ids', 'required', 'ids or filter must say which tasks; the filter {} finds all')
  const known = needs[action]
  for (const name of ['subtasks', 'list_id', 'label_id', 'priority', ...due] as const) {
    if (change[name] === undefined && known[name] === 'needed') throw unprocessable(`/${name}`, 'required', `${name} must be there: ${action} needs it`)
    if (change[name] !== undefined && known[name] === undefined) throw unprocessable(`/${name}`, 'unexpected', `${name} must be left out: ${action} does not know it`)
  }
  switch (action) {
    case 'complete': return { action, subtasks }
    case 'reopen': case 'delete': case 'restore': return { action }
    case 'label': case 'unlabel': return { action, label_id: label_id.toLowerCase() }
    case 'move': return { action, patch: { list_id: list_id?.toLowerCase() } }
    case 'prioritise': return { action, patch: { priority } }
    case 'reschedule': return { action, patch: reschedule(rest) }
  }
}

/** Due on a day, at an instant in a time zone, or not at all: what is not said is taken away. */
function reschedule ({ due_date = null, due_at = null, time_zone = null }: Pick<BulkChange, typeof due[number]>) {
  if (due_date !== null && due_at !== null) throw unprocessable('/due_date', 'due_twice', 'due_date and due_at exclude each other: leave one out')
  if ((due_at === null) !== (time_zone === null)) throw unprocessable('/time_zone', 'zone_without_instant', 'time_zone and due_at go together: send both, or neither')
  return storedFields({ due_date, due_at, time_zone })
}
