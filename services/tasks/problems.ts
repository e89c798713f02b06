import { defineProblem } from '@daymark/kit/problem'

/** Every failure of the tasks service beside those of the kit. */
export const taskNotFound = defineProblem('task-not-found', 404, 'There is no such task')
export const staleVersion = defineProblem('stale-version', 412, 'The task has changed since you read it')
export const unknownList = defineProblem('unknown-list', 422, 'There is no such list')
export const invalidCursor = defineProblem('invalid-cursor', 400, 'The cursor does not belong to this query')
export const feedSilent = defineProblem('revocations-unavailable', 503, 'It cannot be told whether this session is still valid; try again shortly')
