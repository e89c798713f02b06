import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** How many observations are counted together: to look a series up is quick only where it is done many times in a row. */
const handful = 256

interface Observation { labels: { method: string, route: string, status: number }, seconds: number }

/** The measures of one process, for its internal listener (Prometheus text format). */
export function createMetrics (service: string) {
  const registry = new Registry()
  const waiting: Observation[] = []
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
    collect: count,
  })

  function count (): void {
    for (const { labels, seconds } of waiting.splice(0)) duration.observe(labels, seconds)
  }

  return {
    registry,
    observe: (observation: Observation) => {
      if (waiting.push(observation) >= handful) count()
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

/** Measures every request of a listener; the route's pattern is the label, so that ids do not multiply series. */
export const measureRequests = fp(async (app: FastifyInstance, { metrics }: { metrics: Metrics }) => {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    metrics.observe({ labels: { method: request.method, route, status: reply.statusCode }, seconds: reply.elapsedTime / 1000 })
    done()
  })
}, { name: 'measure-requests' })

/** `GET /metrics`. */
export const exposeMetrics = fp(async (app: FastifyInstance, { metrics }: { metrics: Metrics }) => {
  app.get('/metrics', { schema: { hide: true }, logLevel: 'warn' }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()))
}, { name: 'expose-metrics' })
