import { type Static, type TSchema } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { FormatRegistry } from '@sinclair/typebox/type'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Interceptor, type QueryResultRow, SchemaValidationError } from 'slonik'

// What PostgreSQL's own types already promise.
for (const format of ['uuid', 'date-time', 'date', 'email']) FormatRegistry.Set(format, () => true)

/** Gives a TypeBox schema the Standard Schema face that `sql.type` asks for. */
export function row<T extends TSchema> (schema: T): StandardSchemaV1<Static<T>, Static<T>> {
  const validator = TypeCompiler.Compile(schema)
  return {
    '~standard': {
      version: 1,
      vendor: 'typebox',
      validate: (value) => validator.Check(value)
        ? { value }
        : { issues: [...validator.Errors(value)].map(({ path, message }) => ({ message: `${path} ${message}` })) },
    },
  }
}

/** Holds every row a query gives to the schema that its `sql.type` declared. */
export const checkRows = (): Interceptor => ({
  name: 'check-rows',
  transformRow: ({ resultParser }, query, candidate) => {
    const result = (resultParser as StandardSchemaV1<QueryResultRow> | undefined)?.['~standard'].validate(candidate)
    if (!result) return candidate
    if (result instanceof Promise) throw new TypeError('Rows are checked synchronously')
    if (result.issues) throw new SchemaValidationError(query, candidate, result.issues)
    return result.value
  },
})
