import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { forgotPasswordGuide, readForgotPassword } from '../forms/account-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'

export const meta: MetaFunction = () => [{ title: 'Forgot your password? · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  return { guide: forgotPasswordGuide, formToken: context.formToken(), isSent: new URL(request.url).searchParams.has('sent') }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const form = readForgotPassword(await request.formData())
  if (!form.ok) return data(form.answer, { status: 422 })
  try {
    await context.auth.forgotPassword(form.value)
  } catch (error) {
    return refusedForm(error, form.values, forgotPasswordGuide)
  }
  return redirect('/forgot-password?sent=true', 303)
}

const labels = { email: 'E-mail address' }

export default function ForgotPasswordPage () {
  const { guide, isSent } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm(guide, useActionData<typeof action>())
  const isSending = useNavigation().formAction?.startsWith('/forgot-password') ?? false
  if (isSent && !answer) {
    return (
      <div className='sheet'>
        <h1>Look in your mail</h1>
        <p className='sheet__lead' role='status'>If there is an account with that address, a mail is on its way. Its link works once, for 30 minutes.</p>
        <p className='sheet__else'>Nothing there? Look among the spam, or <Link to='/forgot-password'>try another address</Link></p>
        <p className='sheet__else'><Link to='/login'>Back to log in</Link></p>
      </div>
    )
  }
  return (
    <div className='sheet'>
      <h1>Forgot your password?</h1>
      <p className='sheet__lead'>It happens. We mail you a link to choose a new one.</p>
      <Form className='form' method='post' action='/forgot-password' {...formProps}>
        <FormToken />
        <FormSummary answer={answer} labels={labels} />
        <Field name='email' label={labels.email} guide={guide} answer={answer} autoComplete='username' inputMode='email' />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Sending…' : 'Send the link'}</button>
      </Form>
      <p className='sheet__else'>Remembered it? <Link to='/login'>Log in</Link></p>
    </div>
  )
}
