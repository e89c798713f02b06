import type { CommonQueryMethods } from 'slonik'
import type { ImportReport } from '../../contracts.ts'
import { lockOpened } from '../accounts/queries.ts'
import { NoAccountYet } from '../accounts/write-in-turn.ts'
import { authorOf, type Origin } from '../changes/origin.ts'
import { type Author, bringInLabels, bringInLists, bringInTasks, changeLists, editsGiven, type New } from '../changes/write-statements.ts'
import type { ImportFile } from './import-file.ts'
import { chunkSize, planImport } from './plan-import.ts'
import { planAnew } from './queries.ts'

/** After which of the chunks there is much more than before. */
const growth = new Set([0, 3, 15, 63])

interface Outcome { problem: string | null, seq?: number | null }

/**
 * Brings a file in, as one group of changes. Behind the tenant's lock; not one statement.
 * @throws {NoAccountYet}
 */
export async function importFile (db: CommonQueryMethods, origin: Origin, file: ImportFile): Promise<Omit<ImportReport, 'dry_run'>> {
  const author = authorOf(origin)
  // Opened since this transaction began, the account would be planned for without its lock, and what another brings in met.
  if (!await lockOpened(db, author)) throw new NoAccountYet()
  const { lists, labels, tasks, inbox, report } = await planImport(db, author.user_id, file)
  let first: number | null = null
  const write = async (change: (author: Author) => Promise<readonly Outcome[]>) => {
    for (const { problem, seq = null } of await change({ ...author, group_seq: first ?? undefined })) {
      if (problem !== null) throw new Error(`What was planned was refused: ${problem}`)
      if (seq !== null) first = Math.min(first ?? seq, seq)
    }
  }
  for (const chunk of chunksOf(lists)) await write((as) => bringInLists(db, chunk, as))
  for (const chunk of chunksOf(labels)) await write((as) => bringInLabels(db, chunk, as))
  for (const [index, chunk] of tasks.entries()) {
    if (chunk.length > 0) await write((as) => bringInTasks(db, chunk, as))
    if (growth.has(index)) await planAnew(db)
  }
  if (inbox) await write((as) => changeLists(db, editsGiven([inbox]), as))
  return { change_seq: first, ...report }
}

function * chunksOf (objects: readonly New[]): Generator<readonly New[]> {
  for (let from = 0; from < objects.length; from += chunkSize) yield objects.slice(from, from + chunkSize)
}
