import type { FieldError } from '@daymark/kit/field-errors'
import type { CommonQueryMethods } from 'slonik'
import type { ImportReport } from '../../contracts.ts'
import type { New } from '../changes/write-statements.ts'
import { hasRoomFor, spread } from '../order/keys.ts'
import { newestKey, type Ordered, orderedLists, orderedTasks, placesBehind } from '../order/queries.ts'
import { inboxPlace, type ImportFile, type Item, type TaskItem } from './import-file.ts'
import type { ObjectKind } from './parse-file.ts'
import { allLabels, allLists, findTasks, labelKeys, type StoredTask } from './queries.ts'

/** How many are written by one statement. */
export const chunkSize = 250
const lookUp = 1000
const mostNotes = 200

/** What is to be done, and what is told of it. */
export interface Plan {
  lists: New[]
  labels: New[]
  /** Each chunk by one statement, parents before their subtasks. */
  tasks: New[][]
  /** What the Inbox is to become, where it still is as it was made. */
  inbox: { id: string, patch: Record<string, unknown> } | null
  report: Omit<ImportReport, 'dry_run' | 'change_seq'>
}

/**
 * Says what bringing a file in would do to an account as it is now: what is new, what is there already, be it the same or another by
 * now, and what cannot be. What is there is never changed, but for an Inbox that nobody has touched. Reads only.
 */
