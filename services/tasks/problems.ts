import { defineProblem, type DescribedOperation, type Problem, unacceptable } from '@daymark/kit/problem'

/** It can meet whatever any write can. */
const isUndo = ({ path }: DescribedOperation) => path.endsWith('/undo')
const isTaskWrite = ({ method, path }: DescribedOperation) => method !== 'GET' && /\/tasks(\/{id}(\/complete|\/restore)?)?$/.test(path)

/** Every failure of the tasks service beside those of the kit. */
export const taskNotFound = defineProblem('task-not-found', 404, 'There is no such task', ({ path }) => /\/(tasks|trash)\/{id}/.test(path))
export const listNotFound = defineProblem('list-not-found', 404, 'There is no such list', ({ path }) => path.includes('/lists/{id}'))
export const labelNotFound = defineProblem('label-not-found', 404, 'There is no such label', ({ path }) => path.includes('/labels/{id}'))
export const changeNotFound = defineProblem('change-not-found', 404, 'There is no such change', isUndo)
export const undoConflict = defineProblem('undo-conflict', 409, 'The change cannot be taken back any more', isUndo)
export const staleVersion = defineProblem('stale-version', 412, 'It has changed since you read it', ({ takes }) => takes('header', 'if-match'))
export const unknownList = defineProblem('unknown-list', 422, 'There is no such list', (operation) => isUndo(operation) || isTaskWrite(operation))
export const labelExists = defineProblem('label-exists', 409, 'There is already a label with this name', (operation) => isUndo(operation) || (operation.hasBody && /\/labels\b/.test(operation.path)))
export const openSubtasks = defineProblem('open-subtasks', 409, 'The task has open subtasks', (operation) => isUndo(operation) || (isTaskWrite(operation) && operation.takes('path', 'id')))
export const inboxStays = defineProblem('inbox-stays', 409, 'The Inbox can be neither archived, moved nor deleted', (operation) => isUndo(operation) || (operation.method !== 'GET' && operation.path.includes('/lists/{id}')))
export const keyReused = defineProblem('idempotency-key-reused', 422, 'This Idempotency-Key was used for another request', ({ takes }) => takes('header', 'idempotency-key'))
export const feedSilent = defineProblem('revocations-unavailable', 503, 'It cannot be told whether this session is still valid; try again shortly', ({ isGuarded }) => isGuarded)

/** A field has the right shape and cannot be taken all the same: which, why, and what to send instead. */
export const unprocessable = (pointer: string, code: string, detail: string): Problem => unacceptable({ errors: [{ pointer, code, detail }] })

const refusals: Record<string, () => Problem> = {
  unknown_list: () => unknownList({ errors: [{ pointer: '/list_id', code: 'unknown_list', detail: 'list_id must be the id of one of your lists' }] }),
  unknown_label: () => unprocessable('/label_ids', 'unknown_label', 'label_ids must be ids of your labels'),
  unknown_parent: () => unprocessable('/parent_id', 'unknown_parent', 'parent_id must be the id of one of your tasks'),
  cycle: () => unprocessable('/parent_id', 'cycle', 'parent_id must not be the task itself or one of its own subtasks'),
  due_twice: () => unprocessable('/due_date', 'due_twice', 'due_date and due_at exclude each other: set the other to null'),
  zone_without_instant: () => unprocessable('/time_zone', 'zone_without_instant', 'time_zone and due_at go together: set both, or both to null'),
  name_taken: () => labelExists({ errors: [{ pointer: '/name', code: 'taken', detail: 'name is the name of another label' }] }),
  inbox_stays: () => inboxStays(),
  open_subtasks: () => openSubtasks({ errors: [{ pointer: '/subtasks', code: 'required', detail: 'subtasks, which PATCH …/complete takes, must say what becomes of the open ones: keep or complete' }] }),
}

/** The problem that a code of the write statements stands for. */
export function refusal (code: string): Problem {
  const problem = refusals[code]
  if (!problem) throw new Error(`The database refused a write for a reason that has no name: ${code}`)
  return problem()
}
