import closeWithGrace from 'close-with-grace'
import type { Service } from './service.ts'

export interface RunConfig { HOST: string, PORT: number, INTERNAL_HOST: string, INTERNAL_PORT: number, SHUTDOWN_SECONDS: number }

/**
 * Opens both ports, and closes them on a signal or a crash: what was accepted is finished, for SHUTDOWN_SECONDS at most.
 */
export async function runService ({ app, internal }: { app: Service, internal: Service }, config: RunConfig): Promise<void> {
  closeWithGrace({ delay: config.SHUTDOWN_SECONDS * 1000, logger: app.log }, async ({ err }) => {
    if (err) app.log.fatal({ err }, 'shutting down after a crash')
    await app.close()
    await internal.close()
  })
  await internal.listen({ host: config.INTERNAL_HOST, port: config.INTERNAL_PORT })
  await app.listen({ host: config.HOST, port: config.PORT })
}

/** Runs `start`; what it throws is told in one message, without a stack for what a person can mend. */
export async function main (start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    const isOurs = error instanceof Error && ['ConfigurationError', 'UnboundRoleError'].includes(error.name)
    console.error(isOurs ? error.message : error)
    process.exitCode = 1
    setImmediate(() => process.exit(1))
  }
}
