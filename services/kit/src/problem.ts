import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from '@sinclair/typebox'
import { StatementTimeoutError } from 'slonik'
import { isDatabaseAway } from './database.ts'
import { type FieldError, fieldErrors } from './field-errors.ts'

/** The one shape of a failure on the wire (RFC 9457). */
export const ProblemDocument = Type.Object({
  type: Type.String({ description: 'Names the kind of problem; the list is in the API documentation' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  instance: Type.String({ description: 'The id of the request, also in the logs' }),
  errors: Type.Optional(Type.Array(Type.Object({
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the field' }),
    code: Type.String({ description: 'Stable: for clients that speak another language' }),
    detail: Type.String(),
  }))),
  current: Type.Optional(Type.Unknown({ description: 'With 412: the representation as it is now. With an undo that is refused: what stands in the way of each change' })),
}, { $id: 'Problem' })

declare module 'fastify' {
  interface FastifyRequest {
    /** What it was refused by, or failed of. */
    problem?: Problem
  }
}

export interface ProblemOptions extends ErrorOptions {
  detail?: string
  errors?: FieldError[]
  headers?: Record<string, string>
  /** What the resource is now, for a client that meets 412; or what stands in the way. */
  current?: unknown
}

/** A failure the caller is told about. Business code throws it; the plugin below renders it. */
export class Problem extends Error {
  readonly slug: string
  readonly status: number
  readonly options: ProblemOptions

  constructor (slug: string, status: number, title: string, options: ProblemOptions = {}) {
    super(title, options)
    this.name = 'Problem'
    this.slug = slug
    this.status = status
    this.options = options
  }
}

/** An operation as the API documentation describes it. */
export interface DescribedOperation {
  method: string
  /** With its parameters in braces, as in `/auth/sessions/{id}`. */
  path: string
  isGuarded: boolean
  hasBody: boolean
  takes: (where: 'path' | 'query' | 'header', name: string) => boolean
  /** With success, or with 304. */
  answers: (status: number) => boolean
}
export type ProblemExample = Pick<ProblemOptions, 'detail' | 'errors'>
type IsOf = (operation: DescribedOperation) => boolean

/** Every problem this process can report, for the documentation. */
export const problemTypes = new Map<string, { status: number, title: string, isOf: IsOf, example: ProblemExample }>()

/**
 * Declares a kind of problem; gives the function that makes one.
 * @param isOf which operations can answer with it: the documentation says so of them, and tests hold them to it
 * @param example what it may tell beside its title
 */
export function defineProblem (slug: string, status: number, title: string, isOf: IsOf = () => false, example: ProblemExample = {}): (options?: ProblemOptions) => Problem {
  problemTypes.set(slug, { status, title, isOf, example })
  return (options) => {
    const { stackTraceLimit } = Error
    if (status !== 500) Error.stackTraceLimit = 0 // a refusal is explained by its name, and a crowd of them is to cost little
    const problem = new Problem(slug, status, title, options)
    Error.stackTraceLimit = stackTraceLimit
    return problem
  }
}

export const invalidRequest = defineProblem('invalid-request', 400, 'The request does not have the right shape', () => true, { errors: [{ pointer: '/colour', code: 'unknown_field', detail: 'colour is not a field of this resource: leave it out' }] })
export const malformedJson = defineProblem('malformed-json', 400, 'The body is not valid JSON', ({ hasBody }) => hasBody)
export const unacceptable = defineProblem('unprocessable', 422, 'The request has the right shape, but cannot be carried out', ({ hasBody, takes }) => hasBody || takes('query', 'q') || takes('query', 'time_zone') || takes('path', 'kid') || takes('path', 'seq'), { errors: [{ pointer: '/due_date', code: 'due_twice', detail: 'due_date and due_at exclude each other: set the other to null' }] })
export const notSignedIn = defineProblem('not-signed-in', 401, 'A valid access token is needed', ({ isGuarded }) => isGuarded, { detail: 'The token has expired.' })
export const notYours = defineProblem('not-yours', 403, 'This belongs to someone else', ({ takes }) => takes('path', 'user_id'))
export const unknownRoute = defineProblem('unknown-route', 404, 'There is no such resource')
export const methodNotAllowed = defineProblem('method-not-allowed', 405, 'This resource has no such method')
export const bodyTooLarge = defineProblem('body-too-large', 413, 'The body is too large', ({ hasBody }) => hasBody)
export const unsupportedMediaType = defineProblem('unsupported-media-type', 415, 'Send the body as JSON', ({ hasBody }) => hasBody)
export const invalidCursor = defineProblem('invalid-cursor', 400, 'The cursor does not belong to this query', ({ takes }) => takes('query', 'cursor'))
export const invalidPrecondition = defineProblem('invalid-precondition', 400, 'If-Match must be the ETag of the resource', ({ takes }) => takes('header', 'if-match'))
export const tooManyRequests = defineProblem('too-many-requests', 429, 'Too many requests', () => true, { detail: 'Try again in 1 minute.' })
export const requestRefused = defineProblem('request-refused', 400, 'The request cannot be read')
export const unexpected = defineProblem('unexpected', 500, 'Something went wrong on our side', () => true)
export const databaseAway = defineProblem('database-away', 503, 'The database is out of reach; try again shortly', () => true)
export const busy = defineProblem('busy', 503, 'Too much is being done at once; try again shortly', () => true)
export const keysUnavailable = defineProblem('keys-unavailable', 503, 'The keys that verify tokens are out of reach; try again shortly', ({ isGuarded }) => isGuarded)

const byFastifyCode: Record<string, (options?: ProblemOptions) => Problem> = {
  FST_ERR_CTP_INVALID_JSON_BODY: malformedJson,
  FST_ERR_CTP_EMPTY_JSON_BODY: malformedJson,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: unsupportedMediaType,
  FST_ERR_CTP_BODY_TOO_LARGE: bodyTooLarge,
}

function toProblem (error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error
  if (error.validation) return invalidRequest({ cause: error, errors: fieldErrors(error.validation, error.validationContext) })
  const known = byFastifyCode[error.code]
  if (known) return known({ cause: error })
  if (error instanceof SyntaxError && error.statusCode === 400) return malformedJson({ cause: error })
  if (error.statusCode === 429) return tooManyRequests({ cause: error })
  if (error.statusCode === 413) return bodyTooLarge({ cause: error })
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) return requestRefused({ cause: error })
  if (isUnstorableText(error)) return unacceptable({ cause: error, detail: 'A text has a character that cannot be stored (NUL).' })
  if (error instanceof StatementTimeoutError) return busy({ cause: error })
  if (isDatabaseAway(error)) return databaseAway({ cause: error })
  return unexpected({ cause: error })
}

/** 22021, 22P05: a character PostgreSQL has no place for. The schemas refuse them first; this is the second lock. */
const isUnstorableText = (error: Error & { code?: string }) => error.code === '22021' || error.code === '22P05'

/** Renders every failure of the service as application/problem+json. */
export const problems = fp(async (app: FastifyInstance) => {
  app.setNotFoundHandler((request) => { throw allowedElsewhere(app, request) ?? unknownRoute() })
  app.setErrorHandler<FastifyError | Problem>(renderProblem)
}, { name: 'problems' })

/** Answers a request with the problem that `error` is; the line that tells of the request tells of it. */
export function renderProblem (error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error)
  const { detail, errors, headers, current } = problem.options
  request.problem = problem
  if (problem.status === 401) reply.header('www-authenticate', challenge(problem))
  if (problem.status === 503) reply.header('retry-after', '1')
  reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...headers })
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({
      type: `/problems/${problem.slug}`,
      title: problem.message,
      status: problem.status,
      ...detail !== undefined && { detail },
      instance: `urn:request:${request.id}`,
      ...errors && { errors },
      ...current !== undefined && { current },
    })
}

/** RFC 6750 section 3: a request without a token is told the scheme alone. */
const challenge = ({ options: { detail } }: Problem) =>
  detail === undefined ? 'Bearer' : `Bearer error="invalid_token", error_description="${detail.replaceAll(/["\\]/g, '')}"`

function allowedElsewhere (app: FastifyInstance, { method, url }: FastifyRequest): Problem | undefined {
  const path = url.split('?')[0] ?? url
  const allowed = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((other) => other !== method && app.findRoute({ method: other as 'GET', url: path }))
  return allowed.length > 0 ? methodNotAllowed({ headers: { allow: allowed.join(', ') } }) : undefined
}
