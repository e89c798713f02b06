import type { Config } from '../config.ts'

/** JSON lines on standard output, without what proves who somebody is. */
export const loggerOptions = ({ LOG_LEVEL }: Pick<Config, 'LOG_LEVEL'>) => ({
  level: LOG_LEVEL,
  base: { part: 'web' },
  redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-service-token"]', 'res.headers["set-cookie"]'],
})
