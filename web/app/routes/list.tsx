import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { FormSummary } from '../components/checked-form.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon } from '../components/icons.tsx'
import { type NameAnswer, NameForm } from '../components/name-form.tsx'
import { nameEditionOf } from '../edition.server.ts'
import { listGuide, readArchiving, readEditList } from '../forms/list-forms.server.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'
import { saveName } from '../save-name.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.list.name ?? 'List'} · Daymark` }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const { list, etag } = await context.tasks.getList(id)
  const { name, colour, archived, is_inbox: isInbox } = list
  return { list: { id, name, archived, isInbox }, loaded: { text: { name, colour }, edition: nameEditionOf(list, etag) }, guide: listGuide }
}

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const form = await request.formData()
  const intent = String(form.get('intent'))
  form.delete('intent')
  if (intent === 'archive') return await archive(context, id, form)
  return await saveName(readEditList(form), {
    guide: listGuide,
    async save (fields, etag) {
      const { list, change } = await context.tasks.updateList(id, fields, etag)
      context.flash({ did: 'saved', title: list.name, change })
      return redirect('/lists', 303)
    },
    async read () {
      const { list: now, etag } = await context.tasks.getList(id)
      return { now, etag }
    },
  })
}

/** Sets whether the list is put away, whatever else is done to it meanwhile. */
async function archive ({ tasks, flash }: ActionFunctionArgs['context'], id: string, form: FormData) {
  const read = readArchiving(form)
  if (!read.ok) return data<NameAnswer>(read.answer, { status: 422 })
  try {
    const { list, change } = await tasks.updateList(id, read.value, '*')
    flash({ did: list.archived ? 'archived' : 'unarchived', title: list.name, change })
  } catch (error) {
    return refusedForm(error, { intent: 'archive' })
  }
  return redirect('/lists', 303)
}

export default function ListPage () {
  const { list: { id, name, archived, isInbox }, loaded, guide } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as NameAnswer | undefined
  const isOfArchiving = answer?.values['intent'] === 'archive'
  return (
    <div className='settings named'>
      <p><Link className='back' to='/lists'><BackIcon />Lists</Link></p>
      <h1 dir='auto'>{name}</h1>
      <div className='settings__form'><NameForm what='list' action={`/lists/${id}`} guide={guide} loaded={loaded} served={isOfArchiving ? undefined : answer} button='Save' /></div>
      {isInbox
        ? <p className='named__lead'>What you write down without a list lands here: this list can be neither archived nor deleted.</p>
        : (
          <section className='settings__part' aria-labelledby='away-title'>
            <h2 id='away-title'>Put away</h2>
            <div className='settings__ways'>
              {isOfArchiving && <FormSummary answer={answer} />}
              <Form className='act' method='post' action={`/lists/${id}`}>
                <FormToken />
                <input type='hidden' name='intent' value='archive' />
                <p className='settings__note' id='archive-note'>{archived ? 'The list is archived: its tasks are kept, and it stands among the others no more.' : 'An archived list keeps its tasks, and stands among the others no more. It can be taken back at any time.'}</p>
                <div><button className='button button--quiet' name='archived' value={String(!archived)} aria-describedby='archive-note'>{archived ? 'Take back' : 'Archive'}</button></div>
              </Form>
              <div className='act'>
                <p className='settings__note' id='delete-note'>Deleting the list moves its tasks to the trash. You are asked once more.</p>
                <div><Link className='button button--quiet button--danger' to={`/lists/${id}/delete`} aria-describedby='delete-note'>Delete list</Link></div>
              </div>
            </div>
          </section>
          )}
    </div>
  )
}
