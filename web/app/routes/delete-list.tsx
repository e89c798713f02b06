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

export const meta: MetaFunction = () => [{ title: 'Delete a list · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const { tasks } = context
  const [{ list }, summary, { keep_days: days }] = await Promise.all([tasks.getList(id), tasks.summary('UTC'), tasks.trash({ limit: 1 })])
  if (list.is_inbox) throw data(null, { status: 404 })
  const { open, completed } = summary.lists.find((one) => one.id === list.id) ?? { open: 0, completed: 0 }
  return { id, name: list.name, open, completed, days: days === 1 ? 'a day' : `${days} days` }
}

export async function action ({ params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  try {
    const { list } = await context.tasks.getList(id)
    context.flash({ did: 'deleted', title: list.name, change: await context.tasks.removeList(id) })
  } catch (error) {
    // Gone already, as is wished.
    if (!isServiceProblem(error) || error.status !== 404) return refusedForm(error, {})
  }
  return redirect('/lists', 303)
}

export default function DeleteListPage () {
  const { id, name, open, completed, days } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  const count = open + completed
  return (
    <LastQuestion title='Delete this list?' path={`/lists/${id}/delete`} button='Delete list' answer={answer} back={{ to: `/lists/${id}`, name: 'Back to the list' }}>
      <strong className='sheet__whose'>“<bdi>{name}</bdi>”</strong> is deleted. {count === 0
        ? 'There is no task in it.'
        : `${count === 1 ? 'The task' : `The ${count} tasks`} in it (${open} open, ${completed} completed), with ${count === 1 ? 'its' : 'their'} subtasks, ${count === 1 ? 'goes' : 'go'} to the trash and can be brought back from there for ${days}. What comes back lands in the Inbox.`}
    </LastQuestion>
  )
}
