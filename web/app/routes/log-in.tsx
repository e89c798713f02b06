import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { isServiceProblem } from '../api/service-problem.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { Told } from '../components/told.tsx'
import { logInGuide, readLogIn } from '../forms/account-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { safeNext } from '../safe-next.ts'

export const meta: MetaFunction = () => [{ title: 'Log in · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  const next = new URL(request.url).searchParams.get('next')
  const flash = context.takeFlash()
  if (context.user) return redirect(safeNext(next))
  return {
    guide: logInGuide,
    formToken: context.formToken(),
    search: next === null ? '' : `?${new URLSearchParams({ next: safeNext(next) })}`,
    isOnTheWay: next !== null,
    flash,
  }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const form = readLogIn(await request.formData())
  if (!form.ok) return data(form.answer, { status: 422 })
  try {
    const { signedIn, deviceToken } = await context.auth.logIn(form.value)
    await context.signIn(signedIn, deviceToken)
  } catch (error) {
    if (isServiceProblem(error) && error.type.endsWith('/wrong-credentials')) {
      return data({ values: form.values, errors: {}, problem: 'The e-mail address and the password do not match. Please check both.' }, { status: 401 })
    }
    return refusedForm(error, form.values, logInGuide)
  }
  return redirect(safeNext(new URL(request.url).searchParams.get('next')), 303)
}

const labels = { email: 'E-mail address', password: 'Password' }

export default function LogInPage () {
  const { guide, search, isOnTheWay, flash } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm(guide, useActionData<typeof action>())
  const isSending = useNavigation().formAction?.startsWith('/login') ?? false
  return (
    <div className='sheet'>
      <h1>Welcome back</h1>
      <p className='sheet__lead'>{isOnTheWay ? 'Log in to go on to where you were.' : 'Your tasks are where you left them.'}</p>
      <Told flash={flash} />
      <Form className='form' method='post' action={`/login${search}`} {...formProps}>
        <FormToken />
        <FormSummary answer={answer} labels={labels} />
        <Field name='email' label={labels.email} guide={guide} answer={answer} autoComplete='username' inputMode='email' />
        <Field name='password' label={labels.password} guide={guide} answer={answer} kind='password' autoComplete='current-password' />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Logging in…' : 'Log in'}</button>
      </Form>
      <p className='sheet__else'><Link to='/forgot-password'>Forgot your password?</Link></p>
      <p className='sheet__else'>New here? <Link to={`/signup${search}`}>Create an account</Link></p>
    </div>
  )
}
