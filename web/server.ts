import closeWithGrace from 'close-with-grace'
import { buildWeb } from './build-web.ts'
import { loadConfig } from './config.ts'
import { loggerOptions } from './http/logger-options.ts'

const config = loadConfig()
const { app, internal } = await buildWeb({ config, logger: loggerOptions(config) })

closeWithGrace({ delay: config.SHUTDOWN_SECONDS * 1000, logger: app.log }, async ({ err }) => {
  if (err) app.log.fatal({ err }, 'shutting down after a crash')
  await app.close()
})
await internal.listen({ host: config.INTERNAL_HOST, port: config.INTERNAL_PORT })
await app.listen({ host: config.HOST, port: config.PORT })
