import compilerFactory from '@fastify/ajv-compiler'
import { readFileSync, writeFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { type OpenApiDocument, type OpenApiOperation, referred } from './openapi-document.ts'
import type { Teardown } from './test-database.ts'

/** The OpenAPI file of a service as it is committed; `npm run openapi` (tap --snapshot) writes it anew from `current`. */
export function committedOpenApi (service: 'auth' | 'tasks', current: unknown): unknown {
  const file = new URL(`../../../specs/001-walking-product/contracts/${service}.openapi.json`, import.meta.url)
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(file, `${JSON.stringify(current, null, 2)}\n`)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** What a document says that an operation can answer with: the problems, by status. */
function problemsOf ({ components }: OpenApiDocument, { responses }: OpenApiOperation): Record<string, string[]> {
  return Object.fromEntries(Object.entries(responses).filter(([status]) => status >= '400' && status !== 'default').map(([status, { $ref = '' }]) =>
    [status, Object.keys(components.responses[$ref.replace('#/components/responses/', '')]?.content?.['application/problem+json']?.examples ?? {})]))
}

/** What is of the connection, the body or the browser, and no part of what an operation tells. */
const unsaid = ['connection', 'keep-alive', 'date', 'content-type', 'content-length', 'transfer-encoding', 'cache-control', 'x-content-type-options', 'x-accel-buffering']

/**
 * Holds a service to its documentation for as long as a test runs: a problem or a header field that an operation answers with, and is not
 * documented to, fails the test at its end.
 */
export function demandDocumentedAnswers (t: Teardown, app: FastifyInstance): void {
  const missing = new Set<string>()
  app.addHook('onResponse', async ({ method, routeOptions: { url = '' }, problem }, reply) => {
    const document = app.swagger() as unknown as OpenApiDocument
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    const operation = document.paths[path]?.[method === 'HEAD' ? 'get' : method.toLowerCase()]
    if (!operation) return
    if (problem && !problemsOf(document, operation)[problem.status]?.includes(problem.slug)) missing.add(`${method} ${path}: ${problem.slug}`)
    const { headers = {} } = referred(document, operation.responses[reply.statusCode] ?? {})
    for (const name of Object.keys(reply.getHeaders())) if (!unsaid.includes(name) && headers[name] === undefined) missing.add(`${method} ${path}: ${reply.statusCode} with ${name}`)
  })
  t.teardown(() => {
    if (missing.size > 0) throw new Error(`Answered, but not documented (see isOf of defineProblem, and the fields of the documentation):\n${[...missing].join('\n')}`)
  })
}

/** Where a document says less of an operation's failures than its guards, headers and body make certain. */
export function missingProblems (document: OpenApiDocument): string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations).flatMap(([method, operation]) => {
    const takes = (where: string, name: string) => operation.parameters?.some((parameter) => parameter.in === where && parameter.name === name) ?? false
    const expected = {
      429: true,
      500: true,
      503: true,
      400: operation.parameters !== undefined || operation.requestBody !== undefined,
      401: (operation.security ?? []).length > 0,
      403: takes('path', 'user_id') || path.startsWith('/admin/'),
      404: takes('path', 'id') || takes('path', 'seq') || takes('path', 'kid'),
      412: takes('header', 'if-match'),
      413: operation.requestBody !== undefined,
      415: operation.requestBody !== undefined,
      422: takes('header', 'idempotency-key'),
    }
    const told = problemsOf(document, operation)
    return Object.entries(expected).filter(([status, isExpected]) => isExpected && !told[status]?.length).map(([status]) => `${method} ${path}: ${status}`)
  }))
}

/** Each body, asked or answered with success, that has no example, or one that its own schema refuses. */
export function faultyExamples (document: OpenApiDocument): string[] {
  const compile = compilerFactory()({}, { customOptions: { coerceTypes: false, useDefaults: false, removeAdditional: false, allErrors: true, keywords: ['x-detail'] } })
  const errorsOf = (schema: object, value: unknown) => {
    const validate = compile({ schema: JSON.parse(JSON.stringify({ ...schema, definitions: document.components.schemas }).replaceAll('#/components/schemas/', '#/definitions/')) })
    return validate(value) ? [] : (validate as typeof validate & { errors: Array<{ instancePath: string, message: string }> }).errors
  }
  return Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations).flatMap(([method, { requestBody, responses }]) => {
    const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'))
    return [['body', requestBody] as const, ...answers].flatMap(([what, told]) => Object.entries(told?.content ?? {}).flatMap(([type, { schema, examples = {} }]) => {
      const where = `${method} ${path}: ${what} ${type}`
      const shown = Object.values(examples).map((example) => referred<object>(document, example) as { value?: unknown })
      return shown.length === 0 ? [`${where} has no example`] : shown.flatMap(({ value }) => errorsOf(schema, value).map(({ instancePath, message }) => `${where}: ${instancePath} ${message}`))
    }))
  }))
}

/** Each operation without an id of its own, a summary or a tag that is told of, and each parameter and answer of which nothing is said. */
export function undescribed (document: OpenApiDocument): string[] {
  const ids = new Set<string>()
  const isTold = ({ description = '' }: { description?: string }) => /\w/.test(description) && description !== 'Default Response'
  const tags = document.tags.filter(isTold).map(({ name }) => name)
  return Object.entries(document.paths).flatMap(([path, operations]) => Object.entries(operations).flatMap(([method, { operationId = '', summary = '', tags: own = [], parameters = [], responses }]) => {
    const isKnown = ids.has(operationId)
    ids.add(operationId)
    return [
      ...operationId === '' || isKnown ? ['id'] : [],
      ...summary === '' ? ['summary'] : [],
      ...own.length > 0 && own.every((tag) => tags.includes(tag)) ? [] : ['tag'],
      ...parameters.filter((parameter) => !isTold(parameter)).map((parameter) => `${parameter.in} ${parameter.name}`),
      ...Object.entries(responses).filter(([, answer]) => !isTold(referred(document, answer))).map(([status]) => status),
    ].map((what) => `${method} ${path}: ${what}`)
  }))
}
