import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type FragmentSqlToken, type PrimitiveValueExpression, type QuerySqlToken, sql } from 'slonik'

type Value = PrimitiveValueExpression

/**
 * A prepared statement whose text is composed once, with marks where the parameters go, and from then on only filled in:
 * composing a long one of fragments costs more than running it.
 * @param compose makes the text of parameters that are marks: it may place them, never look at them
 * @returns makes the query. `leading` are the values of a fragment that the text begins with, which may differ each time
 */
export function prepared<P extends Record<keyof P, Value>, S extends StandardSchemaV1> (
  name: string, schema: S, compose: (parameters: P) => FragmentSqlToken,
): (parameters: P, leading?: readonly Value[]) => QuerySqlToken<S> {
  const marks = new Map<Value, keyof P>()
  const marked = new Proxy({} as P, {
    get: (_, key) => {
      const mark = `\u0000${String(key)}`
      marks.set(mark, key as keyof P)
      return mark
    },
  })
  const composed = sql.prepared(name, schema)`${compose(marked)}`
  const text = composed.sql.replaceAll('$slonik_', '$')
  return (parameters, leading = []) => ({
    ...composed,
    sql: text,
    values: composed.values.map((value, place) => {
      if (place < leading.length) return leading[place] as Value
      const key = marks.get(value)
      return key === undefined ? value : parameters[key]
    }),
  })
}
