import type { ServerBuild } from '@remix-run/node'
import type { FastifyInstance } from 'fastify'

/** Puts Vite in front of the app, for development: modules as they are edited, and hot reloading over the app's own port. */
export async function startDevServer (app: FastifyInstance): Promise<() => Promise<ServerBuild>> {
  const { createServer } = await import('vite')
  const root = new URL('..', import.meta.url).pathname
  const vite = await createServer({
    root: decodeURIComponent(root),
    appType: 'custom',
    logLevel: 'warn',
    server: { middlewareMode: true, hmr: { server: app.server } },
  })
  app.addHook('onClose', () => vite.close())
  app.addHook('onRequest', (request, reply, done) => vite.middlewares(request.raw, reply.raw, done))
  return async () => await vite.ssrLoadModule('virtual:remix/server-build') as ServerBuild
}
