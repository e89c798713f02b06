import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { readSignUp, signUpGuide } from '../forms/account-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { safeNext } from '../safe-next.ts'

export const meta: MetaFunction = () => [{ title: 'Sign up · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ request, context }: LoaderFunctionArgs) {
  const next = new URL(request.url).searchParams.get('next')
  if (context.user) return redirect(safeNext(next))
  return { guide: signUpGuide, formToken: context.formToken(), search: next === null ? '' : `?${new URLSearchParams({ next: safeNext(next) })}` }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  const form = readSignUp(await request.formData())
  if (!form.ok) return data(form.answer, { status: 422 })
  try {
    await context.signIn(await context.auth.signUp(form.value))
  } catch (error) {
    return refusedForm(error, form.values, signUpGuide)
  }
  return redirect(safeNext(new URL(request.url).searchParams.get('next')), 303)
}

const labels = { email: 'E-mail address', password: 'Password', display_name: 'Your name' }

export default function SignUpPage () {
  const { guide, search } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm(guide, useActionData<typeof action>())
  const isSending = useNavigation().formAction?.startsWith('/signup') ?? false
  const isTaken = answer?.errors['email'] === guide['email']?.messages.taken
  return (
    <div className='sheet'>
      <h1>Make it yours</h1>
      <p className='sheet__lead'>An account on this Daymark. It takes an address and a password, nothing else.</p>
      <Form className='form' method='post' action={`/signup${search}`} {...formProps}>
        <FormToken />
        <FormSummary answer={answer} labels={labels} />
        <Field
          name='email' label={labels.email} guide={guide} answer={answer} autoComplete='email' inputMode='email'
          remedy={isTaken && <Link to={`/login${search}`}>Log in instead</Link>}
        />
        <Field name='password' label={labels.password} guide={guide} answer={answer} kind='password' autoComplete='new-password' hint='Four random words make a good one.' />
        <Field name='display_name' label={labels.display_name} guide={guide} answer={answer} autoComplete='name' isOptional />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Making your account…' : 'Create account'}</button>
      </Form>
      <p className='sheet__else'>Been here before? <Link to={`/login${search}`}>Log in</Link></p>
    </div>
  )
}
