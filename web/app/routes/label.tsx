import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import { revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon } from '../components/icons.tsx'
import { type NameAnswer, NameForm } from '../components/name-form.tsx'
import { nameEditionOf } from '../edition.server.ts'
import { labelGuide, readEditLabel } from '../forms/list-forms.server.ts'
import { isId } from '../is-id.ts'
import { requireUser } from '../require-user.server.ts'
import { saveName } from '../save-name.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.name ?? 'Label'} · Daymark` }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const { label, etag } = await context.tasks.getLabel(id)
  const { name, colour } = label
  return { id, name, loaded: { text: { name, colour }, edition: nameEditionOf(label, etag) }, guide: labelGuide }
}

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  requireUser(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const form = await request.formData()
  form.delete('intent')
  return await saveName(readEditLabel(form), {
    guide: labelGuide,
    async save (fields, etag) {
      const { label, change } = await context.tasks.updateLabel(id, fields, etag)
      context.flash({ did: 'saved', title: label.name, change })
      return redirect('/labels', 303)
    },
    async read () {
      const { label: now, etag } = await context.tasks.getLabel(id)
      return { now, etag }
    },
  })
}

export default function LabelPage () {
  const { id, name, loaded, guide } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() as NameAnswer | undefined
  return (
    <div className='settings named'>
      <p><Link className='back' to='/labels'><BackIcon />Labels</Link></p>
      <h1 dir='auto'>{name}</h1>
      <div className='settings__form'><NameForm what='label' action={`/labels/${id}`} guide={guide} loaded={loaded} served={answer} button='Save' /></div>
      <section className='settings__part' aria-labelledby='away-title'>
        <h2 id='away-title'>Delete</h2>
        <div className='act'>
          <p className='settings__note' id='delete-note'>Deleting the label takes it off its tasks, which stay. You are asked once more.</p>
          <div><Link className='button button--quiet button--danger' to={`/labels/${id}/delete`} aria-describedby='delete-note'>Delete label</Link></div>
        </div>
      </section>
    </div>
  )
}
