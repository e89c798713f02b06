import type { AuditEvent } from '@daymark/auth/contracts'
import { type LoaderFunctionArgs, type MetaFunction, data } from '@remix-run/node'
import { Form, Link, useLoaderData } from '@remix-run/react'
import { auditQuery, readAuditFilter } from '../audit-filter.server.ts'
import { auditChoices, auditSentence } from '../audit-sentences.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Choice } from '../components/choice.tsx'
import { Field } from '../components/field.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Pages } from '../components/pages.tsx'
import { pageBehind, searchOf } from '../cursor-page.server.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { requireAdmin } from '../require-admin.server.ts'

export const meta: MetaFunction = () => [{ title: 'Audit log · Daymark' }]

const pageSize = 50

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireAdmin(context)
  const { searchParams } = new URL(request.url)
  const filter = readAuditFilter(searchParams)
  const cursor = searchParams.get('cursor') ?? ''
  const addressOf = (more: { cursor?: string } = {}) => `/admin/audit${searchOf({ ...filter, ...more })}`
  const shown = { filter, isFiltered: Object.values(filter).some((value) => value !== '') }
  const asked = await auditQuery(context.admin, filter)
  if ('answer' in asked) return data({ ...shown, items: [] as AuditEvent[], first: null, next: null, answer: asked.answer as FormAnswer }, { status: 422 })
  const { items, next_cursor: next } = await pageBehind(cursor, addressOf(), (paging) => context.admin.events({ ...asked.query, limit: pageSize, ...paging }))
  return data({ ...shown, items, first: cursor === '' ? null : addressOf(), next: next === null ? null : addressOf({ cursor: next }), answer: undefined })
}

const labels = { account: 'Account', by: 'Done by', from: 'From (UTC)', to: 'To (UTC)' }
const actionChoices = [{ value: '', name: 'Anything' }, ...auditChoices]
const outcomeChoices = [{ value: '', name: 'Any' }, { value: 'success', name: 'Went well' }, { value: 'failure', name: 'Failed' }]

export default function AuditLogPage () {
  const { items, filter, isFiltered, first, next, answer: served } = useLoaderData<typeof loader>()
  const { answer, formProps } = useCheckedForm({}, served)
  return (
    <>
      <h1>Audit log</h1>
      <Form key={JSON.stringify(filter)} className='finder finder--audit' method='get' action='/admin/audit' role='search' {...formProps}>
        <FormSummary answer={answer} labels={labels} />
        <Field name='account' label={labels.account} guide={{}} answer={answer} defaultValue={filter.account} autoComplete='off' hint='An address or an id' />
        <Field name='by' label={labels.by} guide={{}} answer={answer} defaultValue={filter.by} autoComplete='off' hint='An address or an id' />
        <Choice name='action' label='What' options={actionChoices} defaultValue={filter.action} />
        <Choice name='outcome' label='Outcome' options={outcomeChoices} defaultValue={filter.outcome} />
        <Field name='from' label={labels.from} type='date' guide={{}} answer={answer} defaultValue={filter.from} />
        <Field name='to' label={labels.to} type='date' guide={{}} answer={answer} defaultValue={filter.to} />
        <div className='finder__go'>
          <button className='button'>Find</button>
          {isFiltered && <Link className='button button--quiet' to='/admin/audit'>Show all</Link>}
        </div>
      </Form>
      {items.length > 0
        ? <ol className='events' aria-label='What happened'>{items.map((event) => <Event key={event.id} event={event} />)}</ol>
        : !served && (
          <div className='nothing' role='status'>
            <h2>Nothing like that is on record</h2>
            <p>Try fewer filters. What happened before the audit log began was not written down.</p>
          </div>
          )}
      <Pages first={first} next={next} />
    </>
  )
}

function Event ({ event }: { event: AuditEvent }) {
  const { occurred_at: at, outcome, address, device, user_id: userId, actor_id: actorId, session_id: sessionId, request_id: requestId, action, details } = event
  return (
    <li className='event'>
      <p className='event__what'>{auditSentence(event)}{outcome === 'failure' && <span className='mark mark--danger'>Failed</span>}</p>
      <p className='settings__note'><LocalTime instant={at} />{[address, device].map((part) => part !== null && part !== '' && <span key={part}> · {part}</span>)}</p>
      <details className='event__details'>
        <summary>Details</summary>
        <dl className='facts'>
          <div><dt>Event</dt><dd><code>{action}</code></dd></div>
          {userId !== null && <div><dt>Account</dt><dd><Link to={`/admin/users/${userId}`}><code>{userId}</code></Link></dd></div>}
          <div><dt>Done by</dt><dd>{actorId === null ? 'Nobody with an account' : <Link to={`/admin/users/${actorId}`}><code>{actorId}</code></Link>}</dd></div>
          {sessionId !== null && <div><dt>Session</dt><dd><code>{sessionId}</code></dd></div>}
          <div><dt>Request</dt><dd><code>{requestId}</code></dd></div>
          {Object.entries(details).map(([name, value]) => <div key={name}><dt><code>{name}</code></dt><dd><code>{String(value)}</code></dd></div>)}
        </dl>
      </details>
    </li>
  )
}
