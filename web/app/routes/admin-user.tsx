import type { Session } from '@daymark/auth/contracts'
import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import type { AccountFlash } from '../../session/flash.ts'
import type { AdminClient } from '../api/admin-client.server.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { Act } from '../components/act.tsx'
import { FormSummary } from '../components/checked-form.tsx'
import { BackIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { Marks } from '../components/marks.tsx'
import { Told } from '../components/told.tsx'
import { confirmPasswordGuide } from '../forms/account-forms.server.ts'
import { readUserChange } from '../forms/admin-forms.server.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { isId } from '../is-id.ts'
import { requireAdmin } from '../require-admin.server.ts'
import { takeStepUp } from '../step-up.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.user.email ?? 'Account'} · Daymark` }]

/** Always: nothing is typed here that could be lost, and what is shown is what is decided on. */
export const shouldRevalidate = () => true

export async function loader ({ params: { id }, context }: LoaderFunctionArgs) {
  const me = requireAdmin(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const [{ user, etag }, sessions] = await Promise.all([context.admin.user(id), context.admin.sessionsOf(id)])
  return { user, edition: etag, sessions, isSelf: user.id === me.id, guide: confirmPasswordGuide, flash: context.takeFlash() }
}

interface Intent { did: AccountFlash['did'], carryOut: (admin: AdminClient, id: string, etag: string) => Promise<void> }

const intents = new Map<string, Intent>(Object.entries({
  disable: { did: 'user-disabled', carryOut: (admin, id, etag) => admin.changeUser(id, { status: 'disabled' }, etag) },
  enable: { did: 'user-enabled', carryOut: (admin, id, etag) => admin.changeUser(id, { status: 'active' }, etag) },
  'make-admin': { did: 'admin-made', carryOut: (admin, id, etag) => admin.changeUser(id, { role: 'admin' }, etag) },
  'unmake-admin': { did: 'admin-unmade', carryOut: (admin, id, etag) => admin.changeUser(id, { role: 'user' }, etag) },
  'end-sessions': { did: 'user-logged-out', carryOut: (admin, id) => admin.endSessionsOf(id) },
  'send-reset': { did: 'reset-sent', carryOut: (admin, id) => admin.startPasswordReset(id) },
} satisfies Record<string, Intent>))

export async function action ({ request, params: { id }, context }: ActionFunctionArgs) {
  const me = requireAdmin(context)
  if (!isId(id)) throw data(null, { status: 404 })
  const form = await request.formData()
  const unconfirmed = await takeStepUp(context, form)
  if (unconfirmed) return unconfirmed
  const name = String(form.get('intent'))
  form.delete('intent')
  const intent = intents.get(name)
  const read = readUserChange(form)
  const values = { intent: name }
  if (!intent || !read.ok) return data<FormAnswer>({ values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  try {
    await intent.carryOut(context.admin, id, read.value.edition)
  } catch (error) {
    if (isServiceProblem(error) && error.status === 412) {
      return data<FormAnswer>({ values, errors: {}, problem: 'This account was changed elsewhere since you opened the page, so nothing was done. Below is how it is now: please decide again.' }, { status: 412 })
    }
    if (isServiceProblem(error) && error.status === 409) return data<FormAnswer>({ values, errors: {}, problem: `${error.message}. ${error.detail ?? ''}` }, { status: 409 })
    return refusedForm(error, values)
  }
  if (id === me.id && ['unmake-admin', 'end-sessions'].includes(name)) { // which ended this session, too
    await context.signOut()
    return redirect('/login', 303)
  }
  context.flash({ did: intent.did })
  return redirect(`/admin/users/${id}`, 303)
}

export default function AccountPage () {
  const { user, edition, sessions, isSelf, guide, flash } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as FormAnswer | undefined
  const isAsking = served?.errors['confirm_password'] !== undefined
  const act = (intent: string, label: string, explanation: string, isDanger = false) =>
    <Act action={`/admin/users/${user.id}`} fields={{ intent, edition }} label={label} guide={guide} served={served} isDanger={isDanger}>{explanation}</Act>
  return (
    <div className='settings'>
      <p><Link className='back' to='/admin'><BackIcon />Accounts</Link></p>
      <h1 className='account-name'>{user.display_name ?? user.email}</h1>
      <Marks user={user} />
      <Told flash={served ? null : flash} />
      {served && !isAsking && <FormSummary answer={served} />}

      <section className='settings__part' aria-labelledby='account'>
        <h2 id='account'>Account</h2>
        <dl className='facts settings__body'>
          <div><dt>Address</dt><dd>{user.email}, {user.email_verified ? 'confirmed' : 'not confirmed'}</dd></div>
          <div><dt>Name</dt><dd>{user.display_name ?? 'None given'}</dd></div>
          <div><dt>Signed up</dt><dd><LocalTime instant={user.created_at} /></dd></div>
          <div><dt>Last log-in</dt><dd>{user.last_login_at === null ? 'Not on record' : <LocalTime instant={user.last_login_at} />}</dd></div>
          <div><dt>Id</dt><dd><code>{user.id}</code></dd></div>
          <div><dt>On record</dt><dd><Link to={`/admin/audit?account=${user.id}`}>What happened to it</Link></dd></div>
        </dl>
      </section>

      <section className='settings__part' aria-labelledby='access'>
        <h2 id='access'>Access</h2>
        <div className='settings__body'>
          {user.status === 'disabled' && act('enable', 'Enable account', 'Its owner can log in again at once, with the password they had. Their tasks are as they left them.')}
          {user.status === 'active' && !isSelf && act('disable', 'Disable account', 'Logs its owner out everywhere and keeps them out, until somebody enables the account. Nothing of theirs is deleted.', true)}
          {user.status === 'active' && isSelf && <p className='settings__note'>This is your own account. Another administrator can disable it.</p>}
        </div>
      </section>

      <section className='settings__part' aria-labelledby='role'>
        <h2 id='role'>Role</h2>
        <div className='settings__body'>
          {user.role === 'user'
            ? act('make-admin', 'Make administrator', 'They see every account, but never anybody’s tasks or password, and can disable accounts and change keys. It logs them out everywhere.')
            : act('unmake-admin', 'Make an ordinary user', isSelf ? 'You lose these pages at once, and are logged out everywhere.' : 'They lose these pages at once, and are logged out everywhere.', true)}
        </div>
      </section>

      <section className='settings__part' aria-labelledby='password'>
        <h2 id='password'>Password</h2>
        <div className='settings__body'>
          {user.status === 'active'
            ? act('send-reset', 'Send a reset link', 'Mails its owner a link to choose a new password. Their password stays as it is until they do; you never see either.')
            : <p className='settings__note'>While the account is disabled there is no use in a new password.</p>}
        </div>
      </section>

      <section className='settings__part' aria-labelledby='devices'>
        <h2 id='devices'>Where it is logged in</h2>
        <div className='settings__body'>
          {sessions.length === 0
            ? <p className='settings__note'>Nowhere.</p>
            : (
              <>
                <ul className='sessions' aria-labelledby='devices'>{sessions.map((session) => <Device key={session.id} session={session} />)}</ul>
                {act('end-sessions', 'Log out everywhere', isSelf ? 'Here as well: you have to log in again.' : 'On all of these devices, within two seconds. Its owner can log in again.', true)}
              </>
              )}
        </div>
      </section>
    </div>
  )
}

function Device ({ session: { device, address, is_current: isCurrent, created_at: since, last_seen_at: lastSeen } }: { session: Session }) {
  return (
    <li className='session'>
      <div className='session__what'>
        <p className='session__device'>{device}{isCurrent && <span className='session__mark'>This device</span>}</p>
        <p className='settings__note'>{address !== null && <>{address} · </>}since <LocalTime instant={since} /> · last seen <LocalTime instant={lastSeen} /></p>
      </div>
    </li>
  )
}
