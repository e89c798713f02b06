import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { type ServerBuild, createRequestHandler } from '@remix-run/node'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BrowserContext } from '../app/load-context.ts'
import { acceptedCoding, compressPage } from './compress-page.ts'

export interface RemixHandlerOptions {
  build: ServerBuild | (() => Promise<ServerBuild>)
  mode: 'production' | 'development'
  publicOrigin: string
}

/**
 * Lets Remix answer a Fastify request. `body` is what is left of a form once we have read it.
 * `beforeSending` runs when the loaders and actions are done and headers may still be set.
 */
export function remixHandler ({ build, mode, publicOrigin }: RemixHandlerOptions) {
  const handle = createRequestHandler(build, mode)

  return async (request: FastifyRequest, reply: FastifyReply, context: BrowserContext, body: string | null, beforeSending: () => Promise<void>) => {
    const gone = new AbortController()
    reply.raw.on('close', () => { if (!reply.raw.writableFinished) gone.abort() })
    // Put together as text: `//elsewhere/path` and `http://elsewhere/` are paths of this site, or none.
    const url = new URL(publicOrigin + (request.url.startsWith('/') ? request.url : `/${request.url}`))
    // The way to ask for data before single fetch; it would pass by what we know of data requests.
    if (url.searchParams.has('_data')) url.searchParams.delete('_data')
    const forwarded = headersFor(request, publicOrigin)
    if (body !== null) forwarded.set('content-type', 'application/x-www-form-urlencoded') // however the form came
    const response = await handle(new Request(url, {
      method: request.method,
      headers: forwarded,
      signal: gone.signal,
      ...body !== null && { body },
    }), context)
    await beforeSending()

    reply.code(response.status)
    for (const [name, value] of response.headers) if (name !== 'set-cookie') reply.header(name, value)
    for (const cookie of response.headers.getSetCookie()) reply.header('set-cookie', cookie)
    if (!response.body) return await reply.send()

    const page = Readable.fromWeb(response.body as ReadableStream)
    // An encoder for each stream that is open would cost more memory than there is to save.
    const coding = response.headers.get('content-type')?.startsWith('text/event-stream') === true ? null : acceptedCoding(request.headers['accept-encoding'])
    reply.header('vary', 'accept-encoding')
    if (!coding || request.method === 'HEAD') return await reply.send(page)
    return await reply.header('content-encoding', coding).removeHeader('content-length').send(compressPage(page, coding))
  }
}

/** Remix compares Host and Origin by rules of its own, which know nothing of our public origin; ours have been applied by now. */
function headersFor ({ headers }: FastifyRequest, publicOrigin: string): Headers {
  const given = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ['origin', 'host', 'x-forwarded-host', 'cookie', 'content-length', 'transfer-encoding', 'connection', 'expect'].includes(name)) continue
    for (const one of [value].flat()) given.append(name, one)
  }
  given.set('host', new URL(publicOrigin).host)
  return given
}
