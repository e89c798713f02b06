import type { Session } from '@daymark/auth/contracts'
import { type ActionFunctionArgs, type AppLoadContext, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useLoaderData, useNavigation } from '@remix-run/react'
import { useEffect } from 'react'
import type { Flash } from '../../session/flash.ts'
import { type AccountRead, currentAccount } from '../api/account-client.server.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { Field } from '../components/field.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { BackIcon } from '../components/icons.tsx'
import { LocalTime } from '../components/local-time.tsx'
import { type ProfileAnswer, type ProfileEdition, ProfileForm } from '../components/profile-form.tsx'
import { StepUpField } from '../components/step-up-field.tsx'
import { Told } from '../components/told.tsx'
import { changeEmailGuide, changePasswordGuide, confirmPasswordGuide, profileGuide, readChangeEmail, readChangePassword, readNothing, readProfile, readSessionId } from '../forms/account-forms.server.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { profileEditionOf, readProfileEdition } from '../edition.server.ts'
import { requireUser } from '../require-user.server.ts'
import { takeStepUp } from '../step-up.server.ts'
import { zoneGroups } from '../time-zones.server.ts'

export const meta: MetaFunction = () => [{ title: 'Settings · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  const [read, sessions] = await Promise.all([context.account.me(), context.account.sessions()])
  const { email, email_verified: isConfirmed } = read.account
  return {
    email,
    isConfirmed,
    profile: profileOf(read),
    zones: zoneGroups(read.account.time_zone),
    sessions,
    guides: { profile: profileGuide, password: changePasswordGuide, email: changeEmailGuide, confirm: confirmPasswordGuide },
    flash: context.takeFlash(),
  }
}

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const refused = await takeStepUp(context, form)
  if (refused) return refused
  const values = keptValues(form)
  const intent = String(form.get('intent'))
  form.delete('intent')
  if (intent === 'save-profile') return await saveProfile(context, form, values)
  try {
    const outcome = await carryOut(intent, form, context)
    if ('answer' in outcome) return data<FormAnswer>({ ...outcome.answer, values }, { status: 422 })
    context.flash(outcome.flash)
  } catch (error) {
    if (isServiceProblem(error) && error.type.endsWith('/wrong-password')) {
      return data<FormAnswer>({ values, errors: { current_password: 'That is not your current password.' } }, { status: 403 })
    }
    return refusedForm(error, values, { ...changePasswordGuide, ...changeEmailGuide })
  }
  return redirect('/settings', 303)
}

/** What the profile's form shows of an account; empty stands for what was never set. */
const profileOf = (read: AccountRead): ProfileEdition =>
  ({ text: { display_name: read.account.display_name ?? '', time_zone: read.account.time_zone ?? '' }, edition: profileEditionOf(read) })

