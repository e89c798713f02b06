/** An OpenAPI document, as far as it is read and completed here. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, OpenApiOperation>>
  tags: Array<{ name: string, description: string }>
  components: { schemas: Record<string, SchemaObject>, responses: Record<string, OpenApiAnswer>, examples: Record<string, { value: unknown }>, headers: Record<string, OpenApiHeader> }
}

export interface OpenApiOperation {
  operationId?: string
  summary?: string
  tags?: string[]
  parameters?: Array<{ in: string, name: string, description?: string }>
  requestBody?: { required: boolean, content: Content }
  security?: object[]
  responses: Record<string, OpenApiAnswer>
}

export interface OpenApiAnswer { $ref?: string, description?: string, headers?: Record<string, { $ref: string }>, content?: Content }
export interface OpenApiHeader { description: string, schema: object, example: string | number }
export type Content = Record<string, { schema: SchemaObject, examples?: Record<string, { $ref: string } | { value: unknown }> }>
export interface SchemaObject { $ref?: string, type?: string | string[] }

/** The document with each of its operations changed. */
export function withEachOperation (document: OpenApiDocument, change: (operation: OpenApiOperation, method: string, path: string) => OpenApiOperation): OpenApiDocument {
  const paths = Object.entries(document.paths).map(([path, operations]) =>
    [path, Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, change(operation, method, path)]))])
  return { ...document, paths: Object.fromEntries(paths) as OpenApiDocument['paths'] }
}

/** What `{ $ref: '#/components/<kind>/<name>' }` refers to; anything else is what it is. */
export function referred<T extends object> (document: OpenApiDocument, value: T): T {
  const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec('$ref' in value ? String(value.$ref) : '') ?? []
  return kind === '' ? value : (document.components as unknown as Record<string, Record<string, T>>)[kind]?.[name] ?? value
}

/** The name of the schema that is referred to. */
export const nameOf = ({ $ref = '' }: SchemaObject): string | undefined => /^#\/components\/schemas\/(.+)$/.exec($ref)?.[1]

export const isJson = (mediaType: string): boolean => /^application\/([\w-]+\+)?json$/.test(mediaType)
