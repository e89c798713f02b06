import { type FastifyReply, type FastifyRequest, type FastifyServerOptions, LogController } from 'fastify'
import { GatheredLines } from './gathered-lines.ts'

const maxCauses = 3

type ErrorSerializer = NonNullable<NonNullable<Exclude<FastifyServerOptions['logger'], boolean | undefined>['serializers']>['err']>

interface LoggedError { type: string, message: string, stack?: string, code?: string, slug?: string, constraint?: string, cause?: LoggedError }

/**
 * What a log may tell of an error, by name: libraries put the row, the values, the clashing key or the refused body into
 * others. A message is kept, for it names things; but of PostgreSQL's class 22, which quotes the value it refused, the code
 * alone.
 */
export function loggedError (error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'a value that is no error was thrown' }
  const { code, slug, constraint } = error as { code?: unknown, slug?: unknown, constraint?: unknown }
  const quotesValues = typeof code === 'string' && /^22[\dA-Z]{3}$/.test(code)
  const message = quotesValues ? `PostgreSQL refused a value (${code})` : error.message
  return {
    type: error.name,
    message,
    ...error.stack?.includes('\n') === true && { stack: error.stack.replace(error.message, message) },
    ...typeof code === 'string' && { code },
    ...typeof slug === 'string' && { slug },
    ...typeof constraint === 'string' && { constraint },
    ...error.cause !== undefined && depth < maxCauses && { cause: loggedError(error.cause, depth + 1) },
  }
}

const standardOutput = new GatheredLines(1)

/** JSON to standard output: a fixed phrase as the message, data in the object, no secret in either. */
export const loggerOptions = ({ LOG_LEVEL }: { LOG_LEVEL: string }): FastifyServerOptions['logger'] => ({
  level: LOG_LEVEL,
  stream: standardOutput,
  formatters: { level: (label: string) => ({ level: label }) },
  serializers: {
    err: (error: unknown) => loggedError(error) as ReturnType<ErrorSerializer>,
    req: ({ method, routeOptions, url, headers }: FastifyRequest) => ({
      method,
      // A path may hold an id, and a wrong one anything; a query what someone searched for.
      url: routeOptions?.url === undefined ? 'unknown' : url.split('?')[0],
      traceparent: headers['traceparent'],
    }),
  },
})

/** Tells of a request once it is answered, all in one line: a log costs by the line. */
export class OneLinePerRequest extends LogController {
  override incomingRequest (): void {}

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const told = { req: request, res: reply, responseTime: reply.elapsedTime }
    const { problem } = request
    if (error) reply.log.error({ ...told, err: error }, 'request errored')
    else if (problem) reply.log[levelOf(problem)]({ ...told, err: problem }, problem.slug)
    else reply.log.info(told, 'request completed')
  }
}

/** A fault of ours, an outage or a crowd, or a request that was not right. */
const levelOf = ({ status }: { status: number }) => status === 503 ? 'warn' : status >= 500 ? 'error' : 'info'
