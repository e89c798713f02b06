import type { CommonQueryMethods } from 'slonik'
import type { Change, Undone } from '../../contracts.ts'
import { changeNotFound, refusal, undoConflict } from '../../problems.ts'
import { authorOf, type Origin } from './origin.ts'
import { portions } from './portions.ts'
import { listGroup, listLaterChanges, listNeeds, listStranded } from './queries.ts'
import { type Author, changeLabels, changeLists, changeTasks, type Edit, editsGiven } from './write-statements.ts'

type Outcome = Undone['items'][number]
type Later = Awaited<ReturnType<typeof listLaterChanges>>[number]
const changers = { task: changeTasks, list: changeLists, label: changeLabels }

/**
 * Takes back a change, or all that were made together with it, as one group of changes in the log again; so undoing that is
 * redoing. A change whose fields were changed later, and not back, stands; of a group the others are taken back all the same.
 * Behind the tenant's lock; not one statement.
 * @throws {Problem} changeNotFound; undoConflict where nothing could be taken back
 */
export async function undoChange (db: CommonQueryMethods, origin: Origin, seq: number): Promise<Undone> {
  const author = authorOf(origin)
  const group = await listGroup(db, { user_id: author.user_id, seq })
  if (group.length === 0) throw changeNotFound()
  const verdicts = await judge(db, author, group)
  const outcomes = new Map<number, Outcome>(group.map((change) => [change.seq, outcomeOf(change, verdicts.get(change.seq) ?? null)]))

  let first: number | undefined
  const possible = group.filter((change) => !verdicts.has(change.seq))
  const returning = possible.filter(isReturn).map(({ object_id: id }) => id)
  for (const changes of rounds(possible)) {
    const [{ object_type: type } = { object_type: 'task' as const }] = changes
    const homes = type === 'task' ? await homesOf(db, author, changes, returning) : new Map<string, object>()
    const edits = changes.map((change) => ({ id: change.object_id, patch: { ...reverseOf(change), ...homes.get(change.object_id) }, trashed: null, undoes: change.seq }) satisfies Edit)
    const rows = await changers[type](db, editsGiven(edits), { ...author, group_seq: first })
    const changeOf = new Map(changes.map((change) => [change.object_id, change]))
    for (const { id, problem, seq: made } of rows) {
      const change = changeOf.get(id)
      if (change) outcomes.set(change.seq, problem === null ? { ...outcomeOf(change, null), undone: true } : outcomeOf(change, { code: problem, conflict_seq: null }))
      if (made !== null) first = Math.min(first ?? made, made)
    }
  }

  const items = [...outcomes.values()]
  if (!items.some(({ undone }) => undone)) throw refusalOf(group, items)
  return { change_seq: first ?? null, items }
}

interface Verdict { code: string, conflict_seq: number | null }

/** What stands in the way of each change that cannot be taken back, as far as the log tells. */
async function judge (db: CommonQueryMethods, { user_id }: Author, group: readonly Change[]): Promise<Map<number, Verdict>> {
  const verdicts = new Map<number, Verdict>()
  const laterOf = new Map<string, Later[]>()
  for (const object_ids of portions([...new Set(group.map(({ object_id: id }) => id))])) {
    for (const later of await listLaterChanges(db, { user_id, after: group[0]?.seq ?? 0, object_ids })) laterOf.set(later.object_id, [...laterOf.get(later.object_id) ?? [], later])
  }
  for (const change of group) {
    const later = laterOf.get(change.object_id) ?? []
    const purge = change.action === 'purged' ? change : later.find(({ action }) => action === 'purged')
    if (purge) {
      verdicts.set(change.seq, { code: 'purged', conflict_seq: purge.seq })
      continue
    }
    const fields = Object.keys(reverseOf(change))
    if (change.undone_by !== null) {
      verdicts.set(change.seq, { code: 'already_undone', conflict_seq: change.undone_by })
      continue
    }
    const standing = stillStanding(later.filter((other) => other.seq > change.seq), change.seq)
    const conflict = standing.findLast(({ fields: touched }) => touched.some((field) => fields.includes(field)))
    if (fields.length === 0) verdicts.set(change.seq, { code: 'forgotten', conflict_seq: null })
    else if (conflict) verdicts.set(change.seq, { code: 'changed_later', conflict_seq: conflict.seq })
  }
  for (const { seq } of await stillNeeded(db, user_id, group.filter(({ seq }) => !verdicts.has(seq)))) verdicts.set(seq, { code: 'still_needed', conflict_seq: null })
  return verdicts
}

/** What refers to an object of each type. */
const references = { task: 'parent_id', list: 'list_id', label: 'label_ids' }

/**
 * Of changes by whose taking back objects would go, those whose object something else needs, which stays or comes back by no other of
 * them; what is needed by those alone that go goes with them. Of more that need it than there are changes at least one stays, so
 * no more are looked at.
 */
