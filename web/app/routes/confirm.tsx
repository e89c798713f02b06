import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { confirmPasswordGuide } from '../forms/account-forms.server.ts'
import { requireUser } from '../require-user.server.ts'
import { safeNext } from '../safe-next.ts'
import { takeStepUp } from '../step-up.server.ts'

export const meta: MetaFunction = () => [{ title: 'Confirm your password · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

const nextOf = (request: Request) => safeNext(new URL(request.url).searchParams.get('next'), '/settings')

/** Where a page leads that needs a recent log-in; it goes on to that page. */
export async function loader ({ request, context }: LoaderFunctionArgs) {
  const { email } = requireUser(context)
  return { guide: confirmPasswordGuide, email, search: `?${new URLSearchParams({ next: nextOf(request) })}` }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  return await takeStepUp(context, await request.formData()) ?? redirect(nextOf(request), 303)
}

export default function ConfirmPage () {
  const { guide, email, search } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm(guide, useActionData<typeof action>())
  const isSending = useNavigation().formAction?.startsWith('/confirm') ?? false
  return (
    <div className='sheet'>
      <h1>Is it you?</h1>
      <p className='sheet__lead'>What comes next concerns your whole account, so it needs your password once more.</p>
      <Form className='form' method='post' action={`/confirm${search}`} {...formProps}>
        <FormToken />
        {/* Nameless, so it is not sent: it tells a password manager whose password this is. */}
        <input type='text' autoComplete='username' value={email} readOnly hidden />
        <FormSummary answer={answer} />
        <Field name='confirm_password' label='Your password' guide={guide} answer={answer} kind='password' autoComplete='current-password' />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Confirming…' : 'Go on'}</button>
      </Form>
      <p className='sheet__else'><Link to='/forgot-password'>Forgot your password?</Link></p>
      <p className='sheet__else'><Link to='/dashboard'>Back to your tasks</Link></p>
    </div>
  )
}
