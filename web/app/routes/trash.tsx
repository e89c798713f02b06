import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { isServiceProblem } from '../api/service-problem.ts'
import { FormSummary } from '../components/checked-form.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Pages } from '../components/pages.tsx'
import { Told } from '../components/told.tsx'
import { pageBehind, searchOf } from '../cursor-page.server.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { readTaskId } from '../forms/task-forms.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Trash · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

const pageSize = 50

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireUser(context)
  const { pathname, search, searchParams } = new URL(request.url)
  const cursor = searchParams.get('cursor') ?? ''
  const { items, next_cursor: next, keep_days: days } = await pageBehind(cursor, '/trash', (paging) => context.tasks.trash({ limit: pageSize, ...paging }))
  return {
    items: items.map(({ id, title, deleted_at: at }) => ({ id, title, deleted_at: at })),
    address: pathname + search,
    first: cursor === '' ? null : '/trash',
    next: next === null ? null : `/trash${searchOf({ cursor: next })}`,
    days: days === 1 ? 'a day' : `${days} days`,
    flash: context.takeFlash(),
  }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const read = readTaskId(form)
  if (!read.ok) return data<FormAnswer>(read.answer, { status: 422 })
  try {
    const { task, change } = await context.tasks.restore(read.value.id)
    context.flash({ did: 'restored', title: task.title, change })
  } catch (error) {
    if (isServiceProblem(error) && error.status === 404) {
      return data<FormAnswer>({ values: {}, errors: {}, problem: 'That task is not in the trash any more.' }, { status: 404 })
    }
    return refusedForm(error, keptValues(form))
  }
  const { pathname, search } = new URL(request.url)
  return redirect(pathname + search, 303)
}

export default function TrashPage () {
  const { items, days, address, first, next, flash } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  const sending = useNavigation().formData?.get('id')
  return (
    <div className='tasks'>
      <p><Link className='back' to='/dashboard'><BackIcon />Tasks</Link></p>
      <div className='tasks__head'><h1>Trash</h1></div>
      <Told flash={flash} />
      <FormSummary answer={answer} />
      {items.length > 0 && (
        <div className='trash__head'>
          <p>What has been in the trash for {days} is deleted for good by itself.</p>
          <Link className='button button--quiet button--danger' to='/trash/empty'>Empty the trash</Link>
        </div>
      )}
      {items.length === 0
        ? <p className='trash__empty'>There is nothing in the trash. What you delete waits here for {days}, and can be brought back until then.</p>
        : (
          <ul className='trash' aria-label='Deleted tasks'>
            {items.map(({ id, title, deleted_at: at }) => (
              <li key={id} className='session'>
                <div className='session__what'>
                  <p className='session__device'>{title}</p>
                  <p className='settings__note'>Deleted <LocalTime instant={at} /> · <Link className='task-page__history' to={`/tasks/${id}/history`} aria-label={`History of “${title}”`}>History</Link></p>
                </div>
                <div className='trash__acts'>
                  <Form method='post' action={address} preventScrollReset>
                    <FormToken />
                    <button className='button button--quiet' name='id' value={id} aria-label={`Bring back “${title}”`} aria-disabled={sending === id || undefined}>Bring back</button>
                  </Form>
                  <Link className='button button--quiet button--danger' to={`/trash/${id}/delete`} aria-label={`Delete for good: “${title}”`}>Delete for good</Link>
                </div>
              </li>
            ))}
          </ul>
          )}
      <Pages first={first} next={next} />
    </div>
  )
}
