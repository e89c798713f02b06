import type { CommonQueryMethods } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { List, ListPatch, Move, NewList } from '../../contracts.ts'
import { inboxStays, listNotFound } from '../../problems.ts'
import { allowedVersions } from '@daymark/kit/etag'
import { authorOf, type Origin } from '../changes/origin.ts'
import { portions } from '../changes/portions.ts'
import { addLists, changeLists, changeTasks, editsGiven } from '../changes/write-statements.ts'
import { addedOne, changedOne, numberOf, type Written } from '../changes/written.ts'
import { editsOfMove } from '../order/move.ts'
import { orderedLists } from '../order/queries.ts'
import { findList, listContents, trashingOfContents } from './queries.ts'

/** Adds a list, before all others. */
export const createList = async (db: CommonQueryMethods, origin: Origin, list: NewList): Promise<Written<List>> =>
  addedOne(await addLists(db, [{ id: uuidv7(), fields: list }], authorOf(origin)))

/** Sets the fields given, and no other. @throws {Problem} listNotFound; staleVersion; inboxStays */
export async function writeList (db: CommonQueryMethods, origin: Origin, id: string, fields: ListPatch & { deleted?: true }): Promise<Written<List>> {
  const edit = { id, patch: fields, versions: allowedVersions(origin.headers['if-match']) }
  return changedOne(await changeLists(db, editsGiven([edit]), authorOf(origin)), listNotFound)
}

/**
 * Deletes a list and moves its tasks to the trash, as one group of changes. Not one statement.
 * @throws {Problem} listNotFound; staleVersion; inboxStays
 */
export async function deleteList (db: CommonQueryMethods, origin: Origin, id: string): Promise<Written<List>> {
  const author = authorOf(origin)
  const deleted = await writeList(db, origin, id, { deleted: true })
  const list = { user_id: author.user_id, list_id: id }
  for (const ids of portions(await listContents(db, list))) await changeTasks(db, trashingOfContents({ ...list, ids }), { ...author, group_seq: numberOf(deleted) })
  return deleted
}

/**
 * Moves a list to another place among the lists; the Inbox stays the first. Not one statement.
 * @throws {Problem} listNotFound; staleVersion; inboxStays; unprocessable where what it is to stand next to is not there
 */
export async function moveList (db: CommonQueryMethods, origin: Origin, id: string, move: Move): Promise<Written<List>> {
  const author = authorOf(origin)
  const asked = { user_id: author.user_id, id }
  if ((await findList(db, asked))?.is_inbox) throw inboxStays()
  const edits = await editsOfMove(db, orderedLists, { ...asked, versions: allowedVersions(origin.headers['if-match']) }, move)
  return changedOne(await changeLists(db, edits, author), listNotFound)
}
