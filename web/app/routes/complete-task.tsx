import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { FormSummary } from '../components/checked-form.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { readSubtasksChoice } from '../forms/task-forms.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'
import { safeNext } from '../safe-next.ts'

export const meta: MetaFunction = () => [{ title: 'Complete a task · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ request, params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const [{ task }, { items, next_cursor: more }] = await Promise.all([context.tasks.get(id), context.tasks.list({ parent_id: id, status: 'open', limit: 5 })])
  return { id, title: task.title, open: items.map((item) => ({ id: item.id, title: item.title })), hasMore: more !== null, next: safeNext(new URL(request.url).searchParams.get('next'), `/tasks/${id}`) }
}

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const read = readSubtasksChoice(await request.formData())
  if (!read.ok) return data<FormAnswer>(read.answer, { status: 422 })
  const { subtasks, next } = read.value
  try {
    const { task, change } = await context.tasks.complete(id, true, subtasks === 'complete' ? 'complete' : 'keep')
    context.flash({ did: 'completed', title: task.title, change })
  } catch (error) {
    return refusedForm(error, read.values)
  }
  return redirect(safeNext(next, `/tasks/${id}`), 303)
}

export default function CompleteTaskPage () {
  const { id, title, open, hasMore, next } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  return (
    <div className='sheet'>
      <h1>What becomes of its subtasks?</h1>
      <p className='sheet__lead'><strong className='sheet__whose'>“<bdi>{title}</bdi>”</strong> {open.length === 0 ? 'has open subtasks below its own.' : 'has parts that are still open:'}</p>
      <ul className='subtasks__open'>
        {open.map((subtask) => <li key={subtask.id}><bdi>{subtask.title}</bdi></li>)}
        {hasMore && <li>and more</li>}
      </ul>
      <Form className='form' method='post' action={`/tasks/${id}/complete`}>
        <FormToken />
        <input type='hidden' name='next' value={next} readOnly />
        <FormSummary answer={answer} />
        <div className='subtasks__ways'>
          <button className='button button--wide' name='subtasks' value='complete'>Complete them too</button>
          <button className='button button--quiet button--wide' name='subtasks' value='keep'>Leave them open</button>
        </div>
      </Form>
      <p className='sheet__else'><Link to={next}>Complete nothing</Link></p>
    </div>
  )
}
