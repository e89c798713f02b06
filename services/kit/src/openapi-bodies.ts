import { type Content, isJson, nameOf, type OpenApiAnswer, type OpenApiDocument, type OpenApiOperation, referred, withEachOperation } from './openapi-document.ts'

/** What the bodies of a service look like. */
export interface Examples {
  /** Of each schema, by its name. */
  schemas: Readonly<Record<string, unknown>>
  /** Of the operations, by their id, that take or answer something else than the example of the schema. */
  operations?: Readonly<Record<string, { body?: unknown, answer?: unknown }>>
  /** Of the operations, by their id, that take or answer text as well, by its media type. */
  texts?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** Shows an example of each body, and says of a body that may be null that it may be left out. */
export function withBodies (document: OpenApiDocument, { schemas, operations = {}, texts = {} }: Examples): OpenApiDocument {
  const examples: OpenApiDocument['components']['examples'] = {}
  const shown = (content: Content, id: string, own: unknown): Content => Object.fromEntries(Object.entries(content).map(([type, media]) => {
    const [name, text] = [nameOf(media.schema), texts[id]?.[type]]
    if (text !== undefined) return [type, { ...media, examples: { [id]: { value: text } } }]
    if (!isJson(type)) return [type, media]
    if (own !== undefined) return [type, { ...media, examples: { [id]: { value: own } } }]
    if (name === undefined || schemas[name] === undefined) return [type, media]
    examples[name] = { value: schemas[name] }
    return [type, { ...media, examples: { [name]: { $ref: `#/components/examples/${name}` } } }]
  }))
  const told = withEachOperation(document, ({ requestBody, responses, ...operation }) => {
    const { operationId = '' } = operation
    const { body, answer } = operations[operationId] ?? {}
    return {
      ...operation,
      ...requestBody && { requestBody: { ...requestBody, required: !isNullable(document, requestBody), content: shown(requestBody.content, operationId, body) } },
      responses: Object.fromEntries(Object.entries(responses).map(([status, response]) => [status, succeeds(status, response) ? { ...response, content: shown(response.content, operationId, answer) } : response])),
    }
  })
  return { ...told, components: { ...document.components, examples: { ...document.components.examples, ...examples } } }
}

const isNullable = (document: OpenApiDocument, { content }: NonNullable<OpenApiOperation['requestBody']>) =>
  Object.values(content).some(({ schema }) => [referred(document, schema).type].flat().includes('null'))

const succeeds = (status: string, response: OpenApiAnswer): response is OpenApiAnswer & { content: Content } => status.startsWith('2') && response.content !== undefined
