import { type ActionFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import type { TaskFlash } from '../../session/flash.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { FormSummary } from '../components/checked-form.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import type { UndoAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { readUndo } from '../forms/task-forms.server.ts'
import { requireUser } from '../require-user.server.ts'
import { safeNext } from '../safe-next.ts'
import { undoneFlash, undoRefusal } from '../undo.server.ts'

export const meta: MetaFunction = () => [{ title: 'Undo · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

/** Takes a change back and leads back to where that was asked for. */
export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const read = readUndo(await request.formData())
  if (!read.ok) return data<UndoAnswer>(read.answer, { status: 422 })
  const { change, did, title, again, next } = read.value
  try {
    const undone = await context.tasks.undo(change)
    const flash = undoneFlash(undone, { did: did as TaskFlash['did'], title, again: again as TaskFlash['again'] })
    const onward = await isPageOfGone(context, next, undone.items.map(({ object_id: id }) => id)) ? '/dashboard' : safeNext(next)
    if (!context.wantsPage && onward === next) return data({ flash })
    context.flash(flash)
    return redirect(onward, 303)
  } catch (error) {
    const refusal = await undoRefusal(error, title, context.tasks)
    if (refusal) return data<UndoAnswer>({ ...refusal, values: { next } }, { status: 409 })
    return refusedForm(error, read.values)
  }
}

/** Whether a path is that of a task which an undo has put into the trash, and which has no page any more. */
async function isPageOfGone ({ tasks }: ActionFunctionArgs['context'], path: string, changed: readonly string[]): Promise<boolean> {
  const id = changed.find((id) => path === `/tasks/${id}`)
  if (id === undefined) return false
  try {
    await tasks.get(id)
    return false
  } catch (error) {
    if (isServiceProblem(error) && error.status === 404) return true
    throw error
  }
}

/** What cannot be taken back, or not now, is told on a page of its own where there is no script to tell it. */
export default function UndoPage () {
  const answer = useActionData<typeof action>() as UndoAnswer | undefined
  const values = answer?.values ?? {}
  const again = values['change'] === undefined ? null : values['again'] === 'redone' ? 'Redo' : 'Undo'
  return (
    <div className='sheet'>
      <h1>{!answer ? 'Nothing to take back' : again === null ? 'That stands' : 'That is not taken back yet'}</h1>
      {!answer && <p className='sheet__lead'>What you change is told with an “Undo” beside it, on the page where you changed it.</p>}
      {answer && (
        <Form className='form' method='post' action='/undo'>
          <FormToken />
          <FormSummary answer={answer} />
          {Object.entries(values).filter(([name]) => ['change', 'did', 'title', 'again', 'next'].includes(name)).map(([name, value]) => <input key={name} type='hidden' name={name} value={value} readOnly />)}
          {again !== null && <button className='button button--wide'>{again}</button>}
        </Form>
      )}
      {answer?.history !== undefined && <p className='sheet__else'><Link to={answer.history}>See its history</Link></p>}
      <p className='sheet__else'><Link to={safeNext(values['next'])}>{answer ? 'Back to where you were' : 'To your tasks'}</Link></p>
    </div>
  )
}
