import { type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { exportEverything } from '../account-export.server.ts'
import { isServiceAway, isSignInNeeded, isStepUpNeeded } from '../api/service-problem.ts'
import { requireUser } from '../require-user.server.ts'

/** The file itself. Whatever is in the way leads back to the page with the button, not to a file that is none. */
export async function loader ({ context }: LoaderFunctionArgs) {
  try {
    requireUser(context)
    await context.freshen()
    const file = await exportEverything(context) as unknown as BodyInit // Node's stream, which the DOM's types do not know
    return new Response(file, {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="daymark-export-${new Date().toISOString().slice(0, 10)}.json"`,
      },
    })
  } catch (error) {
    if (isServiceAway(error)) throw redirect('/settings/export?problem=away', 303)
    const page = isSignInNeeded(error) ? '/login' : isStepUpNeeded(error) ? '/confirm' : undefined
    if (page === undefined) throw error
    throw redirect(`${page}?${new URLSearchParams({ next: '/settings/export' })}`, 303)
  }
}
