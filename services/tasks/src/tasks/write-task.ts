import type { CommonQueryMethods } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { Completion, Move, NewTask, Task, TaskReplacement } from '../../contracts.ts'
import { taskNotFound } from '../../problems.ts'
import { allowedVersions } from '@daymark/kit/etag'
import { changeTogether } from '../changes/change-together.ts'
import { authorOf, type Origin } from '../changes/origin.ts'
import { editsOfMove } from '../order/move.ts'
import { orderedTasks } from '../order/queries.ts'
import { addTasks, changeTasks, editsGiven } from '../changes/write-statements.ts'
import { addedOne, changedOne, type Written } from '../changes/written.ts'
import { completionOfOne, completionOfTree, restoringOfTree, trashingOfTree } from './queries.ts'
import { storedFields } from './task-fields.ts'

/**
 * Adds a task to a list of the user's, or to their Inbox.
 * @throws {Problem} of the field that names something that is not there, or does not go with another
 */
export const createTask = async (db: CommonQueryMethods, origin: Origin, task: NewTask): Promise<Written<Task>> =>
  addedOne(await addTasks(db, [{ id: uuidv7(), fields: storedFields(task) }], authorOf(origin)))

/**
 * Sets the fields given, and no other.
 * @throws {Problem} taskNotFound; staleVersion, with the task as it is, where If-Match names another version; of the field that
 *   names something that is not there, or does not go with another; openSubtasks
 */
export async function writeTask (db: CommonQueryMethods, origin: Origin, id: string, fields: Partial<TaskReplacement>): Promise<Written<Task>> {
  const author = authorOf(origin)
  const edit = { id, patch: storedFields(fields), versions: allowedVersions(origin.headers['if-match']) }
  const edits = fields.completed === true ? completionOfOne({ user_id: author.user_id, ...edit }, edit.patch) : editsGiven([edit])
  return changedOne(await changeTasks(db, edits, author), taskNotFound)
}

/**
 * Completes a task or reopens it. A task with open subtasks is completed only by who says what becomes of those.
 * @throws {Problem} taskNotFound; staleVersion; openSubtasks
 */
export async function completeTask (db: CommonQueryMethods, origin: Origin, id: string, { completed = true, subtasks }: Completion): Promise<Written<Task>> {
  const author = authorOf(origin)
  const root = { user_id: author.user_id, id, versions: allowedVersions(origin.headers['if-match']) }
  if (completed && subtasks === 'complete') return changedOne(await changeTogether(db, completionOfTree(root), author), taskNotFound)
  const patch = { completed }
  const edits = !completed || subtasks === 'keep' ? editsGiven([{ id, patch, versions: root.versions }]) : completionOfOne(root, patch)
  return changedOne(await changeTasks(db, edits, author), taskNotFound)
}

/**
 * Moves a task to the trash, with its subtasks, as one change to take back.
 * @throws {Problem} taskNotFound; staleVersion
 */
export async function trashTask (db: CommonQueryMethods, origin: Origin, id: string): Promise<Written<Task>> {
  const author = authorOf(origin)
  return changedOne(await changeTogether(db, trashingOfTree({ user_id: author.user_id, id, versions: allowedVersions(origin.headers['if-match']) }), author), taskNotFound)
}

/**
 * Takes a task out of the trash, with what went there with it. Where its list is gone it comes back in the Inbox, and where
 * the task it was part of is gone, as one of its own.
 * @throws {Problem} taskNotFound for one that is not in the trash; staleVersion
 */
export async function restoreTask (db: CommonQueryMethods, origin: Origin, id: string): Promise<Written<Task>> {
  const author = authorOf(origin)
  return changedOne(await changeTogether(db, restoringOfTree({ user_id: author.user_id, id, versions: allowedVersions(origin.headers['if-match']) }), author), taskNotFound)
}

/**
 * Moves a task to another place in the manual order. Not one statement.
 * @throws {Problem} taskNotFound; staleVersion; unprocessable where what it is to stand next to is not there
 */
export async function moveTask (db: CommonQueryMethods, origin: Origin, id: string, move: Move): Promise<Written<Task>> {
  const author = authorOf(origin)
  const edits = await editsOfMove(db, orderedTasks, { user_id: author.user_id, id, versions: allowedVersions(origin.headers['if-match']) }, move)
  return changedOne(await changeTasks(db, edits, author), taskNotFound)
}
