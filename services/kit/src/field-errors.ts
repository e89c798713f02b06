import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

/** What is wrong with one field: where, a stable code, and a sentence that says the remedy. */
export interface FieldError { pointer: string, code: string, detail: string }

type Violation = FastifySchemaValidationError & { parentSchema?: { 'x-detail'?: string } }

const sentences: Record<string, (params: Record<string, unknown>) => [code: string, detail: string]> = {
  required: () => ['required', 'is needed'],
  additionalProperties: () => ['unknown_field', 'is not a field of this resource: leave it out'],
  type: ({ type }) => ['wrong_type', `must be ${[type].flat().join(' or ')}`],
  minLength: ({ limit }) => ['too_short', limit === 1 ? 'must not be empty' : `must have at least ${String(limit)} characters`],
  maxLength: ({ limit }) => ['too_long', `must have at most ${String(limit)} characters`],
  minimum: ({ limit }) => ['too_small', `must be ${String(limit)} or more`],
  maximum: ({ limit }) => ['too_large', `must be ${String(limit)} or less`],
  minItems: ({ limit }) => ['too_few', `must have at least ${String(limit)} entries`],
  maxItems: ({ limit }) => ['too_many', `must have at most ${String(limit)} entries`],
  uniqueItems: () => ['not_unique', 'must name each entry once'],
  minProperties: () => ['empty', 'must name at least one field'],
  enum: ({ allowedValues }) => ['unknown_value', `must be one of ${[allowedValues].flat().join(', ')}`],
  const: ({ allowedValue }) => ['unknown_value', `must be ${String(allowedValue)}`],
  format: ({ format }) => [`not_${String(format).replaceAll('-', '_')}`, formats[String(format)] ?? `must be a ${String(format)}`],
  pattern: () => ['not_allowed', 'has characters that are not allowed'],
}

const formats: Record<string, string> = {
  email: 'must be an e-mail address, such as ada@example.com',
  uuid: 'must be a UUID',
  date: 'must be a day that exists, such as 2026-01-31',
  'date-time': 'must be an instant, such as 2026-01-31T09:00:00.000Z',
}

/** Enough for a person to mend; a body with thousands of wrong fields is not worth the time to tell them all. */
const maxErrors = 50

/** Tells an Ajv failure field by field, with the JSON pointer of each (RFC 6901); query and path fields are named likewise. */
export function fieldErrors (violations: Violation[], context = 'body'): FieldError[] {
  const errors = violations.slice(0, maxErrors).map((violation) => {
    const { keyword, instancePath, params, message, parentSchema } = violation
    const child = params['missingProperty'] ?? params['additionalProperty']
    const pointer = typeof child === 'string' ? `${instancePath}/${child.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath
    const [code, sentence] = sentences[keyword]?.(params) ?? ['invalid', message ?? 'is not valid']
    const detail = keyword === 'pattern' ? parentSchema?.['x-detail'] ?? sentence : sentence
    return { pointer: context === 'body' ? pointer : `/${context}${pointer}`, code, detail: `${pointer.split('/').at(-1) || 'The body'} ${detail}` }
  })
  // An empty text is also blank: the first reason will do.
  return errors.filter(({ pointer }, index) => errors.findIndex((other) => other.pointer === pointer) === index)
}
