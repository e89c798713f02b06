import { openDatabase } from '@daymark/kit/database'
import { loggerOptions } from '@daymark/kit/logging'
import { main, runService } from '@daymark/kit/run-service'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { lockAccount } from './src/accounts/queries.ts'

await main(async () => {
  const config = loadConfig()
  const pool = await openDatabase(config, { lockStatement: lockAccount })
  const service = await buildApp({ config, pool, now: () => new Date(), logger: loggerOptions(config) })
  service.app.addHook('onClose', () => pool.end())
  await runService(service, config)
})
