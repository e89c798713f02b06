import { etagOf } from '@daymark/kit/etag'
import type { JsonText } from '@daymark/kit/json-text'
import { refusal, staleVersion } from '../../problems.ts'
import { NoAccountYet } from '../accounts/write-in-turn.ts'

interface Outcome<T> { id: string, version: number, json: JsonText<T>, n: number, problem: string | null, seq: number | null }

/** The header that tells the number of the change a write made, for whoever may want to take it back. */
export const changeHeader = 'daymark-change'

/** The header that tells it, where anything changed. */
export const numbered = (seq: number | null): Record<string, string> => seq === null ? {} : { [changeHeader]: String(seq) }

/** What a write left, as text, with its ETag and the number of its change. */
export interface Written<T> { id: string, json: JsonText<T>, headers: Record<string, string> }

/**
 * The object that the first of some edits left, with the number of the first change that they made.
 * @throws {Problem} `notFound` where there is no such object; staleVersion, with the object as it is, where it has another
 *   version; of the field that was refused
 */
export function changedOne<T> (outcomes: ReadonlyArray<Outcome<T>>, notFound: () => Error): Written<T> {
  const row = outcomes.find(({ n }) => n <= 1)
  if (!row) throw notFound()
  const { id, json, problem } = row
  const etag = etagOf(row)
  if (problem === 'stale') throw staleVersion({ current: JSON.parse(json) as object, headers: { etag } })
  if (problem !== null) throw refusal(problem)
  const seqs = outcomes.flatMap(({ seq }) => seq === null ? [] : [seq])
  return { id, json, headers: { etag, ...numbered(seqs.length > 0 ? Math.min(...seqs) : null) } }
}

/**
 * The one object that was added.
 * @throws {Problem} of the field that was refused
 * @throws {NoAccountYet}
 */
export function addedOne<T> ([row]: ReadonlyArray<Outcome<T> | { n: number, problem: string }>): Written<T> {
  if (!row) throw new NoAccountYet()
  if (!('json' in row) || row.problem !== null) throw refusal(row.problem ?? '')
  return changedOne([row], () => new NoAccountYet())
}

/** The number of the change that a write made; undefined where it changed nothing. */
export const numberOf = ({ headers }: Written<unknown>): number | undefined => headers[changeHeader] === undefined ? undefined : Number(headers[changeHeader])
