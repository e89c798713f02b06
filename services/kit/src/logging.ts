import type { FastifyRequest, FastifyServerOptions } from 'fastify'

/** Values that must never reach a log, wherever a library puts them. */
const secrets = [
  'req.headers.authorization', 'req.headers.cookie', 'req.headers["x-service-token"]',
  ...['err', 'err.cause', 'err.cause.cause'].flatMap((error) => [
    // Slonik's errors carry the row and the values, PostgreSQL's the clashing key, Ajv's the refused data.
    `${error}.row`, `${error}.values`, `${error}.detail`, `${error}.where`, `${error}.query`, `${error}.options.current`, `${error}.validation`,
  ]),
]

/** JSON to standard output: a fixed phrase as the message, data in the object, no secret in either. */
export const loggerOptions = ({ LOG_LEVEL }: { LOG_LEVEL: string }): FastifyServerOptions['logger'] => ({
  level: LOG_LEVEL,
  redact: secrets,
  formatters: { level: (label: string) => ({ level: label }) },
  serializers: {
    req: (request: FastifyRequest) => ({
      method: request.method,
      url: request.url.split('?')[0], // a query may hold what someone searched for
      traceparent: request.headers['traceparent'],
    }),
  },
})
