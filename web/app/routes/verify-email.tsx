import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { FormSummary } from '../components/checked-form.tsx'
import { DeadLink } from '../components/dead-link.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { readVerifyEmail } from '../forms/account-forms.server.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { isLinkUsed, linkToken } from '../mailed-link.server.ts'

export const meta: MetaFunction = () => [{ title: 'Confirm your address · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

interface VerifyAnswer extends FormAnswer { isDead?: true }

/** Opening the link changes nothing: programs that look through mail open links, too (SEC-19). */
export async function loader ({ request, context }: LoaderFunctionArgs) {
  return { formToken: context.formToken(), token: linkToken(request), isSignedIn: context.user !== null }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const form = readVerifyEmail(await request.formData())
  if (!form.ok) return data<VerifyAnswer>(form.answer, { status: 422 })
  try {
    await context.auth.verifyEmail(form.value)
  } catch (error) {
    if (isLinkUsed(error)) return data<VerifyAnswer>({ values: {}, errors: {}, isDead: true }, { status: 410 })
    return refusedForm(error, form.values)
  }
  context.flash({ did: 'email-confirmed' })
  return redirect(context.user ? '/settings' : '/login', 303)
}

export default function VerifyEmailPage () {
  const { token: loaded, isSignedIn } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as VerifyAnswer | undefined
  const isSending = useNavigation().formAction?.startsWith('/verify-email') ?? false
  const token = served?.values['token'] ?? loaded
  if (served?.isDead || !token) {
    return <DeadLink>Your <Link to='/settings'>settings</Link> say whether your address is confirmed{isSignedIn ? '' : ' once you are logged in'}, and send a new link.</DeadLink>
  }
  return (
    <div className='sheet'>
      <h1>Is this your address?</h1>
      <p className='sheet__lead'>You opened the link that we mailed. One press, and we know that mail reaches you.</p>
      <Form className='form' method='post' action='/verify-email'>
        <FormToken />
        <input type='hidden' name='token' value={token} readOnly />
        <FormSummary answer={served} />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Confirming…' : 'Confirm this address'}</button>
      </Form>
    </div>
  )
}
