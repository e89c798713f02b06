import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { LinkForm } from '../components/link-form.tsx'
import type { LinkAnswer } from '../forms/form-answer.ts'
import { followLink, openLink } from '../mailed-link.server.ts'

export const meta: MetaFunction = () => [{ title: 'Confirm your address · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  return openLink(request, context)
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const refused = await followLink(request, context.auth.verifyEmail)
  if (refused) return refused
  context.flash({ did: 'email-confirmed' })
  return redirect(context.user ? '/settings' : '/login', 303)
}

export default function VerifyEmailPage () {
  const { token, isSignedIn } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as LinkAnswer | undefined
  return (
    <LinkForm
      path='/verify-email' token={token} served={served}
      title='Is this your address?'
      lead='You opened the link that we mailed. One press, and we know that mail reaches you.'
      button='Confirm this address' busy='Confirming…'
    >
      Your <Link to='/settings'>settings</Link> say whether your address is confirmed{isSignedIn ? '' : ' once you are logged in'}, and send a new link.
    </LinkForm>
  )
}
