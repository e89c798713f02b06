import { type BulkAction, type BulkChange, bulkActions, type BulkResult, type TaskFilter } from '@daymark/tasks/contracts'
import { type ActionFunctionArgs, data, redirect } from '@remix-run/node'
import type { TaskFlash } from '../session/flash.ts'
import { isServiceProblem } from './api/service-problem.ts'
import type { FormAnswer } from './forms/form-answer.ts'
import { refusedForm } from './forms/refused-form.server.ts'
import { readBulk } from './forms/task-forms.server.ts'
import { isId } from './is-id.ts'

/** Where tasks are chosen. */
interface Choice {
  actions: readonly BulkAction[]
  /** All that are there. */
  filter: TaskFilter
  /** What to say where all are too many. */
  tooMany: string
  /** Where it goes on when they are changed. */
  onward: string
}

/** What can be done to tasks that are not in the trash. */
export const actionsOnTasks = bulkActions.filter((action) => action !== 'restore')

const deeds: Record<BulkAction, TaskFlash['did']> = {
  complete: 'completed', reopen: 'reopened', move: 'moved', label: 'changed', unlabel: 'changed', prioritise: 'changed', reschedule: 'changed', delete: 'deleted', restore: 'restored',
}

/** What each action takes of the form, and what to say where that is missing. */
const needs: Partial<Record<BulkAction, { field: 'list_id' | 'label_id', problem: string }>> = {
  move: { field: 'list_id', problem: 'Choose the list to move them to.' },
  label: { field: 'label_id', problem: 'Choose the label to put on them.' },
  unlabel: { field: 'label_id', problem: 'Choose the label to take off them.' },
}

/** Changes the tasks that were chosen, as one change to take back; what was chosen comes back with a refusal. */
export async function changeChosen (form: FormData, { tasks, flash }: Pick<ActionFunctionArgs['context'], 'tasks' | 'flash'>, { actions, filter, tooMany, onward }: Choice) {
  const ids = form.getAll('ids').map(String)
  form.delete('ids')
  const read = readBulk(form)
  const refused = (problem: string | undefined, values: FormAnswer['values']) =>
    data<FormAnswer>({ values: { ...values, ids: ids.join(' '), intent: 'bulk' }, errors: {}, ...problem !== undefined && { problem } }, { status: 422 })
  if (!read.ok) return refused(read.answer.problem ?? Object.values(read.answer.errors)[0], read.answer.values)
  const { all, ...fields } = read.value
  const action = fields.action as BulkAction
  if (!actions.includes(action)) return refused(notOurs, read.values)
  if (all !== 'true' && ids.length === 0) return refused('Choose at least one task first.', read.values)
  if (ids.length > 1000) return refused('Choose 1,000 tasks at most.', read.values)
  if (!ids.every(isId)) return refused(notOurs, read.values)
  const need = needs[action]
  if (need && fields[need.field] === undefined) return refused(need.problem, read.values)

  const change: BulkChange = {
    action,
    ...all === 'true' ? { filter } : { ids: [...new Set(ids)] },
    ...need && { [need.field]: fields[need.field] },
    ...action === 'prioritise' && { priority: fields.priority },
    ...action === 'reschedule' && { due_date: fields.due_date ?? null },
    ...action === 'complete' && fields.subtasks !== undefined && { subtasks: fields.subtasks as 'keep' | 'complete' },
  }
  try {
    flash(bulkFlash(action, await tasks.bulk(change)))
  } catch (error) {
    const code = isServiceProblem(error) ? error.errors[0]?.code : undefined
    if (code === 'too_many') return refused(tooMany, read.values)
    return refusedForm(error, { ...read.values, ids: ids.join(' '), intent: 'bulk' })
  }
  return redirect(onward, 303)
}

const notOurs = 'This form was not one of ours. Please reload the page and try again.'

/** What to tell of a change of many tasks: how many, and which were not changed, and why. */
export function bulkFlash (action: BulkAction, { change_seq: change, items }: BulkResult): TaskFlash {
  const left = new Map<string, number>()
  for (const { changed, code } of items) if (!changed) left.set(code ?? 'same', (left.get(code ?? 'same') ?? 0) + 1)
  const reasons = [...left].map(([code, count]) => (reasonsLeft[code] ?? reasonsLeft['other'] ?? String)(count))
  return { did: deeds[action], title: '', count: items.filter(({ changed }) => changed).length, change, ...reasons.length > 0 && { left: `Left as they were: ${reasons.join('; ')}.` } }
}

const have = (count: number) => count === 1 ? 'has' : 'have'
const reasonsLeft: Record<string, (count: number) => string> = {
  same: (count) => `${count} that ${count === 1 ? 'was' : 'were'} so already`,
  not_found: (count) => `${count} that ${count === 1 ? 'is' : 'are'} gone`,
  open_subtasks: (count) => `${count} that ${have(count)} open subtasks`,
  too_many_labels: (count) => `${count} that ${have(count)} 50 labels already`,
  other: (count) => `${count} that could not be changed`,
}
