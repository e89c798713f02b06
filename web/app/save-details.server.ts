import type { Task, TaskPatch } from '@daymark/tasks/contracts'
import { data, redirect } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'
import { type TaskRead, currentTask } from './api/tasks-client.server.ts'
import { dayInWords } from './components/due.tsx'
import { type DetailsAnswer, type DetailsField, priorityNames } from './components/task-details.tsx'
import { detailsEditionOf, readDetailsEdition } from './edition.server.ts'
import type { FormAnswer } from './forms/form-answer.ts'
import { refusedForm } from './forms/refused-form.server.ts'
import { editDetailsGuide, readEditDetails } from './forms/task-forms.server.ts'
import type { BrowserContext } from './load-context.ts'
import { instantOf, wallTimeAt } from './wall-clock.ts'

type Given = Extract<ReturnType<typeof readEditDetails>, { ok: true }>['value']
type Context = Pick<BrowserContext, 'tasks' | 'flash'>

/** Saves the details, unless somebody else has changed them since this form was made: then it shows both, and saves nothing. */
export async function saveDetails ({ tasks, flash }: Context, id: string, form: FormData) {
  // As one field, so that what was ticked comes back with a refusal.
  const ticked = form.getAll('label_ids').map(String).join(' ').trim()
  if (form.has('label_ids')) form.set('label_ids', ticked)
  const read = readEditDetails(form)
  const of = (answer: FormAnswer): DetailsAnswer => ({ ...answer, values: { ...answer.values, intent: 'details' } })
  const wrong = (errors: FormAnswer['errors'], problem?: string) => data<DetailsAnswer>(of({ values: read.ok ? read.values : read.answer.values, errors, ...problem !== undefined && { problem } }), { status: 422 })
  if (!read.ok) return data<DetailsAnswer>(of(read.answer), { status: 422 })
  const begun = readDetailsEdition(read.value.details_edition)
  if (!begun) return wrong({}, 'This form was not one of ours. Please reload the page and try again.')
  const due = dueOf(read.value)
  if ('errors' in due) return wrong(due.errors)

  const { priority, start_date: start, list_id: list, new_label: name } = read.value
  const fields: TaskPatch = { priority, start_date: start ?? null, ...due.fields, ...list !== undefined && { list_id: list } }
  const save = async (etag: string) => {
    const labelIds = [...new Set([...ticked.split(' ').filter(Boolean), ...name === undefined ? [] : [await labelCalled(tasks, name)]])]
    const { task, change } = await tasks.update(id, { ...fields, ...(form.has('label_ids') || name !== undefined) && { label_ids: labelIds } }, etag)
    flash({ did: 'saved', title: task.title, change, ...due.skipped && { skipped: read.value.due_time ?? '' } })
    return redirect(`/tasks/${id}`, 303)
  }
  const refused = (error: unknown) => refusedForm(error, { ...read.values, intent: 'details' }, editDetailsGuide)
  try {
    return await save(begun.etag)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 412) return refused(error)
    const current = currentTask(error) ?? await tasks.get(id)
    if (begun.isOf(current.task)) return await save(current.etag).catch(refused)
    const conflict = await differing(tasks, current, { ...current.task, ...fields, label_ids: ticked.split(' ').filter(Boolean) }, name)
    return data<DetailsAnswer>({ ...of({ values: { ...read.values, details_edition: detailsEditionOf(current) }, errors: {} }), conflict }, { status: 412 })
  }
}

/** What is to be stored of when it is due; or which field needs another look. */
function dueOf ({ due_date: date, due_time: time, time_zone: zone = 'UTC', due_was: was }: Given): { fields: Pick<TaskPatch, 'due_date' | 'due_at' | 'time_zone'>, skipped: boolean } | { errors: FormAnswer['errors'] } {
  const never = { due_at: null, time_zone: null }
  if (time === undefined) return { fields: { due_date: date ?? null, ...never }, skipped: false }
  if (date === undefined) return { errors: { due_date: 'Choose the day as well, or leave the time empty.' } }
  try {
    // Left as it was, it stays so to the second.
    const shown = was === undefined || Number.isNaN(Date.parse(was)) ? null : wallTimeAt(was, zone)
    const isLeft = shown?.date === date && shown.time === time
    const meant = isLeft ? { instant: was, comes: 'once' } : instantOf({ date, time }, zone)
    if (!meant) return { errors: { due_date: 'Write a day that there is, such as 2026-01-31, and a time, such as 09:30.' } }
    return { fields: { due_date: null, due_at: meant.instant, time_zone: zone }, skipped: meant.comes === 'never' }
  } catch {
    return { errors: { due_time: 'There is no such time zone. Please reload the page and try again.' } }
  }
}

/** The id of a label of that name, which is made if there is none. */
async function labelCalled (tasks: Context['tasks'], name: string): Promise<string> {
  try {
    return (await tasks.createLabel({ name })).label.id
  } catch (error) {
    const key = (text: string) => text.normalize('NFKC').toLowerCase()
    const known = isServiceProblem(error) && error.status === 409 ? (await tasks.labels()).find((label) => key(label.name) === key(name)) : undefined
    if (!known) throw error
    return known.id
  }
}

/** Both versions of the details, as people read them. */
async function differing (tasks: Context['tasks'], { task: theirs }: TaskRead, mine: Task, newLabel: string | undefined): Promise<NonNullable<DetailsAnswer['conflict']>> {
  const [lists, labels] = await Promise.all([tasks.lists(), tasks.labels()])
  const inWords = (task: Task): Record<DetailsField, string> => ({
    list_id: lists.find(({ id }) => id === task.list_id)?.name ?? '',
    priority: priorityNames[task.priority],
    due_date: task.due_at !== null && task.time_zone !== null ? timeInWords(task.due_at, task.time_zone) : task.due_date === null ? '' : dayInWords(task.due_date),
    start_date: task.start_date === null ? '' : dayInWords(task.start_date),
    label_ids: labels.filter(({ id }) => task.label_ids.includes(id)).map(({ name }) => name).join(', '),
  })
  const words = inWords(mine)
  return { theirs: inWords(theirs), mine: newLabel === undefined ? words : { ...words, label_ids: [words.label_ids, newLabel].filter(Boolean).join(', ') } }
}

function timeInWords (instant: string, zone: string): string {
  const { date, time } = wallTimeAt(instant, zone)
  return `${dayInWords(date)}, ${time} (${zone.replaceAll('_', ' ')})`
}

export interface DueShown {
  date: string
  time: string
  zone: string | null
  was: string
  /** Which one it is of a time that comes twice, as clocks are set back over it. */
  ofTwo: 'first' | 'second' | null
}

/** When a task is due, as its form shows it: by the clock it was planned by, else by that of the person; null leaves it to the device. */
export function dueShown ({ due_date: day, due_at: instant, time_zone: zone }: Pick<Task, 'due_date' | 'due_at' | 'time_zone'>, ownZone: string | null): DueShown {
  if (instant === null) return { date: day ?? '', time: '', zone: ownZone, was: '', ofTwo: null }
  const of = zone ?? ownZone ?? 'UTC'
  const wall = wallTimeAt(instant, of)
  const meant = instantOf(wall, of)
  return { ...wall, zone: of, was: instant, ofTwo: meant?.comes !== 'twice' ? null : Date.parse(instant) < Date.parse(meant.instant) + 60_000 ? 'first' : 'second' }
}
