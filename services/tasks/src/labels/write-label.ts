import type { CommonQueryMethods } from 'slonik'
import { uuidv7 } from 'uuidv7'
import type { Label, LabelPatch, NewLabel } from '../../contracts.ts'
import { labelNotFound } from '../../problems.ts'
import { allowedVersions } from '@daymark/kit/etag'
import { authorOf, type Origin } from '../changes/origin.ts'
import { portions } from '../changes/portions.ts'
import { addLabels, changeLabels, changeTasks, editsGiven } from '../changes/write-statements.ts'
import { addedOne, changedOne, numberOf, type Written } from '../changes/written.ts'
import { listCarriers, removalOfLabel } from './queries.ts'

/** Adds a label. @throws {Problem} labelExists */
export const createLabel = async (db: CommonQueryMethods, origin: Origin, label: NewLabel): Promise<Written<Label>> =>
  addedOne(await addLabels(db, [{ id: uuidv7(), fields: label }], authorOf(origin)))

/** Sets the fields given, and no other. @throws {Problem} labelNotFound; staleVersion; labelExists */
export async function writeLabel (db: CommonQueryMethods, origin: Origin, id: string, fields: LabelPatch & { deleted?: true }): Promise<Written<Label>> {
  const edit = { id, patch: fields, versions: allowedVersions(origin.headers['if-match']) }
  return changedOne(await changeLabels(db, editsGiven([edit]), authorOf(origin)), labelNotFound)
}

/** Deletes a label and takes it off its tasks, as one group of changes. Not one statement. @throws {Problem} labelNotFound; staleVersion */
export async function deleteLabel (db: CommonQueryMethods, origin: Origin, id: string): Promise<Written<Label>> {
  const author = authorOf(origin)
  const deleted = await writeLabel(db, origin, id, { deleted: true })
  const label = { user_id: author.user_id, label_id: id }
  for (const ids of portions(await listCarriers(db, label))) await changeTasks(db, removalOfLabel({ ...label, ids }), { ...author, group_seq: numberOf(deleted) })
  return deleted
}
