import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useFetcher, useLoaderData, useNavigation } from '@remix-run/react'
import { isServiceProblem } from '../api/service-problem.ts'
import { currentTask } from '../api/tasks-client.server.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { ConflictNote } from '../components/conflict-note.tsx'
import { dayInWords } from '../components/due.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon, CheckIcon, TrashIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { type Outcome, refusalIn, useTold } from '../components/notice.tsx'
import { TaskDetails, priorityNames } from '../components/task-details.tsx'
import { type Edition, useEdition } from '../components/use-edition.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { detailsEditionOf, editionOf, readDetailsEdition, readEdition } from '../edition.server.ts'
import { editDetailsGuide, editTaskGuide, readCompletion, readEditDetails, readEditTask } from '../forms/task-forms.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.task.title ?? 'Task'} · Daymark` }]

export const shouldRevalidate = revalidateAfterRefusal

/** What the page says when the task was changed elsewhere in the meantime. */
export interface EditAnswer extends FormAnswer { conflict?: Edition<'title' | 'description'> }

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const read = await context.tasks.get(id)
  return { task: read.task, edition: editionOf(read), detailsEdition: detailsEditionOf(read), flash: context.takeFlash(), guide: editTaskGuide }
}

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const form = await request.formData()
  const intent = String(form.get('intent'))
  form.delete('intent')

  if (intent === 'complete') {
    form.set('id', id)
    const read = readCompletion(form)
    if (!read.ok) return data<EditAnswer>(read.answer, { status: 422 })
    try {
      const { task, change } = await context.tasks.complete(id, read.value.completed)
      const flash = { did: task.completed ? 'completed' : 'reopened', title: task.title, change } as const
      if (!context.wantsPage) return data<Outcome>({ flash })
      context.flash(flash)
    } catch (error) {
      return refusedForm(error, {})
    }
    return redirect(`/tasks/${id}`, 303)
  }
  if (intent === 'delete') {
    const { task } = await context.tasks.get(id)
    context.flash({ did: 'deleted', title: task.title, change: await context.tasks.remove(id) })
    return redirect('/dashboard', 303)
  }

  if (intent === 'details') return await saveDetails(context, id, form)

  const read = readEditTask(form)
  if (!read.ok) return data<EditAnswer>(read.answer, { status: 422 })
  const { edition, ...fields } = read.value
  const begun = readEdition(edition)
  if (!begun) return data<EditAnswer>({ values: read.values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  const save = async (etag: string) => {
    const { task, change } = await context.tasks.update(id, fields, etag)
    context.flash({ did: 'saved', title: task.title, change })
    return redirect(`/tasks/${id}`, 303)
  }
  try {
    return await save(begun.etag)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 412) return refusedForm(error, read.values, editTaskGuide)
    const current = currentTask(error) ?? await context.tasks.get(id)
    // Completed or moved meanwhile, but the text is as it was: nobody's words are lost by saving these.
    if (begun.isOf(current.task)) return await save(current.etag).catch((again: unknown) => refusedForm(again, read.values, editTaskGuide))
    const { title, description } = current.task
    return data<EditAnswer>({ values: read.values, errors: {}, conflict: { text: { title, description }, edition: editionOf(current) } }, { status: 412 })
  }
}

/** Saves the details, unless somebody else has changed them since this form was made: then it says so, and saves nothing. */
async function saveDetails ({ tasks, flash }: ActionFunctionArgs['context'], id: string, form: FormData) {
  const read = readEditDetails(form)
  const of = (answer: FormAnswer): EditAnswer => ({ ...answer, values: { ...answer.values, intent: 'details' } })
  if (!read.ok) return data<EditAnswer>(of(read.answer), { status: 422 })
  const { details_edition: edition, priority, due_date: due, start_date: start } = read.value
  const begun = readDetailsEdition(edition)
  if (!begun) return data<EditAnswer>(of({ values: read.values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }), { status: 422 })
  // A task that is due at an instant stays so until it is given a day.
  const fields = { priority, start_date: start ?? null, ...due === undefined ? { due_date: null } : { due_date: due, due_at: null, time_zone: null } }
  const save = async (etag: string) => {
    const { task, change } = await tasks.update(id, fields, etag)
    flash({ did: 'saved', title: task.title, change })
    return redirect(`/tasks/${id}`, 303)
  }
  const refused = (error: unknown) => refusedForm(error, { ...read.values, intent: 'details' }, editDetailsGuide)
  try {
    return await save(begun.etag)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 412) return refused(error)
    const current = currentTask(error) ?? await tasks.get(id)
    if (begun.isOf(current.task)) return await save(current.etag).catch(refused)
    const { priority: theirs, due_date: theirDue, start_date: theirStart } = current.task
    const days = `${theirDue === null ? 'no day on which it is due' : `due on ${dayInWords(theirDue)}`}, ${theirStart === null ? 'no first day' : `not before ${dayInWords(theirStart)}`}`
    return data<EditAnswer>(of({
      values: { ...read.values, details_edition: detailsEditionOf(current) },
      errors: {},
      problem: `These details were changed elsewhere meanwhile: priority ${priorityNames[theirs].toLowerCase()}, ${days}. Nothing has been saved yet. Save again to put yours in their place, or reload the page to take the other.`,
    }), { status: 412 })
  }
}

