import closeWithGrace from 'close-with-grace'
import type { Service } from './service.ts'

export interface RunConfig { HOST: string, PORT: number, INTERNAL_HOST: string, INTERNAL_PORT: number, SHUTDOWN_SECONDS: number }

/**
 * Opens both ports, and closes them on a signal or a crash: what was accepted is finished, for SHUTDOWN_SECONDS at most.
 */
export async function runService ({ app, internal }: { app: Service, internal: Service }, config: RunConfig): Promise<void> {
  const inFlight = countInFlight(app)
  closeWithGrace({ delay: config.SHUTDOWN_SECONDS * 1000, logger: app.log }, async ({ err }) => {
    if (err) app.log.fatal({ err }, 'shutting down after a crash')
    const letGo = releaseConnections([app, internal], inFlight, Date.now() + config.SHUTDOWN_SECONDS * 1000 - margin)
    await app.close()
    await internal.close()
    clearInterval(letGo)
  })
  await internal.listen({ host: config.INTERNAL_HOST, port: config.INTERNAL_PORT })
  await app.listen({ host: config.HOST, port: config.PORT })
}

const margin = 500

/** The number of requests accepted and not yet answered. */
function countInFlight (app: Service): () => number {
  let count = 0
  app.addHook('onRequest', (_request, _reply, done) => {
    count++
    done()
  })
  app.addHook('onResponse', (_request, _reply, done) => {
    count--
    done()
  })
  return () => count
}

/** A closing server waits for its connections; kept alive, or never used, they would outlast any patience. */
function releaseConnections (listeners: Service[], inFlight: () => number, deadline: number): NodeJS.Timeout {
  return setInterval(() => {
    for (const { server } of listeners) {
      if (inFlight() === 0 || Date.now() > deadline) server.closeAllConnections()
      else server.closeIdleConnections()
    }
  }, 100)
}

/** Runs `start`; what it throws is told in one message, without a stack for what a person can mend. */
export async function main (start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    console.error(isForAPerson(error) ? error.message : error)
    process.exit(1)
  }
}

/** A wrong setting, a refused connection, a taken port: what can be mended by who starts the service. The rest is a fault of ours. */
const isForAPerson = (error: unknown): error is Error =>
  error instanceof Error && (['ConfigurationError', 'UnboundRoleError', 'SealingKeyError'].includes(error.name) || typeof (error as NodeJS.ErrnoException).code === 'string')
