import { row } from '@daymark/kit/row'
import { onceEach } from '@daymark/kit/once-each'
import { prepared } from '@daymark/kit/prepared'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, type FragmentSqlToken, sql, type SqlToken } from 'slonik'
import { addedRow, changedRow, type Check, instantOf, keptDefaults, keptFields, type Kind, labelKind, listKind, taskKind } from './kinds.ts'

/** Who changes something, by which request, and as part of which group of changes. */
export interface Author { user_id: string, actor_id: string, request_id: string, group_seq?: number | undefined }

/** The same as the parameters of a statement. */
type Signed = Record<'user_id' | 'actor_id' | 'request_id', string> & { group_seq: number | null }
const signed = (author: Author): Signed => ({ ...author, group_seq: author.group_seq ?? null })

/** One object to be changed. */
export interface Edit {
  id: string
  /** The fields to set, as the log tells them; `completed` and `deleted` set the instant beside them. */
  patch: Record<string, unknown>
  /** The versions it may have; any, where that is left out. */
  versions?: number[] | null
  /** Where it is looked for: in the trash, in both (null), or else where it is not trashed. */
  trashed?: boolean | null
  /** The number of the change that this one takes back. */
  undoes?: number | undefined
}

/**
 * What is to be changed, as rows `(n, id, patch, versions, trashed, undoes, refused)`, each object once. `refused` is the code
 * of what forbids an edit, or NULL. The name tells statements of other texts apart; `sets` are the keys of all patches: the
 * statement knows no other.
 */
export interface Edits { name: string, sets: readonly string[], rows: FragmentSqlToken }

/** Edits that come with the request. */
export const editsGiven = (edits: readonly Edit[]): Edits => ({
  name: 'given',
  sets: [...new Set(edits.flatMap(({ patch }) => Object.keys(patch)))],
  rows: sql.fragment`
  SELECT n::integer AS n, (edit ->> 'id')::uuid AS id, edit -> 'patch' AS patch, nullif(edit -> 'versions', 'null') AS versions,
    CASE WHEN edit ? 'trashed' THEN (edit ->> 'trashed')::boolean ELSE false END AS trashed, (edit ->> 'undoes')::bigint AS undoes, NULL AS refused
  FROM jsonb_array_elements(${JSON.stringify(edits)}::jsonb) WITH ORDINALITY AS given (edit, n)`,
})

const all = (parts: SqlToken[]) => sql.join(parts, sql.fragment`, `)
const textOf = (name: string) => sql.literalValue(name)
const alias = { b: sql.fragment`b`, o: sql.fragment`o`, t: sql.fragment`t`, judged: sql.fragment`judged` }

/** Numbers what the CTE `changed` holds and writes it into the log, as the last part of the statement that changes it. */
const logged = (object_type: string, action: FragmentSqlToken, { user_id, actor_id, request_id, group_seq }: Signed) => sql.fragment`
  account AS (
    UPDATE tasks.accounts a SET seq = a.seq + c.total FROM (SELECT count(*) AS total FROM changed) c
    WHERE a.user_id = ${user_id} AND c.total > 0 RETURNING a.seq - c.total AS base, c.total
  ), logged AS (
    INSERT INTO tasks.changes (user_id, seq, group_seq, undoes, object_type, object_id, action, before, after, actor_id, request_id)
    SELECT changed.user_id, account.base + row_number() OVER (ORDER BY changed.n),
      coalesce(${group_seq}::bigint, CASE WHEN account.total > 1 THEN account.base + 1 END), changed.undoes,
      ${textOf(object_type)}, changed.id, ${action}, changed.before, changed.after, ${actor_id}::uuid, ${request_id}
    FROM changed, account
    RETURNING object_id, seq
  )`

const action = sql.fragment`
  CASE
    WHEN changed.after ? 'deleted_at' THEN CASE WHEN changed.after ->> 'deleted_at' IS NULL THEN 'restored' ELSE 'deleted' END
    WHEN changed.after - 'completed_at' <> '{}' THEN 'updated'
    WHEN changed.after ->> 'completed_at' IS NULL THEN 'reopened'
    ELSE 'completed'
  END`

/**
 * Makes a thing once for each set of names, and numbers it: names of prepared statements are cut off at 63 bytes. Beyond a few
 * names it is made for all of them, so that there are not too many to keep prepared.
 */
function forEachSet<T> (all: readonly string[], make: (names: readonly string[], number: number) => T): (names: Iterable<string>) => T {
  let count = 0
  const made = onceEach((chosen: readonly string[]) => make(chosen, count++))
  return (names) => {
    const wanted = new Set(names)
    const chosen = wanted.size > most ? all : all.filter((name) => wanted.has(name))
    return made(chosen.join(), chosen)
  }
}
const most = 4

/** The code of the first check that holds, of those that are about some fields. */
function codeOf (checks: readonly Check[], fields: readonly string[]): FragmentSqlToken {
  const asked = checks.filter(({ of }) => of.some((name) => fields.includes(name)))
  if (asked.length === 0) return sql.fragment`NULL::text`
  return sql.fragment`CASE ${sql.join(asked.map(({ code, when }) => sql.fragment`WHEN ${when} THEN ${textOf(code)}`), sql.fragment` `)} END`
}

