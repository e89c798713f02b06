import type { Undone } from '@daymark/tasks/contracts'
import type { TaskFlash } from '../session/flash.ts'
import { standingInTheWay, type TasksClient } from './api/tasks-client.server.ts'
import { isServiceProblem } from './api/service-problem.ts'
import { fieldsInWords } from './field-words.ts'
import type { UndoAnswer } from './forms/form-answer.ts'

/** What to tell of an undo: of one task by its title, of more by how many they were. */
export function undoneFlash ({ change_seq: change, items }: Undone, told: Pick<TaskFlash, 'did' | 'title' | 'again'>): TaskFlash {
  const count = new Set(items.flatMap(({ object_type: type, object_id: id, undone }) => type === 'task' && undone ? [id] : [])).size
  const kept = items.filter(({ undone }) => !undone).length
  return { ...told, change, ...(count > 1 || told.title === '') && { count }, ...kept > 0 && { left: `Left as they are: ${kept} that ${kept === 1 ? 'was' : 'were'} changed again since.` } }
}

/** Why a change cannot be taken back, in words that name what stands in the way, and where that is told; null for any other error. */
export async function undoRefusal (error: unknown, title: string, tasks: TasksClient): Promise<UndoAnswer | null> {
  if (!isServiceProblem(error)) return null
  if (error.status === 404) return { values: {}, errors: {}, problem: 'That is not on record any more, and cannot be taken back.' }
  const item = error.status === 409 ? standingInTheWay(error)?.[0] : undefined
  if (!item) return null
  const it = title === '' ? 'It' : `“${title}”`
  const conflict = item.code === 'changed_later' && item.conflict_seq !== null ? await tasks.change(item.conflict_seq) : null
  const changed = error.errors.map(({ pointer }) => pointer.slice(1)).filter((field) => conflict && field in conflict.after)
  const sentences: Record<string, string> = {
    already_undone: `${it} is as it was before already: that was taken back.`,
    changed_later: `${it} stays as it is: ${fieldsInWords(changed)} changed again later. Take that back first.`,
    still_needed: item.object_type === 'task' ? `${it} has subtasks by now. Move or delete those first.` : `${it} has tasks by now. Move or delete those first.`,
    purged: `${it} was deleted for good. That cannot be taken back.`,
    forgotten: 'What was there before is not kept any more, and cannot be brought back.',
  }
  const problem = sentences[item.code ?? '']
  if (problem === undefined) return null
  const history = item.object_type === 'task' ? `/tasks/${item.object_id}/history${item.conflict_seq === null ? '' : `#change-${item.conflict_seq}`}` : undefined
  return { values: {}, errors: {}, problem, ...history !== undefined && { history } }
}
