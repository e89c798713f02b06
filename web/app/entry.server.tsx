import { PassThrough } from 'node:stream'
import { type ActionFunctionArgs, type AppLoadContext, type EntryContext, type LoaderFunctionArgs, createReadableStreamFromReadable } from '@remix-run/node'
import { RemixServer, isRouteErrorResponse } from '@remix-run/react'
import { renderToPipeableStream } from 'react-dom/server'
import { Nonce } from './nonce.ts'

export const streamTimeout = 5000

/** Renders a page; a failure before its first byte is a failed request, one after it is reported. */
export default function handleRequest (request: Request, status: number, headers: Headers, remixContext: EntryContext, { nonce, report }: AppLoadContext): Promise<Response> {
  return new Promise((resolve, reject) => {
    let isShellReady = false
    const { pipe, abort } = renderToPipeableStream(
      <Nonce.Provider value={nonce}>
        <RemixServer context={remixContext} url={request.url} nonce={nonce} />
      </Nonce.Provider>,
      {
        nonce,
        onShellReady () {
          isShellReady = true
          headers.set('content-type', 'text/html; charset=utf-8')
          const body = new PassThrough()
          resolve(new Response(createReadableStreamFromReadable(body), { headers, status }))
          pipe(body)
        },
        onShellError: reject,
        onError (error) {
          if (isShellReady && !request.signal.aborted) report(error)
        },
      },
    )
    setTimeout(abort, streamTimeout + 1000).unref()
  })
}

/** Without this Remix would print what fails; our loaders and actions have told the log already. */
export function handleError (error: unknown, { request, context }: LoaderFunctionArgs | ActionFunctionArgs): void {
  if (!request.signal.aborted && !isRouteErrorResponse(error)) context.report(error)
}
