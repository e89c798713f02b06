import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData } from '@remix-run/react'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { StepUpField } from '../components/step-up-field.tsx'
import { confirmPasswordGuide, deleteAccountGuide, readDeleteAccount } from '../forms/account-forms.server.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { requireUser } from '../require-user.server.ts'
import { takeStepUp } from '../step-up.server.ts'

export const meta: MetaFunction = () => [{ title: 'Delete your account · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  const { account: { email } } = await context.account.me()
  return { email, guide: deleteAccountGuide, confirmGuide: confirmPasswordGuide }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const refused = await takeStepUp(context, form)
  if (refused) return refused
  const values = keptValues(form)
  const read = readDeleteAccount(form)
  if (!read.ok) return data<FormAnswer>(read.answer, { status: 422 })
  const { account: { email } } = await context.account.me()
  if (folded(read.value.email) !== folded(email)) {
    return data<FormAnswer>({ values, errors: { email: 'That is not the address of this account. Write it as it stands above.' } }, { status: 422 })
  }
  try {
    await context.account.remove()
  } catch (error) {
    return refusedForm(error, values)
  }
  await context.signOut()
  return redirect('/goodbye', { status: 303, headers: { 'clear-site-data': '"cache", "cookies", "storage"' } })
}

const folded = (address: string) => address.normalize('NFKC').trim().toLowerCase()

const labels = { email: 'Your e-mail address', confirm_password: 'Your password' }

export default function DeleteAccountPage () {
  const { email, guide, confirmGuide } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>()
  const { answer, formProps } = useCheckedForm(guide, served)
  return (
    <div className='sheet'>
      <h1>Delete your account?</h1>
      <p className='sheet__lead'>
        The account <strong className='sheet__whose'>{email}</strong> goes at once, with every task, list and label, every device and every link we mailed. Nobody
        can bring it back, and neither can we.
      </p>
      <p className='sheet__lead'><Link to='/settings/export'>Download your data</Link> first, if you want to keep it.</p>
      {/* A page of its own follows, without anything that this one holds in memory. */}
      <Form className='form' method='post' action='/settings/delete' reloadDocument {...formProps}>
        <FormToken />
        <FormSummary answer={answer} labels={labels} />
        <Field name='email' label={labels.email} guide={guide} answer={answer} autoComplete='off' inputMode='email' hint='To be sure that you mean this account.' />
        <StepUpField guide={confirmGuide} served={served} answer={answer} />
        <button className='button button--danger button--wide'>Delete for good</button>
      </Form>
      <p className='sheet__else'><Link to='/settings'>Keep the account</Link></p>
    </div>
  )
}
