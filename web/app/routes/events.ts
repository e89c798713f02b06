import type { LoaderFunctionArgs } from '@remix-run/node'
import { relayChanges } from '../relay-changes.server.ts'

/** That something has changed, for pages that show tasks: as it happens, while the session lasts. */
export const loader = async ({ request, context }: LoaderFunctionArgs) =>
  request.method === 'GET' ? await relayChanges(request, context) : new Response(null, { status: 405, headers: { allow: 'GET' } })
