import { data, redirect } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'
import { type FormAnswer, keptValues } from './forms/form-answer.ts'
import { refusedForm } from './forms/refused-form.server.ts'
import { addSubtaskGuide, readAddSubtask, readCompletion, readTaskId } from './forms/task-forms.server.ts'
import type { BrowserContext } from './load-context.ts'

export const subtaskIntents = ['add-subtask', 'complete-subtask', 'delete-subtask']

/** Where it is asked what becomes of the open subtasks of a task that is to be completed; `next` is where to go on. */
export const askOfSubtasks = (id: string, next: string) => redirect(`/tasks/${id}/complete?${new URLSearchParams({ next })}`, 303)

/** True where a task was not completed because it has open subtasks, and nobody has said what becomes of them. */
export const hasOpenSubtasks = (error: unknown): boolean => isServiceProblem(error) && error.type.endsWith('/open-subtasks')

/** Adds a part to a task, or completes, reopens or deletes one. A new one belongs to the list that the task is in. */
export async function changeSubtasks ({ tasks, flash }: Pick<BrowserContext, 'tasks' | 'flash'>, id: string, intent: string, form: FormData) {
  const of = (answer: FormAnswer): FormAnswer => ({ ...answer, values: { ...answer.values, intent } })
  const back = () => redirect(`/tasks/${id}`, 303)
  try {
    if (intent === 'add-subtask') {
      const read = readAddSubtask(form)
      if (!read.ok) return data(of(read.answer), { status: 422 })
      const { task: { list_id: list } } = await tasks.get(id)
      const { task, change } = await tasks.create({ title: read.value.subtask, parent_id: id, ...list !== null && { list_id: list } })
      flash({ did: 'added', title: task.title, change })
    } else if (intent === 'complete-subtask') {
      const read = readCompletion(form)
      if (!read.ok) return data(of(read.answer), { status: 422 })
      try {
        const { task, change } = await tasks.complete(read.value.id, read.value.completed)
        flash({ did: task.completed ? 'completed' : 'reopened', title: task.title, change })
      } catch (error) {
        if (hasOpenSubtasks(error)) return askOfSubtasks(read.value.id, `/tasks/${id}`)
        throw error
      }
    } else {
      const read = readTaskId(form)
      if (!read.ok) return data(of(read.answer), { status: 422 })
      const { task } = await tasks.get(read.value.id)
      flash({ did: 'deleted', title: task.title, change: await tasks.remove(task.id) })
    }
    return back()
  } catch (error) {
    // A subtask that is gone is as good as deleted; the page shows what is there.
    if (intent !== 'add-subtask' && isServiceProblem(error) && error.status === 404) return back()
    return refusedForm(error, { ...keptValues(form), intent }, addSubtaskGuide)
  }
}
