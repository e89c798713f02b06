import type { Change, Priority } from '@daymark/tasks/contracts'
import type { TaskFlash } from '../session/flash.ts'
import type { TasksClient } from './api/tasks-client.server.ts'
import { isServiceProblem } from './api/service-problem.ts'
import { priorityNames } from './components/task-details.tsx'
import { fieldName, isLoggedField, type LoggedField } from './field-words.ts'

/** A value as the page shows it: a text as it is, a day and an instant by the clock of who reads. */
export interface Shown { kind: 'text' | 'words' | 'day' | 'instant', value: string }

/** One field that a change set: from what, to what; null where there was nothing. */
export interface Fact { name: string, from: Shown | null, to: Shown | null }

/** One change of a task, as its page tells it. */
export interface HistoryEntry {
  seq: number
  at: string
  what: string
  facts: Fact[]
  isGrouped: boolean
  /** The change that it takes back. */
  undoes: number | null
  /** The change by which it was taken back. */
  undoneBy: number | null
  /** What a button that takes it back says of it; null where that cannot be. */
  undo: Pick<TaskFlash, 'did' | 'again'> | null
}

/** The task that a history is of: in the lists, in the trash, or gone for good. */
export interface HistorySubject { title: string | null, state: 'there' | 'trashed' | 'gone' }

/** Looks for a task where it may be. */
export async function subjectOf (tasks: TasksClient, id: string): Promise<HistorySubject> {
  const unlessGone = (error: unknown) => {
    if (isServiceProblem(error) && error.status === 404) return null
    throw error
  }
  const there = await tasks.get(id).catch(unlessGone)
  if (there) return { title: there.task.title, state: 'there' }
  const trashed = await tasks.trashed(id).catch(unlessGone)
  return trashed ? { title: trashed.title, state: 'trashed' } : { title: null, state: 'gone' }
}

const whole: Record<string, { what: string, did: TaskFlash['did'] }> = {
  created: { what: 'Added', did: 'added' },
  completed: { what: 'Completed', did: 'completed' },
  reopened: { what: 'Reopened', did: 'reopened' },
  deleted: { what: 'Moved to the trash', did: 'deleted' },
  restored: { what: 'Brought back from the trash', did: 'restored' },
  purged: { what: 'Deleted for good', did: 'purged' },
}

/** Tells changes of one task, newest first, in words; looks lists and labels up by name where one was touched. */
export async function entriesOf (tasks: TasksClient, changes: readonly Change[], { state }: HistorySubject): Promise<HistoryEntry[]> {
  const touches = (field: LoggedField) => changes.some(({ after, before }) => field in after || field in before)
  const [lists, labels] = await Promise.all([touches('list_id') ? tasks.lists() : [], touches('label_ids') ? tasks.labels() : []])
  const names = new Map([...lists, ...labels].map(({ id, name }) => [id, name]))
  const inbox = lists.find(({ is_inbox: isInbox }) => isInbox)?.id
  return changes.map((change, n) => {
    const canUndo = state !== 'gone' && change.action !== 'purged' && change.undone_by === null &&
      (change.action === 'created' ? state === 'there' : !isInTheWay(change, changes.slice(0, n)))
    return {
      seq: change.seq,
      at: change.changed_at,
      what: whatOf(change),
      facts: factsOf(change, names).filter(({ field, to }) => change.action !== 'created' || (to !== null && !(field === 'list_id' && change.after[field] === inbox))),
      isGrouped: change.group_seq !== null,
      undoes: change.undoes,
      undoneBy: change.undone_by,
      undo: canUndo ? deedOf(change, changes) : null,
    }
  })
}

/** Whether one of the `newer` changes, the newest first, still stands and touched the same: the service would refuse. */
function isInTheWay ({ seq, before }: Change, newer: readonly Change[]): boolean {
  const takenBack = new Set<number>()
  return newer.some((change) => {
    if (takenBack.has(change.seq)) return false
    if (change.undoes !== null) takenBack.add(change.undoes)
    return (change.undoes === null || change.undoes < seq) && Object.keys(change.after).some((field) => field in before)
  })
}

/** What was done by a change in the end: an undo is told by what it took back, as far as that is on the page. */
function deedOf (change: Change, changes: readonly Change[], isTakenBack = false): Pick<TaskFlash, 'did' | 'again'> {
  const earlier = change.undoes === null ? undefined : changes.find(({ seq }) => seq === change.undoes)
  if (earlier) return deedOf(earlier, changes, !isTakenBack)
  return { did: whole[change.action]?.did ?? 'saved', again: isTakenBack ? 'undone' : undefined }
}

function whatOf ({ action, after }: Change): string {
  const known = whole[action]
  if (known) return known.what
  const fields = [...new Set(Object.keys(after).filter(isLoggedField).map(fieldName))]
  if (fields.length === 1 && fields[0] === fieldName('position')) return 'Moved in the order'
  const listed = new Intl.ListFormat('en').format(fields)
  return `${listed.charAt(0).toUpperCase()}${listed.slice(1)} changed`
}

/** Said by what was done, or by nobody: where a task stands in the order is a key that no person reads. */
const untold: readonly LoggedField[] = ['position', 'deleted_at']

function factsOf ({ action, before, after }: Change, names: ReadonlyMap<string, string>): Array<Fact & { field: LoggedField }> {
  const fields = Object.keys(after).filter(isLoggedField).filter((field) => !untold.includes(field) && !(field === 'completed_at' && action !== 'updated'))
  return fields.map((field) => ({ field, name: fieldName(field), from: shown(field, before[field], names), to: shown(field, after[field], names) }))
}

function shown (field: LoggedField, value: unknown, names: ReadonlyMap<string, string>): Shown | null {
  if (Array.isArray(value)) return value.length === 0 ? null : { kind: 'text', value: value.map((id) => names.get(String(id)) ?? 'a label that is gone').join(', ') }
  if (typeof value !== 'string' || value === '') return null
  if (field === 'due_date' || field === 'start_date') return { kind: 'day', value }
  if (field === 'due_at' || field === 'completed_at') return { kind: 'instant', value }
  if (field === 'parent_id') return { kind: 'words', value: 'another task' }
  if (field === 'priority') return value === 'none' ? null : { kind: 'words', value: priorityNames[value as Priority].toLowerCase() }
  if (field !== 'list_id') return { kind: 'text', value }
  const name = names.get(value)
  return name === undefined ? { kind: 'words', value: 'a list that is gone' } : { kind: 'text', value: name }
}
