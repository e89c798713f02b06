import { type FragmentSqlToken, type IdentifierSqlToken, sql } from 'slonik'

/** An instant in the form of the wire. */
export const instantText = (value: FragmentSqlToken) => sql.fragment`to_char(${value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** How a column is written in JSON: what SQL makes of its value, and what stands around it. */
interface Form { begin: string, text: (value: FragmentSqlToken) => FragmentSqlToken, end: string, mayBeNull: boolean }

const form = (begin: string, text: Form['text'], end: string): Form => ({ begin, text, end, mayBeNull: false })

export const forms = {
  any: form('', (value) => sql.fragment`to_json(${value})::text`, ''),
  /** Text of which nothing has to be escaped: an id, one of few words. */
  word: form('"', (value) => sql.fragment`${value}::text`, '"'),
  /** What PostgreSQL writes as JSON does: a number, a boolean. */
  bare: form('', (value) => sql.fragment`${value}::text`, ''),
  /** As {@link instantText} of a column that keeps milliseconds, in half its time: one microsecond more, and PostgreSQL writes all digits, of which three are told. */
  instant: form('', (value) => sql.fragment`left(to_json(${value} AT TIME ZONE interval '0' + interval '1 microsecond')::text, 24)`, 'Z"'),
  orNull: (of: Form): Form => ({ ...of, mayBeNull: true }),
}

/** The columns of an object and their forms, in the order they are told. */
export type Columns = Readonly<Record<string, Form>>

export const column = (name: string): IdentifierSqlToken => sql.identifier([name])

/**
 * SQL that writes a row as the text of a JSON object. PostgreSQL's own `row_to_json` looks the type of each column up for each
 * row, which takes twice as long.
 */
export function rowText (columns: Columns, row: FragmentSqlToken): FragmentSqlToken {
  const pieces: Piece[] = Object.entries(columns).flatMap(([name, { begin, text, end, mayBeNull }], place) => {
    const key = `${place === 0 ? '{' : ','}"${name}":`
    const value = text(sql.fragment`${row}.${column(name)}`)
    return mayBeNull ? [sql.fragment`coalesce(${joined([key + begin, value, end])}, ${literal(`${key}null`)})`] : [key + begin, value, end]
  })
  return joined([...pieces, '}'])
}

/** Text as it is, or what SQL makes of a value. */
type Piece = string | FragmentSqlToken
const literal = (text: string) => sql.fragment`${sql.literalValue(text)}`

/** The pieces as one text: of texts side by side one is made, and of halves a whole, so that no piece is copied often. */
function joined (pieces: readonly Piece[]): FragmentSqlToken {
  const merged = pieces.reduce<Piece[]>((done, piece) => {
    const last = done.at(-1)
    return typeof last === 'string' && typeof piece === 'string' ? [...done.slice(0, -1), last + piece] : piece === '' ? done : [...done, piece]
  }, [])
  const whole = (some: FragmentSqlToken[]): FragmentSqlToken => {
    const [first, ...others] = some
    const half = Math.ceil(some.length / 2)
    return first && others.length === 0 ? first : sql.fragment`(${whole(some.slice(0, half))} || ${whole(some.slice(half))})`
  }
  return whole(merged.map((piece) => typeof piece === 'string' ? literal(piece) : piece))
}
