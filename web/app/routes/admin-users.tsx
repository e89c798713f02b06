import type { ManagedUser } from '@daymark/auth/contracts'
import { type LoaderFunctionArgs, type MetaFunction, data } from '@remix-run/node'
import { Form, Link, useLoaderData } from '@remix-run/react'
import { useCheckedForm } from '../components/checked-form.tsx'
import { Choice } from '../components/choice.tsx'
import { Field } from '../components/field.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Marks } from '../components/marks.tsx'
import { Pages } from '../components/pages.tsx'
import { findUsersGuide, readFindUsers } from '../forms/admin-forms.server.ts'
import { pageBehind, searchOf } from '../cursor-page.server.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { requireAdmin } from '../require-admin.server.ts'

export const meta: MetaFunction = () => [{ title: 'Accounts · Daymark' }]

const pageSize = 50
const statuses = ['active', 'disabled'] as const
const roles = ['user', 'admin'] as const

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireAdmin(context)
  const { searchParams } = new URL(request.url)
  const text = searchParams.get('q')?.trim() ?? ''
  const filters = { q: text, status: statuses.find((one) => one === searchParams.get('status')) ?? '', role: roles.find((one) => one === searchParams.get('role')) ?? '' } as const
  const cursor = searchParams.get('cursor') ?? ''
  const addressOf = (more: Record<string, string> = {}) => `/admin${searchOf({ ...filters, ...more })}`

  const form = new FormData()
  if (text !== '') form.set('q', text)
  const read = readFindUsers(form)
  const found = { filters, guide: findUsersGuide, isFiltered: text !== '' || filters.status !== '' || filters.role !== '' }
  if (!read.ok) return data({ ...found, items: [], first: null, next: null, answer: read.answer as FormAnswer }, { status: 422 })
  const { status, role } = filters
  const { items, next_cursor: next } = await pageBehind(cursor, addressOf(), (paging) =>
    context.admin.users({ ...read.value, ...status !== '' && { status }, ...role !== '' && { role }, limit: pageSize, ...paging }))
  return data({ ...found, items, first: cursor === '' ? null : addressOf(), next: next === null ? null : addressOf({ cursor: next }), answer: undefined })
}

const statusChoices = [{ value: '', name: 'Any' }, { value: 'active', name: 'Active' }, { value: 'disabled', name: 'Disabled' }]
const roleChoices = [{ value: '', name: 'Any' }, { value: 'user', name: 'User' }, { value: 'admin', name: 'Administrator' }]

export default function AccountsPage () {
  const { items, filters, isFiltered, first, next, guide, answer: served } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm(guide, served)
  return (
    <>
      <h1>Accounts</h1>
      <Form key={JSON.stringify(filters)} className='finder' method='get' action='/admin' role='search' {...formProps}>
        <Field name='q' type='search' label='Address or name' guide={guide} answer={answer} defaultValue={filters.q} autoComplete='off' hint='The beginnings of words are enough: “love exa” finds ada.lovelace@example.com.' />
        <Choice name='status' label='Status' options={statusChoices} defaultValue={filters.status} />
        <Choice name='role' label='Role' options={roleChoices} defaultValue={filters.role} />
        <div className='finder__go'>
          <button className='button'>Find</button>
          {isFiltered && <Link className='button button--quiet' to='/admin'>Show all</Link>}
        </div>
      </Form>
      {items.length > 0
        ? <ul className='people' aria-label='Accounts'>{items.map((user) => <Person key={user.id} user={user} />)}</ul>
        : !served && <NobodyFound isBehind={first !== null} />}
      <Pages first={first} next={next} />
    </>
  )
}

function NobodyFound ({ isBehind }: { isBehind: boolean }) {
  return (
    <div className='nothing' role='status'>
      <h2>{isBehind ? 'There are no more accounts' : 'No account is like that'}</h2>
      <p>{isBehind ? 'What was here has changed in the meantime.' : 'A search looks for words that begin as you wrote them, in address and name, and wants all of them. Try fewer, or another filter.'}</p>
    </div>
  )
}

function Person ({ user }: { user: ManagedUser }) {
  const { id, email, display_name: name, created_at: since } = user
  return (
    <li className='person'>
      <div className='person__who'>
        <Link className='person__link' to={`/admin/users/${id}`}>{name ?? email}</Link>
        {name !== null && <p className='settings__note'>{email}</p>}
      </div>
      <Marks user={user} />
      <p className='settings__note'>since <LocalTime instant={since} /></p>
    </li>
  )
}
