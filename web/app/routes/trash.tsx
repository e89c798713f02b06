import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { useRef } from 'react'
import { answerUnreached } from '../answer-unreached.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { changeChosen } from '../bulk.server.ts'
import { BulkAct } from '../components/bulk-acts.tsx'
import { FormSummary } from '../components/checked-form.tsx'
import { ChooseTasks } from '../components/choose-tasks.tsx'
import { focusNextRow } from '../components/focus-next-row.ts'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon, RestoreIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Pages } from '../components/pages.tsx'
import { Told } from '../components/told.tsx'
import { pageBehind, searchOf } from '../cursor-page.server.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { readTaskId } from '../forms/task-forms.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Trash · Daymark' }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

const pageSize = 50

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireUser(context)
  const { cursor, choose } = readPlace(request)
  const { items, next_cursor: next, keep_days: days } = await pageBehind(cursor, '/trash', (paging) => context.tasks.trash({ limit: pageSize, ...paging }))
  if (items.length === 0 && cursor !== '') throw redirect('/trash', 303) // all that was here has been brought back
  return {
    items: items.map(({ id, title, deleted_at: at }) => ({ id, title, deleted_at: at })),
    choose,
    addresses: { here: trashAt({ cursor, choose }), all: trashAt({ cursor, choose: 'all' }), some: trashAt({ cursor, choose: 'some' }), none: trashAt({ cursor }) },
    first: cursor === '' ? null : trashAt({ choose }),
    next: next === null ? null : trashAt({ cursor: next, choose }),
    days: days === 1 ? 'a day' : `${days} days`,
    flash: context.takeFlash(),
  }
}

/** Which page of the trash an address asks for, and whether tasks are chosen there. */
function readPlace (request: Request) {
  const query = new URL(request.url).searchParams
  const choosing = query.get('choose')
  return { cursor: query.get('cursor') ?? '', choose: choosing === 'all' || choosing === 'some' ? choosing : '' } as const
}

const trashAt = (place: { cursor?: string, choose?: string }) => `/trash${searchOf(place)}`

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const { cursor, choose } = readPlace(request)
  if (form.get('intent') === 'bulk') {
    form.delete('intent')
    return await changeChosen(form, context, {
      actions: ['restore'],
      filter: {},
      tooMany: 'These are more than 1,000 tasks, which is the most that can be brought back at once. Choose them page by page.',
      onward: trashAt({ cursor }),
    })
  }
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
  return redirect(trashAt({ cursor, choose }), 303)
}

export default function TrashPage () {
  const { items, days, choose, addresses, first, next, flash } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as FormAnswer | undefined
  const heading = useRef<HTMLHeadingElement>(null)
  const sending = useNavigation().formData?.get('id')
  return (
    <div className='tasks'>
      <p><Link className='back' to='/dashboard'><BackIcon />Tasks</Link></p>
      <div className='tasks__head'><h1 ref={heading} tabIndex={-1}>Trash</h1></div>
      <Told flash={flash} />
      <FormSummary answer={answer} />
      {items.length > 0 && (
        <div className='trash__head'>
          <p>What has been in the trash for {days} is deleted for good by itself.</p>
          {choose === '' && (
            <p className='trash__ways'>
              <Link className='button button--quiet' to={addresses.some} preventScrollReset>Choose several</Link>
              <Link className='button button--quiet button--danger' to='/trash/empty'>Empty the trash</Link>
            </p>
          )}
        </div>
      )}
      {items.length === 0 && <p className='trash__empty'>There is nothing in the trash. What you delete waits here for {days}, and can be brought back until then.</p>}
      {items.length > 0 && choose !== '' && (
        <ChooseTasks
          key={`${choose} ${addresses.none}`} action={addresses.here} isAll={choose === 'all'} answer={answer}
          others={first !== null || next !== null ? 'All that is in the trash, also what is not shown (at most 1,000)' : null}
          items={items.map(({ id, title, deleted_at: at }) => ({ id, title, facts: <span className='task__facts'><span>Deleted <LocalTime instant={at} /></span></span> }))}
          addresses={{ all: addresses.all, none: addresses.some, done: addresses.none }}
        >
          <div className='choose__acts'><BulkAct action='restore'><RestoreIcon />Bring back</BulkAct></div>
        </ChooseTasks>
      )}
      {items.length > 0 && choose === '' && (
        <ul className='trash' aria-label='Deleted tasks'>
          {items.map(({ id, title, deleted_at: at }) => (
            <li key={id} className='session'>
              <div className='session__what'>
                <p className='session__device'>{title}</p>
                <p className='settings__note'>Deleted <LocalTime instant={at} /> · <Link className='task-page__history' to={`/tasks/${id}/history`} aria-label={`History of “${title}”`}>History</Link></p>
              </div>
              <div className='trash__acts'>
                <Form method='post' action={addresses.here} preventScrollReset onSubmit={({ currentTarget }) => { focusNextRow(currentTarget, 'button', heading.current) }}>
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
