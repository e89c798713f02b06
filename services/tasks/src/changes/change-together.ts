import type { CommonQueryMethods } from 'slonik'
import { portions } from './portions.ts'
import { ifFew, listEdits, tooMany } from './queries.ts'
import { type Author, changeTasks, type Edits, editsGiven } from './write-statements.ts'

/** How many tasks one statement changes: some thousands could outlast the time that it has. */
const most = 1000

type Outcome = Awaited<ReturnType<typeof changeTasks>>[number]

/**
 * Changes tasks together, as one group of changes: of few in one statement, of more in a transaction, a portion by each. None of
 * more than {@link most} edits may be refused beforehand. Behind the tenant's lock.
 */
export async function changeTogether (db: CommonQueryMethods, edits: Edits, author: Author): Promise<readonly Outcome[]> {
  const outcomes = await changeTasks(db, ifFew(edits, most), author)
  return outcomes[0]?.n === tooMany && outcomes[0].problem !== 'stale' ? await db.transaction((transaction) => changeInPortions(transaction, edits, author)) : outcomes
}

async function changeInPortions (db: CommonQueryMethods, edits: Edits, author: Author): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let first: number | undefined
  for (const portion of portions(await listEdits(db, edits))) {
    const changed = await changeTasks(db, editsGiven(portion), { ...author, group_seq: first })
    const before = outcomes.length
    outcomes.push(...changed.map((outcome) => ({ ...outcome, n: outcome.n + before })))
    first ??= firstOf(changed)
  }
  return outcomes
}

/** The number of the first of some changes; undefined where nothing changed. */
const firstOf = (outcomes: readonly Outcome[]) => outcomes.reduce<number | undefined>((first, { seq }) => seq === null ? first : Math.min(first ?? seq, seq), undefined)
