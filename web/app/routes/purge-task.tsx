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

export const meta: MetaFunction = () => [{ title: 'Delete for good · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const { title } = await context.tasks.trashed(id)
  return { id, title }
}

export async function action ({ params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  try {
    const { title } = await context.tasks.trashed(id)
    await context.tasks.purge(id)
    context.flash({ did: 'purged', title })
  } catch (error) {
    // Gone already, as is wished; or brought back elsewhere, as the list will tell.
    if (!isServiceProblem(error) || error.status !== 404) return refusedForm(error, {})
  }
  return redirect('/trash', 303)
}

export default function PurgeTaskPage () {
  const { id, title } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  return (
    <LastQuestion title='Delete for good?' path={`/trash/${id}/delete`} button='Delete for good' answer={answer}>
      <strong className='sheet__whose'>“{title}”</strong> is deleted, with its text, its history and the subtasks of it that are in the trash. Nobody can bring it back.
    </LastQuestion>
  )
}
