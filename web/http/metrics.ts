import { Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** The measurements of one process, in a registry of its own so that two may live side by side. */
export function webMetrics () {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'kind', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return {
    registry,
    /** `kind` is page, data, file or stream: never a path, of which there are as many as tasks. */
    observe: (method: string, kind: 'page' | 'data' | 'file' | 'stream', status: number, seconds: number) =>
      duration.observe({ method, kind, status: String(status) }, seconds),
  }
}