/**
 * Makes the function that changes objects of a kind. Each field that really changes is logged, before and after; an object
 * in which none does keeps its version and is not logged. Runs behind the tenant's lock, so its snapshot holds all it waited
 * for. Gives a row for each object that was found: `problem` says why it was not changed, `seq` the number of its change.
 */
function changing<T> (kind: Kind<T>, name: string) {
  const { table, columns, json, instants, object_type } = kind
  const schema = changedRow(kind)
  const parts = forEachSet(kind.fields.map((field) => field.name), (names, number) => {
    const fields = kind.fields.filter((field) => names.includes(field.name))
    const said = Object.entries(instants).filter(([, instant]) => names.includes(instant))
    return {
      number,
      tell: sql.join(fields.map(({ name, told }) => sql.fragment`WHEN ${textOf(name)} THEN ${told}`), sql.fragment` `),
      assignments: all(fields.map(({ name, column, read }) => sql.fragment`${column} = CASE WHEN wish ? ${textOf(name)} THEN ${read} ELSE t.${column} END`)),
      wish: said.reduce((wish, [flag, instant]) => sql.fragment`${wish} - ${textOf(flag)}::text || ${instantOf(flag, instant)}`, sql.fragment`patch`),
      problem: codeOf(kind.problems, names),
    }
  })
  const compose = (edits: Edits, { number, tell, assignments, wish, problem }: ReturnType<typeof parts>) => prepared<Signed, typeof schema>(`${name}_${edits.name}_${number}`, schema, (author) => sql.fragment`
  WITH edits AS (${edits.rows}
  ), before AS MATERIALIZED (
    SELECT edits.n, edits.versions, edits.undoes, edits.refused, ${wish} AS wish, ${columns(alias.b)}, b.deleted_at
    FROM edits CROSS JOIN LATERAL ( -- looked up one by one, however many the planner expects
      SELECT ${columns(alias.o)}, o.deleted_at FROM ${table} o WHERE o.user_id = ${author.user_id} AND o.id = edits.id
        AND (o.deleted_at IS NOT NULL) = coalesce(edits.trashed, o.deleted_at IS NOT NULL)
      FOR UPDATE
    ) b
  ), judged AS MATERIALIZED (
    SELECT b.*, diff.before, diff.after,
      CASE WHEN NOT b.versions @> to_jsonb(b.version) THEN 'stale' WHEN diff.after IS NOT NULL THEN coalesce(b.refused, ${problem}) END AS problem
    FROM before b CROSS JOIN LATERAL (
      SELECT jsonb_object_agg(key, told) AS before, jsonb_object_agg(key, value) AS after
      FROM (SELECT key, value, coalesce(CASE key ${tell} END, 'null') AS told FROM jsonb_each(b.wish)) each
      WHERE told <> value
    ) diff
  ), changed AS (
    UPDATE ${table} t SET ${assignments}, version = t.version + 1, updated_at = statement_timestamp()
    FROM judged WHERE t.user_id = ${author.user_id} AND t.id = judged.id AND judged.problem IS NULL AND judged.after IS NOT NULL
    RETURNING t.user_id, t.id, t.version, ${json(alias.t)} AS json, judged.n, judged.undoes, judged.before, judged.after
  ), ${logged(object_type, action, author)}
  SELECT changed.id, changed.version, changed.json, changed.n, NULL AS problem, logged.seq FROM changed JOIN logged ON logged.object_id = changed.id
  UNION ALL
  SELECT judged.id, judged.version, ${json(alias.judged)}, judged.n, judged.problem, NULL FROM judged WHERE judged.problem IS NOT NULL OR judged.after IS NULL`)
  const statements = onceEach(compose)
  return (db: CommonQueryMethods, edits: Edits, author: Author) => {
    const known = parts(edits.sets.map((set) => instants[set] ?? set))
    return db.any(statements(`${edits.name}_${known.number}`, edits, known)(signed(author), edits.rows.values))
  }
}

/** A new object, with the fields it shall have. */
export interface New { id: string, fields: Record<string, unknown> }

/**
 * Makes the function that adds objects of a kind, and their first entries in the log. Runs behind the tenant's lock. Gives a
 * row for each that was added, and the codes of those refused; nothing at all where there is no account yet.
 */
