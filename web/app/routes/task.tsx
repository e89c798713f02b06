import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useFetcher, useLoaderData, useNavigation, useRouteError } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { currentTask } from '../api/tasks-client.server.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { ConflictNote } from '../components/conflict-note.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { GoneTask, keptOf } from '../components/gone-task.tsx'
import { Subtasks } from '../components/subtasks.tsx'
import { BackIcon, CheckIcon, TrashIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { type Outcome, refusalIn, useTold } from '../components/notice.tsx'
import { type DetailsAnswer, TaskDetails } from '../components/task-details.tsx'
import { TroublePage } from '../components/trouble-page.tsx'
import { type Edition, useEdition } from '../components/use-edition.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { detailsEditionOf, editionOf, readEdition } from '../edition.server.ts'
import { addSubtaskGuide, editTaskGuide, readCompletion, readEditTask } from '../forms/task-forms.server.ts'
import { askOfSubtasks, changeSubtasks, hasOpenSubtasks, subtaskIntents } from '../change-subtasks.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'
import { dueShown, saveDetails } from '../save-details.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.task.title ?? 'Task'} · Daymark` }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

/** What the page says when the task was changed elsewhere in the meantime. */
export interface EditAnswer extends FormAnswer { conflict?: Edition<'title' | 'description'> }

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const [read, lists, allLabels, parts] = await Promise.all([context.tasks.get(id), context.tasks.lists(), context.tasks.labels(), context.tasks.list({ parent_id: id, status: 'all', limit: 200 })])
  const { task } = read
  const ownZone = context.user?.time_zone ?? null
  const parent = task.parent_id === null ? null : (await context.tasks.get(task.parent_id).catch(() => null))?.task ?? null
  return {
    parent: parent && { id: parent.id, title: parent.title },
    subtasks: parts.items.map((part) => ({ id: part.id, title: part.title, completed: part.completed })),
    hasMoreSubtasks: parts.next_cursor !== null,
    subtaskGuide: addSubtaskGuide,
    task,
    due: dueShown(task, ownZone),
    ownZone,
    lists: lists.filter((list) => !list.archived || list.id === task.list_id).map(({ id, name }) => ({ id, name })),
    allLabels: allLabels.map(({ id, name, colour }) => ({ id, name, colour })),
    edition: editionOf(read),
    detailsEdition: detailsEditionOf(read),
    flash: context.takeFlash(),
    guide: editTaskGuide,
  }
}

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const form = await request.formData()
  const intent = String(form.get('intent'))
  const values = keptValues(form)
  form.delete('intent')
  try {
    return await carryOut(intent, id, form, context)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 404) throw error
    // A page that is awake keeps all that is written in it; of any other nothing is left but what it has sent.
    if (context.wantsPage) throw data({ kept: values }, { status: 404 })
    return data<EditAnswer>({ values, errors: {}, problem: 'This task was deleted elsewhere. What you typed is still here: bring the task back from the trash, in another window, then try again.' }, { status: 404 })
  }
}

async function carryOut (intent: string, id: string, form: FormData, context: ActionFunctionArgs['context']) {
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
      if (hasOpenSubtasks(error)) return askOfSubtasks(id, `/tasks/${id}`)
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
  if (subtaskIntents.includes(intent)) return await changeSubtasks(context, id, intent, form)

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

const labels = { title: 'Title', description: 'Description' }

export default function TaskPage () {
  const { parent, subtasks, hasMoreSubtasks, subtaskGuide, task, due, ownZone, lists, allLabels, edition, detailsEdition, flash, guide } = useLoaderData<typeof loader>()
  const answered = useActionData<typeof action>() as EditAnswer | DetailsAnswer | undefined
  const isOfDetails = answered?.values['intent'] === 'details'
  const isOfSubtasks = answered?.values['intent']?.endsWith('-subtask') ?? false
  const served = isOfDetails || isOfSubtasks ? undefined : answered as EditAnswer | undefined
  const completion = useFetcher<Outcome>({ key: `complete-${task.id}` })
  useTold(completion.data)
  const { answer, formProps } = useCheckedForm(guide, served)
  const editionInHand = useEdition({ names: ['title', 'description'], loaded: { text: task, edition }, conflict: served?.conflict, returned: served?.values['edition'], formRef: formProps.ref })
  const isSaving = useNavigation().formData?.get('intent') === 'save'
  const asked = completion.formData?.get('completed')
  const completed = asked === undefined || asked === null ? task.completed : asked === 'true'
  return (
    <div className='task-page'>
      <p className='task-page__back'><Link className='back' to='/dashboard'><BackIcon />Tasks</Link>{parent && <Link className='back' to={`/tasks/${parent.id}`}><BackIcon /><bdi>{parent.title}</bdi></Link>}</p>

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

      <Subtasks id={task.id} subtasks={subtasks} hasMore={hasMoreSubtasks} guide={subtaskGuide} served={isOfSubtasks ? answered : undefined} />

      <TaskDetails
        id={task.id} details={{ ...task, due }} lists={lists} allLabels={allLabels} ownZone={ownZone} edition={detailsEdition}
        skipped={flash && 'title' in flash ? flash.skipped : undefined} answer={isOfDetails ? answered as DetailsAnswer : undefined}
      />

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

export function ErrorBoundary () {
  const kept = keptOf(useRouteError())
  return kept ? <GoneTask kept={kept} /> : <TroublePage />
}
