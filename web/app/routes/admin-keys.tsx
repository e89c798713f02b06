import type { SigningKey } from '@daymark/auth/contracts'
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { isServiceProblem } from '../api/service-problem.ts'
import { Act } from '../components/act.tsx'
import { FormSummary } from '../components/checked-form.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Told } from '../components/told.tsx'
import { confirmPasswordGuide, readNothing } from '../forms/account-forms.server.ts'
import { readKeyId } from '../forms/admin-forms.server.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { requireAdmin } from '../require-admin.server.ts'
import { takeStepUp } from '../step-up.server.ts'

export const meta: MetaFunction = () => [{ title: 'Signing keys · Daymark' }]

/** Always: nothing is typed here that could be lost. */
export const shouldRevalidate = () => true

export async function loader ({ context }: LoaderFunctionArgs) {
  requireAdmin(context)
  return { keys: await context.admin.keys(), guide: confirmPasswordGuide, flash: context.takeFlash() }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireAdmin(context)
  const form = await request.formData()
  const unconfirmed = await takeStepUp(context, form)
  if (unconfirmed) return unconfirmed
  const intent = String(form.get('intent'))
  form.delete('intent')
  const isRotation = intent === 'rotate'
  const values = { intent, ...!isRotation && { kid: String(form.get('kid')) } }
  const read = isRotation ? readNothing(form) : readKeyId(form)
  if (!read.ok || !['rotate', 'withdraw'].includes(intent)) return data<FormAnswer>({ values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  try {
    await (isRotation ? context.admin.rotateKeys() : context.admin.withdrawKey(String(values.kid)))
  } catch (error) {
    if (isServiceProblem(error) && error.status === 409) return data<FormAnswer>({ values, errors: {}, problem: `${error.message}: it can sign from the time that is given below.` }, { status: 409 })
    if (isServiceProblem(error) && error.status === 404) return data<FormAnswer>({ values, errors: {}, problem: 'There is no such key any more.' }, { status: 404 })
    return refusedForm(error, values)
  }
  context.flash({ did: isRotation ? 'key-rotated' : 'key-withdrawn' })
  return redirect('/admin/keys', 303)
}

const states: Record<SigningKey['state'], { name: string, what: string, due: string }> = {
  active: { name: 'Active', what: 'Signs what is signed now.', due: 'Replaced from' },
  next: { name: 'Next', what: 'Published, so that every part knows it before it signs.', due: 'May sign from' },
  retired: { name: 'Retired', what: 'Signs nothing more, and is published until everything it signed has expired.', due: 'Deleted from' },
}
const order = ['active', 'next', 'retired'] as const

const consequences: Record<SigningKey['state'], string> = {
  active: 'In an emergency only, such as a key that was stolen. Whatever it signed is refused within two seconds, and the next key signs at once. Nobody has to log in again; for a moment some requests may have to be repeated.',
  next: 'Another one is made in its place, and has to wait its time.',
  retired: 'In an emergency only. What it signed is refused within two seconds, before it expires by itself.',
}

export default function SigningKeysPage () {
  const { keys, guide, flash } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as FormAnswer | undefined
  const isAsking = served?.errors['confirm_password'] !== undefined
  const sorted = order.flatMap((state) => keys.filter((key) => key.state === state))
  return (
    <div className='settings'>
      <h1>Signing keys</h1>
      <p className='settings__note'>They sign the tokens by which the parts of Daymark know who is logged in. They change by themselves.</p>
      <Told flash={served ? null : flash} />
      {served && !isAsking && <FormSummary answer={served} />}
      {sorted.map((key) => (
        <section key={key.kid} className='settings__part' aria-labelledby={`key-${key.kid}`}>
          <h2 id={`key-${key.kid}`}>{states[key.state].name}</h2>
          <div className='settings__body'>
            <p>{states[key.state].what}</p>
            <dl className='facts'>
              <div><dt>Since</dt><dd><LocalTime instant={key.state_since} /></dd></div>
              <div><dt>{states[key.state].due}</dt><dd><LocalTime instant={key.due_at} /></dd></div>
              <div><dt>Made</dt><dd><LocalTime instant={key.created_at} /></dd></div>
              <div><dt>Id</dt><dd><code>{key.kid}</code></dd></div>
            </dl>
            {key.state === 'next' && <Act action='/admin/keys' fields={{ intent: 'rotate' }} label='Sign with this one now' guide={guide} served={served}>It takes over from the active key, if it has been published for long enough. Nothing that was signed before is refused.</Act>}
            <Act action='/admin/keys' fields={{ intent: 'withdraw', kid: key.kid }} label='Withdraw this key' guide={guide} served={served} isDanger>{consequences[key.state]}</Act>
          </div>
        </section>
      ))}
    </div>
  )
}