async function stillNeeded (db: CommonQueryMethods, user_id: string, changes: readonly Change[]): Promise<Change[]> {
  const removals = changes.filter(isRemoval)
  const leaving = new Map(removals.map((change) => [change.object_id, change]))
  const reverses = new Map(changes.filter((change) => !isRemoval(change)).map((change) => [change.object_id, reverseOf(change)]))
  /** Whether what needs an object will not any more, by another of the changes. */
  const letsGo = (by: string, { object_type: type, object_id: id }: Change) => {
    const after = reverses.get(by)?.[references[type]]
    return after !== undefined && ![after].flat().includes(id)
  }
  const needs = new Map<string, Change[]>()
  for (const ids of portions([...leaving.keys()])) {
    for (const { id, by } of await listNeeds(db, { user_id, ids, most: changes.length + 1 })) {
      const removal = leaving.get(id)
      if (removal && !letsGo(by, removal)) needs.set(by, [...needs.get(by) ?? [], removal])
    }
  }
  const needed = new Set<Change>()
  const staying = [...needs.keys()].filter((by) => !leaving.has(by))
  for (let by = staying.pop(); by !== undefined; by = staying.pop()) {
    for (const removal of needs.get(by) ?? []) {
      if (!needed.has(removal)) staying.push(removal.object_id)
      needed.add(removal)
    }
  }
  return [...needed]
}

/** Of changes after `seq`, newest first, those whose effect is still there: one taken back and the one that did so are not. */
function stillStanding<T extends { seq: number, undoes: number | null }> (later: readonly T[], seq: number): T[] {
  const takenBack = new Set<number>()
  return later.filter((change) => {
    if (takenBack.has(change.seq)) return false
    if (change.undoes === null) return true
    takenBack.add(change.undoes)
    return change.undoes < seq
  })
}

/** The patch that takes a change back. What was made goes to the trash. */
const reverseOf = ({ action, before }: Change): Record<string, unknown> => action === 'created' ? { deleted: true } : before

const isReturn = (change: Change) => reverseOf(change)['deleted_at'] === null
const isRemoval = (change: Change) => change.action === 'created' || typeof change.before['deleted_at'] === 'string'

/**
 * What tasks that come back are then, of those whose list, parent or label is gone: in the Inbox, tasks of their own, without the label. A
 * parent that is `returning`, be it in a later round, is not gone.
 */
async function homesOf (db: CommonQueryMethods, { user_id }: Author, changes: readonly Change[], returning: readonly string[]): Promise<Map<string, object>> {
  const ids = changes.filter(isReturn).map(({ object_id: id }) => id)
  const stranded = ids.length > 0 ? await listStranded(db, { user_id, ids, returning }) : []
  return new Map(stranded.map(({ id, lost_list: isListLost, lost_parent: isParentLost, lost_labels: areLabelsLost, inbox_id, labels_left }) =>
    [id, { ...isListLost && { list_id: inbox_id }, ...isParentLost && { parent_id: null }, ...areLabelsLost && { label_ids: labels_left } }]))
}

/**
 * In which order changes are taken back, those of one round in one statement: first what comes back and others may refer to,
 * last what goes. Moves below another task are made one by one, since each has to see those before it.
 */
function rounds (changes: readonly Change[]): Change[][] {
  const isNow = ({ action, object_type: type, before }: Change) => type !== 'task' && action === 'deleted' && before['deleted_at'] === null
  const [backFirst, tasks, others] = [changes.filter(isNow), changes.filter(({ object_type: type }) => type === 'task'), changes.filter((change) => change.object_type !== 'task' && !isNow(change))]
  const isMove = ({ before, action }: Change) => action !== 'created' && 'parent_id' in before
  return [
    ...oneKindEach(backFirst),
    tasks.filter((change) => !isMove(change)),
    ...tasks.filter(isMove).map((change) => [change]),
    ...oneKindEach(others),
  ].flatMap(portions)
}

const oneKindEach = (changes: Change[]) => (['list', 'label'] as const).map((kind) => changes.filter(({ object_type: type }) => type === kind))

const outcomeOf = ({ seq, object_type, object_id }: Change, verdict: Verdict | null): Outcome =>
  ({ seq, object_type, object_id, undone: false, code: verdict?.code ?? null, conflict_seq: verdict?.conflict_seq ?? null })

const sentences: Record<string, (seq: number | null) => string> = {
  already_undone: (seq) => `Change ${seq} has taken it back already.`,
  changed_later: (seq) => `Change ${seq} came later and changed the same: take that back first.`,
  still_needed: () => 'What would go is in use by now: move or delete first what needs it.',
  purged: (seq) => `Change ${seq} deleted it for good: that cannot be taken back, nor anything before it.`,
  forgotten: () => 'What was there before is not kept any more.',
}

function refusalOf ([change]: readonly Change[], items: readonly Outcome[]) {
  const { code, conflict_seq: seq } = items[0] ?? { code: null, conflict_seq: null }
  const sentence = sentences[code ?? '']
  if (!change || code === null || !sentence) return code === null ? undoConflict() : refusal(code)
  const detail = sentence(seq)
  const current: Undone = { change_seq: null, items: [...items] }
  return undoConflict({ detail, current, errors: Object.keys(change.after).map((field) => ({ pointer: `/${field}`, code, detail })) })
}