export async function planImport (db: CommonQueryMethods, user_id: string, file: ImportFile): Promise<Plan> {
  const count = (kind: ObjectKind) => ({ created: 0, present: 0, differing: 0, refused: file.refused[kind] })
  const report: Plan['report'] = { inbox: 'unchanged', lists: count('lists'), labels: count('labels'), tasks: count('tasks'), notes: [], notes_left_out: 0 }
  const note = ({ pointer }: { pointer: string }, field: string, code: string, detail: string) => { tell(report, { pointer: pointer + field, code, detail }) }
  for (const one of file.notes) tell(report, one)
  const refuse = (kind: ObjectKind, item: Item, field: string, code: string, detail: string) => {
    report[kind].refused++
    note(item, field, code, detail)
  }

  const stored = { lists: await allLists(db, { user_id }), labels: await allLabels(db, { user_id }) }
  const inbox = stored.lists.find(({ is_inbox: isInbox }) => isInbox)

  /** Tells of one that is there already. */
  const found = (kind: ObjectKind, item: Item, existing: { deleted_at: string | null }, fields = item.fields) => {
    const differing = Object.keys(fields).filter((name) => JSON.stringify(fields[name]) !== JSON.stringify(existing[name as 'deleted_at']))
    report[kind][differing.length === 0 ? 'present' : 'differing']++
    if (differing.length === 0) return
    if (existing.deleted_at !== null && fields['deleted_at'] !== existing.deleted_at) note(item, '', 'in_trash', `is deleted here: it is left so${kind === 'tasks' ? '; bring it back from the trash' : ''}`)
    else note(item, '', 'differs', `is there already, and another by now (${differing.join(', ')}): it is left as it is`)
  }

  const inboxId = inbox?.id ?? inboxPlace
  /** Every list and label that there is or will be, by the id that the file says, and whether it is deleted. */
  const lists = new Map<string, Place>([[inboxPlace, { id: inboxId, isDeleted: false }], ...stored.lists.map(placeOf)])
  const newLists: New[] = []
  const seen = new Set<string>()
  for (const item of file.lists) {
    const existing = stored.lists.find(({ id }) => id === item.id)
    if (seen.has(item.id)) refuse('lists', item, '/id', 'duplicate', 'id stands in the file twice: the first counts')
    else if (existing) found('lists', item, existing)
    else {
      newLists.push(added(item))
      lists.set(item.id, { id: item.id, isDeleted: isDeleted(item) })
      report.lists.created++
    }
    seen.add(item.id)
  }

  const labels = new Map(stored.labels.map(placeOf))
  const live = stored.labels.filter(({ deleted_at: at }) => at === null)
  const keys = await labelKeys(db, [...live, ...file.labels.map(({ fields }) => fields as { name: string })].map(({ name }) => name))
  const byName = new Map(live.map(({ id }, index) => [keys[index]!, id]))
  const newLabels: New[] = []
  seen.clear()
  for (const [index, item] of file.labels.entries()) {
    const key = keys[live.length + index]!
    const existing = stored.labels.find(({ id }) => id === item.id)
    const namesake = isDeleted(item) ? undefined : byName.get(key)
    if (seen.has(item.id)) refuse('labels', item, '/id', 'duplicate', 'id stands in the file twice: the first counts')
    else if (existing) {
      found('labels', item, existing)
      if (existing.deleted_at !== null && namesake !== undefined) labels.set(item.id, { id: namesake, isDeleted: false })
    } else if (namesake !== undefined) {
      labels.set(item.id, { id: namesake, isDeleted: false })
      report.labels.present++
    } else {
      newLabels.push(added(item))
      labels.set(item.id, { id: item.id, isDeleted: isDeleted(item) })
      if (!isDeleted(item)) byName.set(key, item.id)
      report.labels.created++
    }
    seen.add(item.id)
  }

  const tasks = await tasksHere(db, user_id, file.tasks)
  /** Every task that is or will be there, and whether it is in the trash. */
  const known = new Map([...tasks.values()].map(placeOf))
  const chunks: New[][] = []
  let chunk: New[] = []
  for (const { item, isInCircle } of inOrder(file.tasks, (item) => { refuse('tasks', item, '/id', 'duplicate', 'id stands in the file twice: the first counts') })) {
    if (isInCircle) {
      refuse('tasks', item, '/parent_id', 'cycle', 'parent_id must not be the task itself or one of its own subtasks')
      continue
    }
    const { list_id: listId, parent_id: parentId, label_ids: labelIds } = item.fields
    const [list, parent, carried] = [lists.get(listId ?? ''), known.get(parentId ?? ''), labelIds.map((id) => labels.get(id))]
    const isLost = (place: Place | undefined) => place?.isDeleted === true && !isDeleted(item)
    const kept = carried.filter((label) => label !== undefined && !isLost(label)) as Place[]
    const fields = {
      ...item.fields,
      list_id: isLost(list) ? inboxId : list?.id ?? null,
      parent_id: isLost(parent) ? null : parentId,
      label_ids: [...new Set(kept.map(({ id }) => id))].sort(),
    }
    const existing = tasks.get(item.id)
    if (existing) {
      found('tasks', item, existing, fields)
      continue
    }
    const problem: readonly [string, string, string] | null = listId !== null && !list
      ? ['/list_id', 'unknown_list', 'list_id must be the id of a list that is in the file or there already']
      : carried.includes(undefined)
        ? ['/label_ids', 'unknown_label', 'label_ids must be ids of labels that are in the file or there already']
        : parentId !== null && !parent
          ? ['/parent_id', 'unknown_parent', 'parent_id must be the id of a task that is brought in or there already']
          : null
    if (problem) {
      refuse('tasks', item, ...problem)
      continue
    }
    if (isLost(list)) note(item, '/list_id', 'list_deleted', 'names a list that is deleted: the task comes to the Inbox')
    if (isLost(parent)) note(item, '/parent_id', 'parent_deleted', 'names a task that is in the trash: the task comes as one of its own')
    if (carried.some(isLost)) note(item, '/label_ids', 'label_deleted', 'names a label that is deleted: the task comes without it')
    known.set(item.id, { id: item.id, isDeleted: isDeleted(item) })
    report.tasks.created++
    if (chunk.length === chunkSize) {
      chunks.push(chunk)
      chunk = []
    }
    chunk.push(added({ ...item, fields }))
  }
  if (chunk.length > 0) chunks.push(chunk)

  if (file.isUnplaced) {
    for (const [ordered, news] of [[orderedLists, newLists], [orderedTasks, chunks.flat()]] as const) {
      const keys = await keysBeforeAll(db, ordered, user_id, news.length)
      for (const [index, one] of news.entries()) one.fields['position'] = keys[index]
    }
  }

  const isFresh = inbox === undefined || inbox.version === 1
  const inboxDiffers = file.inbox !== null && (file.inbox.name !== (inbox?.name ?? 'Inbox') || file.inbox.colour !== (inbox?.colour ?? 'grey'))
  if (inboxDiffers) {
    report.inbox = isFresh ? 'changed' : 'differs'
    if (!isFresh) note({ pointer: '' }, '/inbox', 'differs', 'is another here: it is left as it is')
  }
  return {
    lists: newLists,
    labels: newLabels,
    tasks: chunks,
    inbox: inboxDiffers && isFresh ? { id: inbox?.id ?? '', patch: { ...file.inbox } } : null,
    report,
  }
}

