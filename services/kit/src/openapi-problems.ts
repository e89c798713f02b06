import { type OpenApiAnswer, type OpenApiDocument, type OpenApiOperation, withEachOperation } from './openapi-document.ts'
import { type DescribedOperation, problemTypes } from './problem.ts'

/** Adds to each operation the problems it can answer with, by status, each with an example. */
export function withProblems (document: OpenApiDocument): OpenApiDocument {
  const responses: Record<string, OpenApiAnswer> = {}
  const shown = new Set<string>()
  const told = withEachOperation(document, (operation, method, path) => {
    const failures = Object.entries(problemsOf(described(method, path, operation))).map(([status, slugs]) => {
      const name = slugs.join('.')
      responses[name] = {
        description: slugs.map((slug) => problemTypes.get(slug)?.title).join(', or: '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: Object.fromEntries(slugs.map((slug) => [slug, { $ref: `#/components/examples/${slug}` }])) } },
      }
      for (const slug of slugs) shown.add(slug)
      return [status, { $ref: `#/components/responses/${name}` }]
    })
    return { ...operation, responses: { ...operation.responses, ...Object.fromEntries(failures) as OpenApiOperation['responses'] } }
  })
  const examples = Object.fromEntries([...problemTypes].filter(([slug]) => shown.has(slug)).map(([slug, { status, title, example }]) =>
    [slug, { summary: title, value: { type: `/problems/${slug}`, title, status, ...example, instance: 'urn:request:5f0c9a1e-7d0b-4c3a-9f39-2b8d6f1f0a11' } }]))
  return { ...told, components: { ...document.components, examples: { ...document.components.examples, ...examples }, responses } }
}

/** An operation of the document, in the words of those who ask what it can answer. */
export const described = (method: string, path: string, { parameters = [], requestBody, security = [], responses }: OpenApiOperation): DescribedOperation => ({
  method: method.toUpperCase(),
  path,
  isGuarded: security.length > 0,
  hasBody: requestBody !== undefined,
  takes: (where, name) => parameters.some((parameter) => parameter.in === where && parameter.name === name),
  answers: (status) => responses[status] !== undefined,
})

/** The problems that an operation can answer with, by their status. */
function problemsOf (operation: DescribedOperation): Record<string, string[]> {
  const slugs: Record<string, string[]> = {}
  for (const [slug, { status, isOf }] of problemTypes) if (isOf(operation)) (slugs[status] ??= []).push(slug)
  return slugs
}
