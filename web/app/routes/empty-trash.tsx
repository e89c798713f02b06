import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { LastQuestion } from '../components/last-question.tsx'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { readEmptyTrash } from '../forms/task-forms.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Empty the trash · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  const { items: [last], keep_days: days } = await context.tasks.trash({ limit: 1 })
  if (!last) throw redirect('/trash', 303)
  return { until: last.deleted_at, days: days === 1 ? 'a day' : `${days} days` }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const read = readEmptyTrash(await request.formData())
  if (!read.ok) return data<FormAnswer>(read.answer, { status: 422 })
  try {
    await context.tasks.emptyTrash(read.value.until)
  } catch (error) {
    return refusedForm(error, read.values)
  }
  context.flash({ did: 'trash-emptied' })
  return redirect('/trash', 303)
}

export default function EmptyTrashPage () {
  const { until, days } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  return (
    <LastQuestion title='Empty the trash?' path='/trash/empty' button='Delete all of it for good' answer={answer} fields={{ until }}>
      Everything that is in the trash now is deleted, with its text and its history. Nobody can bring it back. Left alone, each task goes by itself {days} after it was deleted.
    </LastQuestion>
  )
}
