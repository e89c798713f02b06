import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { LinkForm } from '../components/link-form.tsx'
import type { LinkAnswer } from '../forms/form-answer.ts'
import { followLink, openLink } from '../mailed-link.server.ts'

export const meta: MetaFunction = () => [{ title: 'Use this address · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  return openLink(request, context)
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const refused = await followLink(request, context.auth.confirmEmailChange)
  if (refused) return refused
  context.flash({ did: 'email-changed' })
  return redirect(context.user ? '/settings' : '/login', 303)
}

export default function ChangeEmailPage () {
  const { token, isSignedIn } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as LinkAnswer | undefined
  return (
    <LinkForm
      path='/change-email' token={token} served={served}
      title='Use this address?'
      lead='From now on you log in with it, and mail goes here. Every device is logged out but the one on which you asked for it. Your old address is told and, if it was confirmed, can take the account back for seven days.'
      button='Use this address' busy='Changing…'
    >
      Your <Link to='/settings'>settings</Link> say which address your account has{isSignedIn ? '' : ' once you are logged in'}, and change it.
    </LinkForm>
  )
}
