import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { NamedThings } from '../components/named-things.tsx'
import type { NameAnswer } from '../components/name-form.tsx'
import { listGuide, readNewList } from '../forms/list-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { clockOf, readOverview } from '../overview.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Lists · Daymark' }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  const { lists, archived } = await readOverview(context.tasks, clockOf(context))
  return { lists, archived, guide: listGuide, flash: context.takeFlash() }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  form.delete('intent')
  const read = readNewList(form)
  if (!read.ok) return data<NameAnswer>(read.answer, { status: 422 })
  try {
    const { list, change } = await context.tasks.createList(read.value)
    context.flash({ did: 'added', title: list.name, change })
    return redirect(`/dashboard?list=${list.id}`, 303)
  } catch (error) {
    return refusedForm(error, read.values, listGuide)
  }
}

export default function ListsPage () {
  const { lists, archived, guide } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as NameAnswer | undefined
  return (
    <NamedThings
      what='list' title='Lists' things={lists} archived={archived} guide={guide} answer={answer}
      lead='A list holds the tasks of one part of your life. What you write down without one lands in the first.'
    />
  )
}