/** Saves name and zone, unless they were changed elsewhere since this form was made: then it says so, and saves nothing. */
async function saveProfile (context: ActionFunctionArgs['context'], form: FormData, values: FormAnswer['values']) {
  const read = readProfile(form)
  if (!read.ok) return data<FormAnswer>({ ...read.answer, values }, { status: 422 })
  const { display_name: name = null, time_zone: zone = null, edition } = read.value
  const begun = readProfileEdition(edition)
  if (!begun) return data<FormAnswer>({ values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  const save = async (etag: string) => {
    const { account } = await context.account.changeProfile({ display_name: name, time_zone: zone }, etag)
    context.keepAccount(account)
    context.flash({ did: 'profile-saved' })
    return redirect('/settings', 303)
  }
  const refused = (error: unknown) => refusedForm(error, values, profileGuide)
  try {
    return await save(begun.etag)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 412) return refused(error)
    const current = currentAccount(error) ?? await context.account.me()
    if (begun.isOf(current.account)) return await save(current.etag).catch(refused)
    const conflict = profileOf(current)
    return data<ProfileAnswer>({ values: { ...values, edition: conflict.edition }, errors: {}, conflict }, { status: 412 })
  }
}

async function carryOut (intent: string, form: FormData, { account, signIn }: Pick<AppLoadContext, 'account' | 'signIn'>): Promise<{ flash: Flash } | { answer: FormAnswer }> {
  switch (intent) {
    case 'send-mail': {
      const read = readNothing(form)
      if (!read.ok) return read
      await account.sendVerification()
      return { flash: { did: 'mail-sent' } }
    }
    case 'change-email': {
      const read = readChangeEmail(form)
      if (!read.ok) return read
      await account.changeEmail(read.value)
      return { flash: { did: 'email-change-asked' } }
    }
    case 'change-password': {
      const read = readChangePassword(form)
      if (!read.ok) return read
      const { signedIn, deviceToken } = await account.changePassword(read.value)
      await signIn(signedIn, deviceToken)
      return { flash: { did: 'password-changed' } }
    }
    case 'end-session': {
      const read = readSessionId(form)
      if (!read.ok) return read
      await account.endSession(read.value.id)
      return { flash: { did: 'session-ended' } }
    }
    case 'end-others': {
      const read = readNothing(form)
      if (!read.ok) return read
      await account.endOtherSessions()
      return { flash: { did: 'other-sessions-ended' } }
    }
    default:
      return { answer: { values: {}, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' } }
  }
}

const labels = { current_password: 'Current password', password: 'New password' }
const emailLabels = { email: 'New address', confirm_password: 'Your password' }

export default function SettingsPage () {
  const { email, isConfirmed, profile, zones, sessions, guides, flash } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as ProfileAnswer | undefined
  const about = served?.values['intent']
  const sending = useNavigation().formData?.get('intent')
  return (
    <div className='settings'>
      <p><Link className='back' to='/dashboard'><BackIcon />Tasks</Link></p>
      <h1>Settings</h1>
      <Told flash={served ? null : flash} />
      {about !== 'save-profile' && about !== 'change-password' && about !== 'change-email' && <FormSummary answer={served} />}

      <section className='settings__part' aria-labelledby='profile'>
        <h2 id='profile'>Profile</h2>
        <ProfileForm guide={guides.profile} loaded={profile} zones={zones} served={about === 'save-profile' ? served : undefined} isSending={sending === 'save-profile'} />
      </section>

      <section className='settings__part' aria-labelledby='account'>
        <h2 id='account'>Account</h2>
        <div className='settings__body'>
          <p className='settings__email'>{email}</p>
          <p className='settings__note'>{isConfirmed ? 'Confirmed' : 'Not confirmed yet. Open the link in the mail we sent you.'}</p>
          {!isConfirmed && (
            <Form className='settings__act' method='post' action='/settings'>
              <FormToken />
              <button className='button button--quiet' name='intent' value='send-mail' aria-disabled={sending === 'send-mail' || undefined}>Send the mail again</button>
            </Form>
          )}
          <EmailForm guide={guides.email} confirmGuide={guides.confirm} served={about === 'change-email' ? served : undefined} isAsked={flash?.did === 'email-change-asked'} isSending={sending === 'change-email'} />
        </div>
      </section>

      <section className='settings__part' aria-labelledby='change'>
        <h2 id='change'>Password</h2>
        <PasswordForm guide={guides.password} email={email} served={about === 'change-password' ? served : undefined} isChanged={flash?.did === 'password-changed'} isSending={sending === 'change-password'} />
      </section>

      <section className='settings__part' aria-labelledby='devices'>
        <h2 id='devices'>Where you are logged in</h2>
        <div className='settings__body'>
          <ul className='sessions' aria-labelledby='devices'>
            {sessions.map((session) => <SessionRow key={session.id} session={session} />)}
          </ul>
          {sessions.length > 1 && (
            <Form className='settings__act' method='post' action='/settings'>
              <FormToken />
              <button className='button button--quiet button--danger' name='intent' value='end-others'>Log out everywhere else</button>
            </Form>
          )}
        </div>
      </section>

      <section className='settings__part' aria-labelledby='data'>
        <h2 id='data'>Your data</h2>
        <ul className='settings__body settings__ways'>
          <li>
            <Link to='/settings/export'>Download your data</Link>
            <p className='settings__note'>Your account and all your tasks, in one file.</p>
          </li>
          <li>
            <Link to='/settings/import'>Import tasks</Link>
            <p className='settings__note'>From another Daymark, or from Todoist.</p>
          </li>
          <li>
            <Link to='/settings/delete'>Delete your account</Link>
            <p className='settings__note'>With all its tasks, at once and for good.</p>
          </li>
        </ul>
      </section>
    </div>
  )
}

interface EmailFormProps {
  guide: FormGuide
  confirmGuide: FormGuide
  served: FormAnswer | undefined
  isAsked: boolean
  isSending: boolean
}

function EmailForm ({ guide, confirmGuide, served, isAsked, isSending }: EmailFormProps) {
  const { answer, formProps } = useCheckedForm(guide, served)
  const { ref } = formProps
  useEffect(() => { if (isAsked) ref.current?.reset() }, [isAsked, ref])
  return (
    <Form className='form settings__form' method='post' action='/settings' {...formProps}>
      <FormToken />
      <input type='hidden' name='intent' value='change-email' />
      <FormSummary answer={answer} labels={emailLabels} />
      <Field name='email' label={emailLabels.email} guide={guide} answer={answer} autoComplete='email' inputMode='email' hint='We mail a link there, and tell this one. Nothing changes until you use the link.' />
      <StepUpField guide={confirmGuide} served={served} answer={answer} />
      <div>
        <button className='button' aria-disabled={isSending || undefined}>{isSending ? 'Sending…' : 'Change address'}</button>
      </div>
    </Form>
  )
}

interface PasswordFormProps {
  guide: FormGuide
  email: string
  served: FormAnswer | undefined
  isChanged: boolean
  isSending: boolean
}

function PasswordForm ({ guide, email, served, isChanged, isSending }: PasswordFormProps) {
  const { answer, formProps } = useCheckedForm(guide, served)
  const { ref } = formProps
  useEffect(() => { if (isChanged) ref.current?.reset() }, [isChanged, ref])
  return (
    <Form className='form settings__body' method='post' action='/settings' {...formProps}>
      <FormToken />
      <input type='hidden' name='intent' value='change-password' />
      {/* Nameless, so it is not sent: it tells a password manager whose password this is. */}
      <input type='text' autoComplete='username' value={email} readOnly hidden />
      <FormSummary answer={answer} labels={labels} />
      <Field name='current_password' label={labels.current_password} guide={guide} answer={answer} kind='password' autoComplete='current-password' />
      <Field name='password' label={labels.password} guide={guide} answer={answer} kind='password' autoComplete='new-password' hint='Four random words make a good one.' />
      <div>
        <button className='button' aria-disabled={isSending || undefined}>{isSending ? 'Changing…' : 'Change password'}</button>
      </div>
    </Form>
  )
}

function SessionRow ({ session: { id, device, address, is_current: isCurrent, created_at: since, last_seen_at: lastSeen } }: { session: Session }) {
  return (
    <li className='session'>
      <div className='session__what'>
        <p className='session__device'>{device}{isCurrent && <span className='session__mark'>This device</span>}</p>
        <p className='settings__note'>
          {address !== null && <>{address} · </>}since <LocalTime instant={since} />
          {!isCurrent && <> · last seen <LocalTime instant={lastSeen} /></>}
        </p>
      </div>
      {!isCurrent && (
        <Form method='post' action='/settings'>
          <FormToken />
          <input type='hidden' name='intent' value='end-session' />
          <button className='button button--quiet' name='id' value={id} aria-label={`Log out ${device}`}>Log out</button>
        </Form>
      )}
    </li>
  )
}
