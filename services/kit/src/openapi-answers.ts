import { type OpenApiAnswer, type OpenApiDocument, type OpenApiHeader, type OpenApiOperation, withEachOperation } from './openapi-document.ts'
import { described } from './openapi-problems.ts'
import type { DescribedOperation } from './problem.ts'

/** A header field that tells something of an answer. */
export interface DescribedField extends OpenApiHeader {
  /** In lower case. */
  name: string
  /** Which answers can have it: to which operation, with which status. */
  isOf: (operation: DescribedOperation, status: number) => boolean
}

const whole = { type: 'integer', minimum: 0 }
const text = { type: 'string' }
const readsOne = ({ method, path }: DescribedOperation) => method === 'GET' && path.endsWith('/{id}')

const commonFields: readonly DescribedField[] = [
  {
    name: 'etag',
    description: 'The version of what is given: for `if-match`, and for `if-none-match` where that is taken',
    schema: text,
    example: '"2-1"',
    isOf: (operation, status) => status === 304 || status === 412 || (status === 201 && operation.isGuarded) ||
      (status === 200 && (operation.answers(304) || operation.takes('header', 'if-match') || readsOne(operation))),
  },
  { name: 'location', description: 'The path of what was made', schema: text, example: '/api/019f1cac-e2b6-7c49-8943-4ad6c3fcb889/lists/019f1cb3-9b06-7944-bfcd-4b6252d46740', isOf: ({ isGuarded }, status) => status === 201 && isGuarded },
  { name: 'www-authenticate', description: 'RFC 6750: `Bearer`, and what is wrong with the token where there was one', schema: text, example: 'Bearer error="invalid_token", error_description="The token has expired."', isOf: (_, status) => status === 401 },
  { name: 'retry-after', description: 'Seconds after which to try again', schema: whole, example: 1, isOf: (_, status) => status === 429 || status === 503 },
  { name: 'ratelimit', description: 'Of the limit that is reached: what remains (`r`), and the seconds until there is more (`t`)', schema: text, example: '"default";r=0;t=42', isOf: (_, status) => status === 429 },
  { name: 'ratelimit-policy', description: 'The limit that is reached: how many requests (`q`) in how many seconds (`w`)', schema: text, example: '"default";q=600;w=60', isOf: (_, status) => status === 429 },
  { name: 'ratelimit-limit', description: 'How many requests the account, or the address of who is not signed in, may make in a minute', schema: whole, example: 600, isOf: () => true },
  { name: 'ratelimit-remaining', description: 'How many of them remain', schema: whole, example: 598, isOf: () => true },
  { name: 'ratelimit-reset', description: 'Seconds until all of them are there again', schema: whole, example: 42, isOf: () => true },
]

const ifNoneMatch = { in: 'header', name: 'if-none-match', required: false, description: 'The `etag` of what is at hand: 304 where it is the same still', schema: text }

/** Says of each answer what it means and which header fields it can have, and of each operation that can answer 304 what it takes for that. */
export function withAnswers (document: OpenApiDocument, ownFields: readonly DescribedField[] = []): OpenApiDocument {
  const fields = [...commonFields, ...ownFields]
  const headers: Record<string, OpenApiHeader> = {}
  const headersOf = (operation: DescribedOperation, status: number) => Object.fromEntries(fields.filter(({ isOf }) => isOf(operation, status)).map(({ name, isOf: _, ...header }) => {
    headers[name] = header
    return [name, { $ref: `#/components/headers/${name}` }]
  }))
  const { responses: shared } = document.components
  const answered = withEachOperation(document, (operation, method, path) => {
    const what = described(method, path, operation)
    const responses = Object.entries(operation.responses).map(([status, answer]): [string, OpenApiAnswer] => {
      if (status === 'default') return [status, answer]
      const told = headersOf(what, Number(status))
      const failure = answer.$ref?.replace('#/components/responses/', '')
      if (failure === undefined) return [status, { ...answer, description: meaningOf(answer, status, method), headers: told }]
      shared[failure] = { ...shared[failure], headers: told }
      return [status, answer]
    })
    const { parameters = [] } = operation
    return { ...operation, ...what.answers(304) && { parameters: [...parameters, ifNoneMatch] }, responses: Object.fromEntries(responses) as OpenApiOperation['responses'] }
  })
  return { ...answered, components: { ...document.components, headers } }
}

const meanings: Record<string, string> = {
  200: 'Done: what it came to',
  201: 'Made: what it is now',
  202: 'Accepted: it is done shortly',
  204: 'Done: there is nothing to show',
  304: 'It is still what `if-none-match` names',
}

/** What the schema says, if it says anything. */
const meaningOf = ({ description }: OpenApiAnswer, status: string, method: string) => {
  if (description !== 'Default Response') return description
  return method === 'get' && status === '200' ? 'What was asked for' : meanings[status] ?? description
}
