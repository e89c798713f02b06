import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifySchema } from 'fastify'
import fp from 'fastify-plugin'
import { type DescribedField, withAnswers } from './openapi-answers.ts'
import { type Examples, withBodies } from './openapi-bodies.ts'
import type { OpenApiDocument } from './openapi-document.ts'
import { withProblems } from './openapi-problems.ts'
import { ProblemDocument, problemTypes } from './problem.ts'

export interface OpenApiOptions {
  title: string
  description: string
  version: string
  /** What the operations under each tag are about. */
  tags: Readonly<Record<string, string>>
  examples: Examples
  /** Header fields of its answers, beside those of every service. */
  fields?: readonly DescribedField[]
}

/** Generates OpenAPI 3.1 from the routes' own schemas: `/openapi.json` for programs, `/docs` for people. */
export const openApi = fp(async (app: FastifyInstance, { title, description, version, tags, examples, fields }: OpenApiOptions) => {
  const completed = (document: OpenApiDocument) => withAnswers(withProblems(withBodies(document, examples)), fields)
  app.addSchema(ProblemDocument)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description: `${description}\n\n${problemTable()}`, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'The service that gives this document' }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt (RFC 9068)' } },
      },
    },
    hideUntagged: false,
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, index) => typeof $id === 'string' ? $id : `Schema${index}` },
    transformObject: (documented) => 'openapiObject' in documented
      ? completed(documented.openapiObject as unknown as OpenApiDocument) as typeof documented.openapiObject
      : documented.swaggerObject,
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
    security: schema.security ?? [], // said, where it is open
    ...schema.body !== undefined && { body: named(schema.body) },
    response: {
      ...Object.fromEntries(responses),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } },
    },
  }
}

const named = (schema: unknown) =>
  typeof schema === 'object' && schema !== null && '$id' in schema ? { $ref: `${String(schema.$id)}#` } : schema
