import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik'

/** Behind everything that begins with what stands before it; no term has this character. */
const last = sql.fragment`chr(1114111)`

/** The rows of a tenant's terms that begin with a text. Comparisons of bytes: nothing else reaches an index under row-level security. */
const beginsWith = (user_id: string, beginning: FragmentSqlToken) => sql.fragment`x.user_id = ${user_id} AND x.term >= ${beginning} AND x.term < ${beginning} || ${last}`

/** Of how many tasks it is enough to know that there are more. */
export const few = 1000
const hits = (user_id: string, beginning: FragmentSqlToken) => sql.fragment`(SELECT count(*) FROM (SELECT FROM tasks.task_terms x WHERE ${beginsWith(user_id, beginning)} LIMIT ${few + 1}) hit)`

/** The tasks that have a term with one of some beginnings, some of them more than once: along the index, one beginning (OFFSET 0 says) after the other. */
export const tasksWith = ({ user_id, beginnings }: { user_id: string, beginnings: readonly string[] }) => sql.fragment`
  SELECT x.task_id FROM unnest(${sql.array(beginnings, 'text')}) b (beginning)
  CROSS JOIN LATERAL (SELECT x.task_id FROM tasks.task_terms x WHERE ${beginsWith(user_id, sql.fragment`b.beginning`)} OFFSET 0) x`

/** Whether a task has such a term. Its own are looked at, and not (OFFSET 0 says) all that begin alike: the planner expects few of those. */
export const hasTerm = ({ user_id, beginnings, task_id }: { user_id: string, beginnings: readonly string[], task_id: FragmentSqlToken }) => sql.fragment`
  EXISTS (
    SELECT FROM (SELECT x.term FROM tasks.task_terms x WHERE x.user_id = ${user_id} AND x.task_id = ${task_id} OFFSET 0) x, unnest(${sql.array(beginnings, 'text')}) b (beginning)
    WHERE x.term >= b.beginning AND x.term < b.beginning || ${last})`

const FoundWord = row(Type.Object({ word: Type.String(), hits: Type.Integer(), seq: Type.Integer() }))
const Hits = row(Type.Object({ hits: Type.Integer() }))
const Beginning = row(Type.Object({ beginning: Type.String() }))

/** The words of a text as they are compared, how often terms begin with each, and the number of the tenant's last change at that moment. */
export function wordsOf (db: CommonQueryMethods, { user_id, text }: { user_id: string, text: string }) {
  return db.any(sql.prepared('words_of', FoundWord)`
  SELECT w.word, ${hits(user_id, sql.fragment`w.word`)} AS hits, coalesce((SELECT a.seq FROM tasks.accounts a WHERE a.user_id = ${user_id}), 0) AS seq
  FROM (SELECT DISTINCT word FROM unnest(tasks.words_of(${text})) word) w`)
}

/** The same of several beginnings together. */
export async function hitsOf (db: CommonQueryMethods, { user_id, beginnings }: { user_id: string, beginnings: readonly string[] }): Promise<number> {
  const found = await db.any(sql.prepared('hits_of', Hits)`
  SELECT ${hits(user_id, sql.fragment`b.beginning`)} AS hits FROM unnest(${sql.array(beginnings, 'text')}) b (beginning)`)
  return found.reduce((sum, { hits }) => sum + hits, 0)
}

/** How many beginnings are looked at before the search for a misspelling gives up. */
const many = 5000

/**
 * The beginnings of terms, cut off at a length, below each of some stems. Goes along the index from each to the next that is
 * another, so that it costs as many steps as it gives rows, whatever the number of tasks.
 */
export async function beginningsBelow (db: CommonQueryMethods, { user_id, stems }: { user_id: string, stems: ReadonlyArray<{ stem: string, length: number }> }): Promise<string[]> {
  const found = await db.any(sql.prepared('beginnings_below', Beginning)`
  WITH RECURSIVE found AS (
    SELECT s.stem, s.length, (
      SELECT left(x.term, s.length) FROM tasks.task_terms x WHERE ${beginsWith(user_id, sql.fragment`s.stem`)} ORDER BY x.term LIMIT 1) AS beginning
    FROM jsonb_to_recordset(${JSON.stringify(stems)}::jsonb) s (stem text, length integer)
    UNION ALL
    SELECT f.stem, f.length, (
      SELECT left(x.term, f.length) FROM tasks.task_terms x
      WHERE x.user_id = ${user_id} AND x.term > CASE WHEN char_length(f.beginning) < f.length THEN f.beginning ELSE f.beginning || ${last} END AND x.term < f.stem || ${last}
      ORDER BY x.term LIMIT 1)
    FROM found f WHERE f.beginning IS NOT NULL
  )
  SELECT beginning FROM found WHERE beginning IS NOT NULL LIMIT ${many}`)
  return [...new Set(found.map(({ beginning }) => beginning))]
}
