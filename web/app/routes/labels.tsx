import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { NamedThings } from '../components/named-things.tsx'
import type { NameAnswer } from '../components/name-form.tsx'
import { labelGuide, readNewLabel } from '../forms/list-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { clockOf, readOverview } from '../overview.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Labels · Daymark' }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  const { labels } = await readOverview(context.tasks, clockOf(context))
  return { labels, guide: labelGuide, flash: context.takeFlash() }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  form.delete('intent')
  const read = readNewLabel(form)
  if (!read.ok) return data<NameAnswer>(read.answer, { status: 422 })
  try {
    const { label, change } = await context.tasks.createLabel(read.value)
    context.flash({ did: 'added', title: label.name, change })
  } catch (error) {
    return refusedForm(error, read.values, labelGuide)
  }
  return redirect('/labels', 303)
}

export default function LabelsPage () {
  const { labels, guide } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as NameAnswer | undefined
  return (
    <NamedThings
      what='label' title='Labels' things={labels} guide={guide} answer={answer}
      lead='A label joins tasks of different lists, such as all that can be done at the phone. A task can carry many.'
    />
  )
}
