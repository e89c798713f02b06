import { refusal, staleVersion } from '../../problems.ts'
import { NoAccountYet } from '../accounts/write-in-turn.ts'
import { etagOf } from '@daymark/kit/etag'

interface Outcome { n: number, problem: string | null, seq: number | null }

/** The header that tells the number of the change a write made, for whoever may want to take it back. */
export const changeHeader = 'daymark-change'

/** The header that tells it, where anything changed. */
export const numbered = (seq: number | null): Record<string, string> => seq === null ? {} : { [changeHeader]: String(seq) }

export interface Written<T> { object: T, headers: Record<string, string> }

/**
 * The object that one edit left, with its ETag and the number of its change.
 * @throws {Problem} `notFound` where there is no such object; staleVersion, with the object as it is, where it has another
 *   version; of the field that was refused
 */
export function changedOne<T extends Outcome & { version: number }> ([row]: readonly T[], notFound: () => Error): Written<Omit<T, keyof Outcome>> {
  if (!row) throw notFound()
  const { n: _n, problem, seq, ...object } = row
  if (problem === 'stale') throw staleVersion({ current: object, headers: { etag: etagOf(object) } })
  if (problem !== null) throw refusal(problem)
  return { object, headers: { etag: etagOf(object), ...numbered(seq) } }
}

/**
 * The one object that was added.
 * @throws {Problem} of the field that was refused
 * @throws {NoAccountYet}
 */
export function addedOne<T extends Outcome & { version: number }> ([row]: ReadonlyArray<T | { n: number, problem: string }>): Written<Omit<T, keyof Outcome>> {
  if (!row) throw new NoAccountYet()
  if (!('version' in row) || row.problem !== null) throw refusal(row.problem ?? '')
  return changedOne([row], () => new NoAccountYet())
}

/** The number of the change that a write made; undefined where it changed nothing. */
export const numberOf = ({ headers }: Written<unknown>): number | undefined => headers[changeHeader] === undefined ? undefined : Number(headers[changeHeader])
