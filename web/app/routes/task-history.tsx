import { type LoaderFunctionArgs, type MetaFunction, data } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { HistoryEntry } from '../components/history-entry.tsx'
import { BackIcon } from '../components/icons.tsx'
import { Pages } from '../components/pages.tsx'
import { pageBehind, searchOf } from '../cursor-page.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'
import { entriesOf, subjectOf } from '../task-history.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `History of ${loaded?.subject.title ?? 'a task'} · Daymark` }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

const pageSize = 30

export async function loader ({ request, params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const path = `/tasks/${id}/history`
  const cursor = new URL(request.url).searchParams.get('cursor') ?? ''
  const { items, next_cursor: next } = await pageBehind(cursor, path, (paging) => context.tasks.history(id, { limit: pageSize, ...paging }))
  const subject = await subjectOf(context.tasks, id)
  return {
    id,
    subject,
    entries: await entriesOf(context.tasks, items, subject),
    first: cursor === '' ? null : path,
    next: next === null ? null : path + searchOf({ cursor: next }),
    flash: context.takeFlash(),
  }
}

const notes = {
  there: null,
  trashed: 'This task is in the trash. Undo its deletion to bring it back.',
  gone: 'This task was deleted for good, and with it what its changes had said.',
}

export default function TaskHistoryPage () {
  const { id, subject: { title, state }, entries, first, next } = useLoaderData<typeof loader>()
  return (
    <div className='task-page history'>
      <p className='task-page__back'>{state === 'there' ? <Link className='back' to={`/tasks/${id}`}><BackIcon />The task</Link> : <Link className='back' to='/trash'><BackIcon />Trash</Link>}</p>
      <h1>History</h1>
      {title !== null && <p className='history__of'><bdi>{title}</bdi></p>}
      {notes[state] !== null && <p className='history__note'>{notes[state]}</p>}
      <ol className='changes' aria-label='Changes, newest first'>
        {entries.map((entry) => <HistoryEntry key={entry.seq} entry={entry} title={title ?? ''} />)}
      </ol>
      <Pages first={first} next={next} />
    </div>
  )
}
