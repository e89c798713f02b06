import { openDatabase } from '@daymark/kit/database'
import { loggerOptions } from '@daymark/kit/logging'
import { main, runService } from '@daymark/kit/run-service'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { smtpMailer } from './src/mail/smtp.ts'

await main(async () => {
  const config = loadConfig()
  const pool = await openDatabase(config)
  const service = await buildApp({ config, pool, mailer: smtpMailer(config), now: () => new Date(), logger: loggerOptions(config) })
  service.app.addHook('onClose', () => pool.end())
  await runService(service, config)
})
