import closeWithGrace from 'close-with-grace'
import { buildWeb } from './build-web.ts'
import { loadConfig } from './config.ts'

const config = loadConfig()
const { app, internal } = await buildWeb({
  config,
  logger: {
    level: config.LOG_LEVEL,
    base: { part: 'web' },
    redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-service-token"]', 'res.headers["set-cookie"]'],
  },
})

closeWithGrace({ delay: config.SHUTDOWN_SECONDS * 1000, logger: app.log }, async ({ err }) => {
  if (err) app.log.fatal({ err }, 'shutting down after a crash')
  await app.close()
})
await internal.listen({ host: config.INTERNAL_HOST, port: config.INTERNAL_PORT })
await app.listen({ host: config.HOST, port: config.PORT })