function tell (report: Plan['report'], error: FieldError): void {
  if (report.notes.length < mostNotes) report.notes.push(error)
  else report.notes_left_out++
}

/** What something refers to: a task that is not deleted refers to nothing that is. */
interface Place { id: string, isDeleted: boolean }
const placeOf = ({ id, deleted_at: at }: { id: string, deleted_at: string | null }): [string, Place] => [id, { id, isDeleted: at !== null }]
const isDeleted = ({ fields }: Item) => (fields['deleted_at'] ?? null) !== null

const added = ({ id, fields, preset }: Item): New => ({ id, fields: { ...preset, ...fields } })

/** Those tasks of a file, and those that its tasks are part of, that are there already. */
async function tasksHere (db: CommonQueryMethods, user_id: string, items: readonly TaskItem[]): Promise<Map<string, StoredTask>> {
  const ids = [...new Set(items.flatMap(({ id, fields: { parent_id: parent } }) => parent === null ? [id] : [id, parent]))]
  const here = new Map<string, StoredTask>()
  for (let from = 0; from < ids.length; from += lookUp) {
    for (const task of await findTasks(db, { user_id, ids: ids.slice(from, from + lookUp) })) here.set(task.id, task)
  }
  return here
}

/** Keys in order that come before all there are, as far as there is room; what is new later comes before them. */
async function keysBeforeAll (db: CommonQueryMethods, ordered: Ordered, user_id: string, count: number): Promise<string[]> {
  const anywhere = { user_id, id: '00000000-0000-0000-0000-000000000000', limit: 1 }
  const [first] = await placesBehind(db, ordered, { ...anywhere, of: null })
  const newest = await newestKey(db)
  const [low, high] = [first === undefined || newest < first.position ? newest : null, first?.position ?? null]
  const keys = spread(low, high, count)
  if (hasRoomFor(keys, low, high)) return keys
  const [next] = await placesBehind(db, ordered, { ...anywhere, of: { id: anywhere.id, position: newest } })
  return spread(newest, next?.position ?? null, count)
}

/** The tasks of a file, each once and behind the one it is part of; those that are part of each other cannot come. */
function * inOrder (items: readonly TaskItem[], onDuplicate: (item: TaskItem) => void): Generator<{ item: TaskItem, isInCircle: boolean }> {
  const byId = new Map<string, TaskItem>()
  for (const item of items) {
    if (byId.has(item.id)) onDuplicate(item)
    else byId.set(item.id, item)
  }
  const placed = new Set<string>()
  for (const item of byId.values()) {
    const chain = new Map<string, TaskItem>()
    let at: TaskItem | undefined = item
    while (at && !placed.has(at.id) && !chain.has(at.id)) {
      chain.set(at.id, at)
      at = byId.get(at.fields.parent_id ?? '')
    }
    const path = [...chain.values()].reverse()
    const circle = at && chain.has(at.id) ? path.indexOf(at) + 1 : 0
    for (const [index, one] of path.entries()) {
      placed.add(one.id)
      yield { item: one, isInCircle: index < circle }
    }
  }
}
