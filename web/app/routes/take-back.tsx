import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { LinkForm } from '../components/link-form.tsx'
import type { LinkAnswer } from '../forms/form-answer.ts'
import { followLink, openLink } from '../mailed-link.server.ts'

export const meta: MetaFunction = () => [{ title: 'Take your account back · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  return openLink(request, context)
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const refused = await followLink(request, context.auth.revertEmailChange)
  if (refused) return refused
  // Every session of the account has ended; whoever was signed in here logs in anew.
  if (context.user) await context.signOut()
  context.flash({ did: 'account-taken-back' })
  return redirect('/login', 303)
}

export default function TakeBackPage () {
  const { token } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as LinkAnswer | undefined
  return (
    <LinkForm
      path='/take-back' token={token} served={served}
      title='Take your account back?'
      lead='It gets the address again that this mail went to. Every device is logged out, and the password is void: we mail you a link to choose another.'
      button='Take it back' busy='Taking it back…'
    >
      If this address still has an account, <Link to='/forgot-password'>choose a new password</Link>.
    </LinkForm>
  )
}
