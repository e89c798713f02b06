import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { DeadLink } from '../components/dead-link.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { readResetPassword, resetPasswordGuide } from '../forms/account-forms.server.ts'
import type { LinkAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { isLinkUsed, linkToken } from '../mailed-link.server.ts'

export const meta: MetaFunction = () => [{ title: 'Choose a new password · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  return { guide: resetPasswordGuide, formToken: context.formToken(), token: linkToken(request) }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const form = readResetPassword(await request.formData())
  if (!form.ok) return data<LinkAnswer>(form.answer, { status: 422 })
  try {
    context.keepDevice(await context.auth.resetPassword(form.value))
  } catch (error) {
    if (isLinkUsed(error)) return data<LinkAnswer>({ values: {}, errors: {}, isDead: true }, { status: 410 })
    return refusedForm(error, form.values, resetPasswordGuide)
  }
  // Every session of the account has ended; whoever was signed in here logs in anew.
  if (context.user) await context.signOut()
  context.flash({ did: 'password-reset' })
  return redirect('/login', 303)
}

const labels = { password: 'New password' }

export default function ResetPasswordPage () {
  const { guide, token: loaded } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as LinkAnswer | undefined
  const { answer, formProps } = useCheckedForm(guide, served)
  const isSending = useNavigation().formAction?.startsWith('/reset-password') ?? false
  const token = served?.values['token'] ?? loaded
  if (served?.isDead || !token) return <DeadLink><Link to='/forgot-password'>Ask for a new one</Link></DeadLink>
  return (
    <div className='sheet'>
      <h1>Choose a new password</h1>
      <p className='sheet__lead'>Every device will be logged out, so that only who knows the new one is in.</p>
      <Form className='form' method='post' action='/reset-password' {...formProps}>
        <FormToken />
        <input type='hidden' name='token' value={token} readOnly />
        <FormSummary answer={answer} labels={labels} />
        <Field name='password' label={labels.password} guide={guide} answer={answer} kind='password' autoComplete='new-password' hint='Four random words make a good one.' />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Changing…' : 'Change password'}</button>
      </Form>
    </div>
  )
}
