import compilerFactory, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions, type RawReplyDefaultExpression, type RawRequestDefaultExpression, type RawServerDefault } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { OneLinePerRequest } from './logging.ts'
import { createMetrics, exposeMetrics, measureRequests } from './metrics.ts'
import { openApi, type OpenApiOptions } from './openapi.ts'
import { problems, renderProblem } from './problem.ts'
import { health, Readiness } from './readiness.ts'

export type Service = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>

export interface ServiceOptions {
  name: string
  config: { TRUSTED_PROXIES: string }
  logger: FastifyServerOptions['logger']
  documentation: OpenApiOptions
  /** What the service stands on; it is ready when all of them resolve. */
  dependencies: ReadonlyArray<() => Promise<unknown>>
}

/**
 * A service without its routes: the public listener `app` and the `internal` one, neither of them listening yet. Both
 * answer `/livez` and `/readyz`; metrics and internal routes are on the internal one alone (SEC-81).
 */
export async function createService ({ name, config, logger = false, documentation, dependencies }: ServiceOptions) {
  const options = fastifyOptions(config, logger)
  const metrics = createMetrics(name)
  const readiness = new Readiness(dependencies)

  const app: Service = Fastify(options).withTypeProvider<TypeBoxTypeProvider>()
  app.addHook('onResponse', (_request, reply, done) => {
    if (reply.statusCode === 503) readiness.doubt()
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    reply.header('x-content-type-options', 'nosniff')
    done(null, payload)
  })
  app.removeContentTypeParser('text/plain') // what is not JSON is 415
  await app.register(problems)
  await app.register(measureRequests, { metrics })
  await app.register(openApi, documentation)
  await app.register(health, { readiness })

  const internal: Service = Fastify(options).withTypeProvider<TypeBoxTypeProvider>()
  await internal.register(problems)
  await internal.register(health, { readiness })
  await internal.register(exposeMetrics, { metrics })
  return { app, internal, metrics, readiness }
}

function fastifyOptions ({ TRUSTED_PROXIES }: { TRUSTED_PROXIES: string }, logger: FastifyServerOptions['logger']) {
  return {
    logger,
    logController: new OneLinePerRequest(),
    // Given options, though they be none, pino builds all of a logger anew for each request.
    childLoggerFactory: (parent, bindings, { level }) => level ? parent.child(bindings, { level }) : parent.child(bindings),
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    // Client addresses come from a proxy only if it is a trusted one (SEC-34).
    trustProxy: TRUSTED_PROXIES === '' ? false : TRUSTED_PROXIES,
    genReqId: ({ headers: { 'x-request-id': given } }) => typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID(),
    routerOptions: { maxParamLength: 100, ignoreTrailingSlash: false, caseSensitive: true },
    schemaController: { compilersFactory: { buildValidator: strictBodies } },
    clientErrorHandler: refuseUnreadable,
    // The router's own refusals (a malformed URL) would pass no error handler.
    frameworkErrors: (error, request, reply) => { renderProblem(error, request, reply) },
  } satisfies FastifyServerOptions
}

/** What Node's own parser refuses passes no router and no hook: it gets the same shape of answer. */
function refuseUnreadable (error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const [status, phrase] = error.code === 'HPE_HEADER_OVERFLOW' ? [431, 'Request Header Fields Too Large'] : [400, 'Bad Request']
  const body = JSON.stringify({ type: '/problems/request-refused', title: 'The request cannot be read', status, instance: `urn:request:${randomUUID()}` })
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
}

/** Queries and paths are text and converted; bodies are JSON and never (`["x"]`, 123 or null is no string). Unknown fields are refused. */
const strictBodies: BuildCompilerFromPool = (externalSchemas) => {
  const compilerFor = (coerceTypes: boolean) => compilerFactory()(externalSchemas, {
    customOptions: { coerceTypes, useDefaults: true, removeAdditional: false, allErrors: true, verbose: true, keywords: ['x-detail'] },
    onCreate: (ajv) => {
      const of = (format: string) => (ajv.formats[format] as { validate: (text: string) => boolean }).validate
      const [isDay, isInstant] = [of('date'), of('date-time')]
      // PostgreSQL has no year 0, and an offset can lead out of the years that have four digits.
      ajv.addFormat('date', (text: string) => isDay(text) && !text.startsWith('0000'))
      ajv.addFormat('date-time', (text: string) => isInstant(text) && !isBeyondFourDigits(new Date(text).getUTCFullYear()))
    },
  })
  const [body, text] = [compilerFor(false), compilerFor(true)]
  return (route) => (route as unknown as { httpPart: string }).httpPart === 'body' ? body(route) : finite(text(route), (route as unknown as { schema: { properties?: object } }).schema)
}

const isBeyondFourDigits = (year: number) => year < 1 || year > 9999

/** Ajv converts `1e400` to a number without end, takes that for an integer, and asks for no bound of it. */
function finite<V extends ReturnType<ReturnType<BuildCompilerFromPool>>> (validate: V, { properties = {} }: { properties?: object }): V {
  const numbers = Object.entries(properties).filter(([, property]) => /"(integer|number)"/.test(JSON.stringify(property))).map(([name]) => name)
  const check = (data: Record<string, unknown>) => {
    const isValid = validate(data)
    const endless = numbers.filter((name) => typeof data[name] === 'number' && !Number.isFinite(data[name]))
    check.errors = isValid ? endless.map((name) => ({ keyword: 'type', instancePath: `/${name}`, params: { type: 'integer' } })) : validate.errors
    return isValid && endless.length === 0
  }
  check.errors = null as unknown
  return check as unknown as V
}