const labels = { title: 'Title', description: 'Description' }

export default function TaskPage () {
  const { task, edition, detailsEdition, guide } = useLoaderData<typeof loader>()
  const answered = useActionData<typeof action>() as EditAnswer | undefined
  const isOfDetails = answered?.values['intent'] === 'details'
  const served = isOfDetails ? undefined : answered
  const completion = useFetcher<Outcome>({ key: `complete-${task.id}` })
  useTold(completion.data)
  const { answer, formProps } = useCheckedForm(guide, served)
  const editionInHand = useEdition({ names: ['title', 'description'], loaded: { text: task, edition }, conflict: served?.conflict, returned: served?.values['edition'], formRef: formProps.ref })
  const isSaving = useNavigation().formData?.get('intent') === 'save'
  const asked = completion.formData?.get('completed')
  const completed = asked === undefined || asked === null ? task.completed : asked === 'true'
  return (
    <div className='task-page'>
      <p className='task-page__back'><Link className='back' to='/dashboard'><BackIcon />Tasks</Link></p>

      <Form className='form task-page__form' method='post' action={`/tasks/${task.id}`} {...formProps}>
        <FormToken />
        <input type='hidden' name='intent' value='save' />
        <input type='hidden' name='edition' value={editionInHand} readOnly />
        <h1 className='visually-hidden'>Edit “{task.title}”</h1>
        <FormSummary answer={answer ?? refusalIn(completion.data)} labels={labels} />
        {served?.conflict && <ConflictNote title='This task was changed elsewhere while you edited it' labels={labels} theirs={served.conflict.text} mine={served.values} />}
        <Field className='field--title' name='title' label={labels.title} guide={guide} answer={answer} defaultValue={task.title} autoComplete='off' />
        <Field className='field--prose' name='description' label={labels.description} guide={guide} answer={answer} defaultValue={task.description} kind='textarea' rows={6} isOptional />
        <div className='task-page__save'>
          <button className='button' aria-disabled={isSaving || undefined}>
            {isSaving ? 'Saving…' : served?.conflict ? 'Save mine over it' : 'Save'}
          </button>
          {served?.conflict && <a className='button button--quiet' href={`/tasks/${task.id}`}>Take the other</a>}
        </div>
      </Form>

      <TaskDetails id={task.id} details={task} edition={detailsEdition} answer={isOfDetails ? answered : undefined} />

      <div className='task-page__more'>
        <p className='task-page__times'>
          Added <LocalTime instant={task.created_at} />
          {task.completed_at !== null && <> · done <LocalTime instant={task.completed_at} /></>}
          {task.completed_at === null && task.version > 1 && <> · changed <LocalTime instant={task.updated_at} /></>}
          {' · '}<Link className='task-page__history' to={`/tasks/${task.id}/history`}>History</Link>
        </p>
        <div className='task-page__actions'>
          <completion.Form method='post' action={`/tasks/${task.id}`}>
            <FormToken />
            <input type='hidden' name='intent' value='complete' />
            <input type='hidden' name='completed' value={String(!completed)} />
            <button className='button button--quiet'><CheckIcon />{completed ? 'Reopen' : 'Complete'}</button>
          </completion.Form>
          <Form method='post' action={`/tasks/${task.id}`}>
            <FormToken />
            <input type='hidden' name='intent' value='delete' />
            <button className='button button--quiet button--danger'><TrashIcon />Delete</button>
          </Form>
        </div>
      </div>
    </div>
  )
}
