import type { ReadableStream } from 'node:stream/web'
import { type AppLoadContext, redirect } from '@remix-run/node'
import { isServiceAway, isSignInNeeded, isStepUpNeeded } from './api/service-problem.ts'
import { requireUser } from './require-user.server.ts'

/** A file to keep. Whatever is in the way of its beginning leads back to the page with the button, not to a file that is none. */
export async function fileAnswer (context: AppLoadContext, { name, type }: { name: string, type: string }, begin: () => Promise<ReadableStream | globalThis.ReadableStream>): Promise<Response> {
  try {
    requireUser(context)
    await context.freshen()
    const file = await begin() as unknown as BodyInit // Node's stream, which the DOM's types do not know
    const [stem, ending] = name.split('.')
    return new Response(file, {
      headers: {
        'content-type': `${type}; charset=utf-8`,
        'content-disposition': `attachment; filename="${stem}-${new Date().toISOString().slice(0, 10)}.${ending}"`,
      },
    })
  } catch (error) {
    if (isServiceAway(error)) throw redirect('/settings/export?problem=away', 303)
    const page = isSignInNeeded(error) ? '/login' : isStepUpNeeded(error) ? '/confirm' : undefined
    if (page === undefined) throw error
    throw redirect(`${page}?${new URLSearchParams({ next: '/settings/export' })}`, 303)
  }
}
