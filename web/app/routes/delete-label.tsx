import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { LastQuestion } from '../components/last-question.tsx'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Delete a label · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const [{ label }, summary] = await Promise.all([context.tasks.getLabel(id), context.tasks.summary('UTC')])
  const { open, completed } = summary.labels.find((one) => one.id === label.id) ?? { open: 0, completed: 0 }
  return { id, name: label.name, count: open + completed }
}

export async function action ({ params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  try {
    const { label } = await context.tasks.getLabel(id)
    context.flash({ did: 'deleted', title: label.name, change: await context.tasks.removeLabel(id) })
  } catch (error) {
    // Gone already, as is wished.
    if (!isServiceProblem(error) || error.status !== 404) return refusedForm(error, {})
  }
  return redirect('/labels', 303)
}

export default function DeleteLabelPage () {
  const { id, name, count } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  return (
    <LastQuestion title='Delete this label?' path={`/labels/${id}/delete`} button='Delete label' answer={answer} back={{ to: `/labels/${id}`, name: 'Back to the label' }}>
      <strong className='sheet__whose'>“<bdi>{name}</bdi>”</strong> {count === 0 ? 'is on no task.' : `goes from ${count === 1 ? 'one task, which stays' : `${count} tasks, which stay`}.`}
    </LastQuestion>
  )
}
