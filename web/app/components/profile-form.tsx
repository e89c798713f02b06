import { Form } from '@remix-run/react'
import { useRef } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import type { ZoneGroup } from '../time-zones.server.ts'
import { FormSummary, useCheckedForm } from './checked-form.tsx'
import { ConflictNote } from './conflict-note.tsx'
import { Field } from './field.tsx'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'
import { type Edition, useEdition } from './use-edition.ts'

type ProfileField = 'display_name' | 'time_zone'
export type ProfileEdition = Edition<ProfileField>
export interface ProfileAnswer extends FormAnswer { conflict?: ProfileEdition }

interface ProfileFormProps {
  guide: FormGuide
  loaded: ProfileEdition
  zones: ZoneGroup[]
  served: ProfileAnswer | undefined
  isSending: boolean
}

const labels: Record<ProfileField, string> = { display_name: 'Your name', time_zone: 'Time zone' }
const names = ['display_name', 'time_zone'] as const
const ofDevice = 'The device’s own'

const zoneInWords = (zone: string) => zone === '' ? ofDevice : zone.replaceAll('_', ' ')

/** How the owner is called, and which clock they go by. */
export function ProfileForm ({ guide, loaded, zones, served, isSending }: ProfileFormProps) {
  const { answer, formProps } = useCheckedForm(guide, served)
  const edition = useEdition({ names, loaded, conflict: served?.conflict, returned: served?.values['edition'], formRef: formProps.ref })
  const conflict = served?.conflict
  return (
    <Form className='form settings__body' method='post' action='/settings' {...formProps}>
      <FormToken />
      <input type='hidden' name='intent' value='save-profile' />
      <input type='hidden' name='edition' value={edition} readOnly />
      <FormSummary answer={answer} labels={labels} />
      {conflict && <ConflictNote title='Your profile was changed elsewhere while you edited it' labels={labels} theirs={conflict.text} mine={served.values} inWords={(text, name) => name === 'time_zone' ? zoneInWords(text) : text} />}
      <Field name='display_name' label={labels.display_name} guide={guide} answer={answer} defaultValue={loaded.text.display_name} autoComplete='name' isOptional />
      <ZoneField zones={zones} stored={loaded.text.time_zone} given={served?.values['time_zone']} error={answer?.errors['time_zone']} />
      <div className='settings__buttons'>
        <button className='button' aria-disabled={isSending || undefined}>{isSending ? 'Saving…' : conflict ? 'Save mine over it' : 'Save profile'}</button>
        {conflict && <a className='button button--quiet' href='/settings'>Take the other</a>}
      </div>
    </Form>
  )
}

interface ZoneFieldProps {
  zones: ZoneGroup[]
  stored: string
  given: string | undefined
  error: string | undefined
}

function ZoneField ({ zones, stored, given, error }: ZoneFieldProps) {
  const select = useRef<HTMLSelectElement>(null)
  const here = useHydrated() ? Intl.DateTimeFormat().resolvedOptions().timeZone : undefined
  const isOffered = here !== undefined && here !== stored && zones.some((group) => group.names.includes(here))
  const use = (zone: string) => {
    if (!select.current) return
    select.current.value = zone
    select.current.focus()
  }
  return (
    <div className='field'>
      <label className='field__label' htmlFor='time_zone'>{labels.time_zone}</label>
      <select
        ref={select} className='field__control' id='time_zone' name='time_zone' defaultValue={given ?? stored}
        aria-invalid={error ? true : undefined} aria-describedby={error ? 'time_zone-error time_zone-hint' : 'time_zone-hint'}
      >
        <option value=''>{ofDevice}</option>
        {zones.map(({ region, names }) => (
          <optgroup key={region} label={region}>
            {names.map((name) => <option key={name} value={name}>{zoneInWords(name)}</option>)}
          </optgroup>
        ))}
      </select>
      {error && <p className='field__error' id='time_zone-error' role='alert'>{error}</p>}
      <p className='field__hint' id='time_zone-hint'>Times and “today” go by it on every device.</p>
      {isOffered && <p><button className='button button--quiet' type='button' onClick={() => { use(here) }}>Choose {zoneInWords(here)}, as on this device</button></p>}
    </div>
  )
}
