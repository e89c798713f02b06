import { type FieldProblem, ServiceAway, ServiceProblem } from './service-problem.ts'

/** What every call made on behalf of one browser request carries along. */
export interface CallOrigin { requestId: string, traceparent: string }

export interface ServiceCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is. */
  file?: { type: string, text: string }
  /** Leaves the body of a good answer unread: it is a stream, and the deadline is that of its beginning. */
  isStreamed?: boolean
  /** Gives the call up, and the stream that it was answered with. */
  signal?: AbortSignal
  /** Milliseconds until it counts as away, for what may take longer than is usual. */
  timeoutMs?: number
}

export interface ServiceAnswer { headers: Headers, body: unknown }

export type Service = (call: ServiceCall, origin: CallOrigin) => Promise<ServiceAnswer>

/**
 * Speaks to one service: JSON in and out, with a deadline.
 * A call rejects with `ServiceProblem` where the service refuses, with `ServiceAway` where it cannot answer.
 */
export function service ({ name, url, timeoutMs }: { name: string, url: string, timeoutMs: number }): Service {
  return async (call, origin) => {
    const response = await send(name, url, timeoutMs, call, origin)
    if (call.isStreamed && response.ok) return { headers: response.headers, body: response.body }
    const isJson = /^application\/(problem\+)?json\b/.test(response.headers.get('content-type') ?? '')
    const body: unknown = await (isJson ? response.json() : response.text()).catch((cause: unknown) => { throw new ServiceAway(name, { cause }) })
    if (response.ok) return { headers: response.headers, body }
    if ([502, 503, 504].includes(response.status)) throw new ServiceAway(name, { cause: toProblem(response, body) })
    throw toProblem(response, body)
  }
}

async function send (name: string, url: string, timeoutMs: number, { method, path, headers, body, file, isStreamed, signal, timeoutMs: patience = timeoutMs }: ServiceCall, origin: CallOrigin): Promise<Response> {
  const attempt = async () => {
    const deadline = new AbortController()
    const timer = setTimeout(() => { deadline.abort(new DOMException('The answer took too long', 'TimeoutError')) }, patience).unref()
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'error',
      signal: signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal,
      headers: {
        accept: 'application/json, application/problem+json',
        traceparent: origin.traceparent,
        'x-request-id': origin.requestId,
        ...body !== undefined && { 'content-type': 'application/json' },
        ...file && { 'content-type': file.type },
        ...headers,
      },
      ...body !== undefined && { body: JSON.stringify(body) },
      ...file && { body: file.text },
    })
    if (isStreamed) clearTimeout(timer)
    return response
  }
  const away = (cause: unknown) => { throw new ServiceAway(name, { cause }) }
  // A kept-alive connection may have been closed by a restart in the same moment: what only reads, or has one effect
  // however often it is sent, is asked once more.
  const mayRepeat = method === 'GET' || headers?.['idempotency-key'] !== undefined
  return attempt().catch((cause: unknown) => mayRepeat && !isTimeout(cause) ? attempt().catch(away) : away(cause))
}

const isTimeout = (error: unknown) => error instanceof Error && error.name === 'TimeoutError'

function toProblem (response: Response, body: unknown): ServiceProblem {
  const told = typeof body === 'object' && body !== null ? body as Record<string, unknown> : {}
  const text = (name: string) => typeof told[name] === 'string' ? told[name] : undefined
  const detail = text('detail')
  const etag = response.headers.get('etag')
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ServiceProblem({
    status: response.status,
    type: text('type') ?? 'about:blank',
    title: text('title') ?? response.statusText,
    errors: Array.isArray(told['errors']) ? told['errors'].filter(isFieldProblem) : [],
    ...detail !== undefined && { detail },
    ...told['current'] !== undefined && { current: told['current'] },
    ...etag !== null && { etag },
    ...Number.isFinite(retryAfter) && { retryAfterSeconds: retryAfter },
  })
}

function isFieldProblem (value: unknown): value is FieldProblem {
  const { pointer, detail } = Object(value) as Record<string, unknown>
  return typeof pointer === 'string' && typeof detail === 'string'
}