function adding<T> (kind: Kind<T>, name: string) {
  const { table, json, problemsOfNew, defaults, object_type } = kind
  const preset = all(Object.entries(defaults).map(([name, value]) => sql.fragment`${textOf(name)}, ${value}`))
  const schema = addedRow(kind)
  const optional = kind.fields.map((field) => field.name).filter((field) => !(field in defaults))
  const parts = forEachSet(optional, (names, number) => {
    const fields = kind.fields.filter((field) => field.name in defaults || names.includes(field.name))
    return { number, targets: all(fields.map(({ column }) => column)), values: all(fields.map(({ read }) => read)) }
  })
  const problemOf = forEachSet(kind.fields.map((field) => field.name), (names, number) => ({ number, problem: codeOf(problemsOfNew, names) }))
  const compose = ({ number, targets, values }: ReturnType<typeof parts>, judged: ReturnType<typeof problemOf>) => prepared<Signed & { objects: string }, typeof schema>(`${name}_${number}_${judged.number}`, schema, (author) => sql.fragment`
  WITH b AS MATERIALIZED (
    SELECT b.user_id, b.n, b.id, jsonb_build_object(${preset}) || b.fields AS wish
    FROM (
      SELECT a.user_id, n::integer AS n, (given ->> 'id')::uuid AS id, given -> 'fields' AS fields
      FROM tasks.accounts a, jsonb_array_elements(${author.objects}::jsonb) WITH ORDINALITY AS given (given, n)
      WHERE a.user_id = ${author.user_id}
    ) b
  ), judged AS MATERIALIZED (
    SELECT b.*, ${judged.problem} AS problem FROM b
  ), changed_rows AS (
    INSERT INTO ${table} AS t (user_id, id, ${targets})
    SELECT user_id, id, ${values} FROM judged WHERE problem IS NULL
    RETURNING t.user_id, t.id, t.version, ${json(alias.t)} AS json
  ), changed AS (
    SELECT r.*, judged.n, NULL::bigint AS undoes, '{}'::jsonb AS before, jsonb_strip_nulls(judged.wish) AS after
    FROM changed_rows r JOIN judged ON judged.id = r.id
  ), ${logged(object_type, sql.fragment`'created'`, author)}
  SELECT changed.id, changed.version, changed.json, judged.n, judged.problem, logged.seq
  FROM judged LEFT JOIN changed ON changed.id = judged.id LEFT JOIN logged ON logged.object_id = judged.id`)
  const statements = onceEach(compose)
  return (db: CommonQueryMethods, objects: readonly New[], author: Author) => {
    const given = objects.flatMap(({ fields }) => Object.keys(fields))
    const [known, judged] = [parts(given.filter((field) => !(field in defaults))), problemOf(given)]
    return db.any(statements(`${known.number}_${judged.number}`, known, judged)({ ...signed(author), objects: JSON.stringify(objects) }))
  }
}

const Purge = Type.Object({ found: Type.Integer(), stale: Type.Integer(), purged: Type.Integer(), seq: Type.Union([Type.Integer(), Type.Null()]) })

/**
 * Deletes tasks for good, of those that are in the trash, and with them the contents of their log: its entries stay, and one
 * more tells that they are gone. A patch does not count. Runs behind the tenant's lock. Gives how many were found, and of those
 * had another version or went, and the number of the first of the changes.
 */
export const purgeTasks = (db: CommonQueryMethods, edits: Edits, author: Author) => db.one(sql.prepared(`purge_tasks_${edits.name}`, row(Purge))`
  WITH edits AS (${edits.rows}
  ), judged AS MATERIALIZED (
    SELECT edits.n, b.id, coalesce(NOT edits.versions @> to_jsonb(b.version), false) AS is_stale
    FROM edits CROSS JOIN LATERAL ( -- looked up one by one, not found in the whole trash
      SELECT o.id, o.version FROM tasks.tasks o WHERE o.user_id = ${author.user_id} AND o.id = edits.id AND o.deleted_at IS NOT NULL OFFSET 0
    ) b
  ), changed AS MATERIALIZED (
    SELECT ${author.user_id}::uuid AS user_id, gone.id, judged.n, NULL::bigint AS undoes, '{}'::jsonb AS before, '{}'::jsonb AS after
    FROM unnest(tasks.purge_trashed(ARRAY(SELECT id FROM judged WHERE NOT is_stale))) AS gone (id) JOIN judged ON judged.id = gone.id
  ), ${logged('task', sql.fragment`'purged'`, signed(author))}
  SELECT (SELECT count(*) FROM judged) AS found, (SELECT count(*) FROM judged WHERE is_stale) AS stale, count(*) AS purged, min(seq) AS seq FROM logged`)

/**
 * A kind whose new objects come with a past, and were judged before: a list, label or parent that they name may be deleted, or come
 * in the same statement. The foreign keys hold all the same.
 */
const withPast = <T>(kind: Kind<T>): Kind<T> =>
  ({ ...kind, fields: [...kind.fields, ...keptFields], defaults: { ...kind.defaults, ...keptDefaults }, problemsOfNew: [] })

export const bringInTasks = adding(withPast(taskKind), 'bring_in_tasks')
export const bringInLists = adding(withPast(listKind), 'bring_in_lists')
export const bringInLabels = adding(withPast(labelKind), 'bring_in_labels')
export const addTasks = adding(taskKind, 'add_tasks')
export const changeTasks = changing(taskKind, 'change_tasks')
export const addLists = adding(listKind, 'add_lists')
export const changeLists = changing(listKind, 'change_lists')
export const addLabels = adding(labelKind, 'add_labels')
export const changeLabels = changing(labelKind, 'change_labels')
