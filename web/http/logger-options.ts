import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

/** JSON lines on standard output, without what proves who somebody is. */
export const loggerOptions = ({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>) => ({
  level: LOG_LEVEL,
  base: { part: 'web' },
  redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-service-token"]', 'res.headers["set-cookie"]'],
  serializers: {
    req: ({ method, url, host, ip }: FastifyRequest) => ({ method, url: withoutLinkToken(url), host, remoteAddress: ip }),
  },
})

/** Whoever holds the token of a mailed link may use it: a log is no place for it. */
const withoutLinkToken = (url: string) => url.replaceAll(/([?&]token=)[^&#]*/gi, '$1[Redacted]')
