import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifySchema } from 'fastify'
import fp from 'fastify-plugin'
import { type DescribedOperation, ProblemDocument, problemTypes } from './problem.ts'

export interface OpenApiOptions { title: string, description: string, version: string }

/** Generates OpenAPI 3.1 from the routes' own schemas: `/openapi.json` for programs, `/docs` for people. */
export const openApi = fp(async (app: FastifyInstance, { title, description, version }: OpenApiOptions) => {
  app.addSchema(ProblemDocument)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description: `${description}\n\n${problemTable()}`, license: { name: 'MIT', identifier: 'MIT' } },
      components: {
        securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt (RFC 9068)' } },
      },
    },
    hideUntagged: false,
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, index) => typeof $id === 'string' ? $id : `Schema${index}` },
    transformObject: (documented) => 'openapiObject' in documented ? withProblems(documented.openapiObject as unknown as Documented) as typeof documented.openapiObject : documented.swaggerObject,
    transform: ({ schema, url }) => ({ url, schema: schema.hide === true ? schema : withNames(schema) }),
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  let pages: Promise<FastifyInstance> | undefined
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const { statusCode, headers, rawPayload } = await (await (pages ??= documentationPages())).inject(request.url)
      return reply.code(statusCode).headers(headers).send(rawPayload)
    })
  }
}, { name: 'openapi' })

/** Loaded when somebody reads: it is a browser application of five megabytes, which a service that nobody asks need not hold. */
async function documentationPages (): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const pages = Fastify()
  await pages.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json', hideClientButton: true } })
  return pages
}

const problemTable = () => [
  'Every failure is `application/problem+json` (RFC 9457) of one of these types:',
  '',
  '| type | status | title |',
  '|---|---|---|',
  ...[...problemTypes].sort(([, a], [, b]) => a.status - b.status).map(([slug, { status, title }]) => `| \`/problems/${slug}\` | ${status} | ${title} |`),
].join('\n')

/** Refers to named schemas by name, and adds to each operation the shape of its failures. */
function withNames (schema: FastifySchema): FastifySchema {
  const responses = Object.entries(schema.response ?? {}).map(([status, response]) => [status, named(response)])
  return {
    ...schema,
    ...schema.body !== undefined && { body: named(schema.body) },
    response: {
      ...Object.fromEntries(responses),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } },
    },
  }
}

interface DocumentedOperation { parameters?: Array<{ in: string, name: string }>, requestBody?: object, security?: object[], responses: Record<string, object> }
interface Documented { paths: Record<string, Record<string, DocumentedOperation>>, components: Record<string, Record<string, object>> }

/** Adds to each operation the problems it can answer with, by status, each with an example. */
function withProblems (document: Documented): Documented {
  const examples = Object.fromEntries([...problemTypes].map(([slug, { status, title, example }]) =>
    [slug, { summary: title, value: { type: `/problems/${slug}`, title, status, ...example, instance: 'urn:request:5f0c9a1e-7d0b-4c3a-9f39-2b8d6f1f0a11' } }]))
  const responses: Record<string, object> = {}
  const shown = new Set<string>()
  const paths = Object.entries(document.paths).map(([path, operations]) => [path, Object.fromEntries(Object.entries(operations).map(([method, operation]) => {
    const failures: Record<string, object> = {}
    for (const [status, slugs] of Object.entries(problemsOf(described(method, path, operation)))) {
      const name = slugs.join('.')
      responses[name] = {
        description: slugs.map((slug) => problemTypes.get(slug)?.title).join(', or: '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: Object.fromEntries(slugs.map((slug) => [slug, { $ref: `#/components/examples/${slug}` }])) } },
      }
      failures[status] = { $ref: `#/components/responses/${name}` }
      for (const slug of slugs) shown.add(slug)
    }
    return [method, { ...operation, responses: { ...operation.responses, ...failures } }]
  }))])
  return {
    ...document,
    paths: Object.fromEntries(paths) as Documented['paths'],
    components: { ...document.components, examples: Object.fromEntries(Object.entries(examples).filter(([slug]) => shown.has(slug))), responses },
  }
}

const described = (method: string, path: string, { parameters = [], requestBody, security }: DocumentedOperation): DescribedOperation => ({
  method: method.toUpperCase(),
  path,
  isGuarded: security !== undefined,
  hasBody: requestBody !== undefined,
  takes: (where, name) => parameters.some((parameter) => parameter.in === where && parameter.name === name),
})

/** The problems that an operation can answer with, by their status. */
function problemsOf (operation: DescribedOperation): Record<string, string[]> {
  const slugs: Record<string, string[]> = {}
  for (const [slug, { status, isOf }] of problemTypes) if (isOf(operation)) (slugs[status] ??= []).push(slug)
  return slugs
}

const named = (schema: unknown) =>
  typeof schema === 'object' && schema !== null && '$id' in schema ? { $ref: `${String(schema.$id)}#` } : schema
