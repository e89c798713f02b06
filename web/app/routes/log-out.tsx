import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, Link, useActionData } from '@remix-run/react'
import { FormSummary } from '../components/checked-form.tsx'
import { FormToken } from '../components/form-token.tsx'
import type { FormAnswer } from '../forms/form-answer.ts'

export const meta: MetaFunction = () => [{ title: 'Sign out · Daymark' }]

/** An address never signs anyone out; it asks. */
export async function loader ({ context }: LoaderFunctionArgs) {
  return context.user ? null : redirect('/')
}

export async function action ({ context }: ActionFunctionArgs) {
  await context.signOut()
  return redirect('/', 303)
}

export default function LogOutPage () {
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  return (
    <div className='sheet'>
      <h1>Sign out?</h1>
      <p className='sheet__lead'>Your tasks stay where they are, for when you are back.</p>
      <Form className='form' method='post' action='/logout' reloadDocument>
        <FormToken />
        <FormSummary answer={answer} />
        <button className='button button--wide'>Sign out</button>
      </Form>
      <p className='sheet__else'><Link to='/dashboard'>Back to your tasks</Link></p>
    </div>
  )
}
