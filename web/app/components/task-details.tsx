import type { Priority } from '@daymark/tasks/contracts'
import { Form, useNavigation } from '@remix-run/react'
import { useRef } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import type { Counted } from '../places.ts'
import type { DueShown } from '../save-details.server.ts'
import { FormSummary } from './checked-form.tsx'
import { ConflictNote } from './conflict-note.tsx'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'
import { useFormInHand } from './use-form-in-hand.ts'

export const priorityNames: Record<Priority, string> = { none: 'None', low: 'Low', medium: 'Medium', high: 'High', urgent: 'Urgent' }

const labels = { list_id: 'List', priority: 'Priority', due_date: 'Due', start_date: 'Not before', label_ids: 'Labels' }
export type DetailsField = keyof typeof labels

/** What the page says of its details; and both versions of them, in words, when they were changed elsewhere in the meantime. */
export interface DetailsAnswer extends FormAnswer { conflict?: { theirs: Record<DetailsField, string>, mine: Record<DetailsField, string> } }

export interface Details { priority: Priority, start_date: string | null, list_id: string | null, label_ids: string[], due: DueShown }

interface TaskDetailsProps {
  id: string
  details: Details
  /** The lists it can be in, and the labels it can carry. */
  lists: Array<Pick<Counted, 'id' | 'name'>>
  allLabels: Array<Omit<Counted, 'open'>>
  /** The zone that the person chose. */
  ownZone: string | null
  edition: string
  /** A time that was asked for and does not exist, as clocks are set forward past it. */
  skipped: string | undefined
  /** What the server said of this form. */
  answer: DetailsAnswer | undefined
}

const zoneInWords = (zone: string) => zone.replaceAll('_', ' ')

/** Where a task belongs, how much it matters, and when it is due and may begin; saved apart from its words. */
export function TaskDetails ({ id, details, lists, allLabels, ownZone, edition: loaded, skipped, answer: served }: TaskDetailsProps) {
  const form = useRef<HTMLFormElement>(null)
  const { round, edition, held: answer } = useFormInHand({ formRef: form, intent: 'details', edition: loaded, answer: served })
  const isSaving = useNavigation().formData?.get('intent') === 'details'
  const isHydrated = useHydrated()
  const { due } = details
  const zone = due.zone ?? (isHydrated ? Intl.DateTimeFormat().resolvedOptions().timeZone : 'UTC')
  const ticked = answer?.values['label_ids']?.split(' ') ?? details.label_ids
  const conflict = answer?.conflict
  const input = (name: string, label: string, value: string, more: { type: string, hint?: string, autoComplete?: string, maxLength?: number }) => {
    const { hint, ...attributes } = more
    const error = answer?.errors[name]
    return (
      <div className='field'>
        <label className='field__label' htmlFor={name}>{label}</label>
        <input
          className='field__control' id={name} name={name} defaultValue={answer?.values[name] ?? value} {...attributes}
          aria-invalid={error ? true : undefined} aria-describedby={[error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ') || undefined}
        />
        {error && <p className='field__error' id={`${name}-error`} role='alert'>{error}</p>}
        {hint && <p className='field__hint' id={`${name}-hint`}>{hint}</p>}
      </div>
    )
  }
  const isOfOtherZone = due.was !== '' && ownZone !== null && ownZone !== due.zone
  return (
    <Form key={round} ref={form} className='form task-details' method='post' action={`/tasks/${id}`} aria-labelledby='details-title'>
      <FormToken />
      <input type='hidden' name='intent' value='details' />
      <input type='hidden' name='details_edition' value={answer?.values['details_edition'] ?? edition} readOnly />
      <input type='hidden' name='due_was' value={answer?.values['due_was'] ?? due.was} readOnly />
      <h2 id='details-title'>Details</h2>
      <FormSummary answer={answer} />
      {conflict && <ConflictNote title='These details were changed elsewhere while you edited them' labels={labels} theirs={conflict.theirs} mine={conflict.mine} />}
      <div className='task-details__fields'>
        <div className='field'>
          <label className='field__label' htmlFor='list_id'>List</label>
          <select className='field__control' id='list_id' name='list_id' defaultValue={answer?.values['list_id'] ?? details.list_id ?? ''}>
            {details.list_id === null && <option value=''>No list</option>}
            {lists.map((list) => <option key={list.id} value={list.id}>{list.name}</option>)}
          </select>
        </div>
        <div className='field'>
          <label className='field__label' htmlFor='priority'>Priority</label>
          <select className='field__control' id='priority' name='priority' defaultValue={answer?.values['priority'] ?? details.priority}>
            {Object.entries(priorityNames).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </div>
        {input('start_date', 'Not before', details.start_date ?? '', { type: 'date' })}
        {input('due_date', 'Due on', due.date, { type: 'date' })}
        {input('due_time', 'At', due.time, { type: 'time', hint: isOfOtherZone ? 'Without a time it is due on that day, wherever you are.' : `By the clock of ${zoneInWords(zone)}. Without a time it is due on that day, wherever you are.` })}
        {isOfOtherZone
          ? (
            <div className='field'>
              <label className='field__label' htmlFor='time_zone'>By the clock of</label>
              <select className='field__control' id='time_zone' name='time_zone' defaultValue={answer?.values['time_zone'] ?? zone}>
                {[zone, ownZone].map((name) => <option key={name} value={name}>{zoneInWords(name)}</option>)}
              </select>
              <p className='field__hint'>It was planned by another clock than yours.</p>
            </div>
            )
          : <input type='hidden' name='time_zone' value={zone} readOnly />}
      </div>
      {skipped !== undefined && <p className='told' role='status'>There is no {skipped} on that day, as the clocks are set forward past it: it is due at {due.time} instead.</p>}
      {due.ofTwo && <p className='field__hint'>The clocks of {zoneInWords(zone)} are set back that night, so that {due.time} comes twice: the {due.ofTwo} is meant.</p>}
      <fieldset className='task-details__labels'>
        <legend className='field__label'>Labels</legend>
        <input type='hidden' name='label_ids' value='' />
        {allLabels.length > 0 && (
          <div className='task-details__ticks'>
            {allLabels.map((label) => (
              <label key={label.id} className='colours__one'>
                <input type='checkbox' name='label_ids' value={label.id} defaultChecked={ticked.includes(label.id)} />
                <span className='tone tone--label' data-tone={label.colour} aria-hidden='true' />
                <bdi className='task-details__label'>{label.name}</bdi>
              </label>
            ))}
          </div>
        )}
        {answer?.errors['label_ids'] && <p className='field__error' role='alert'>{answer.errors['label_ids']}</p>}
        {input('new_label', 'Another label', '', { type: 'text', autoComplete: 'off', hint: 'Made, if there is none of that name, when you set the details.' })}
      </fieldset>
      <div className='task-page__save'>
        <button className='button button--quiet' aria-disabled={isSaving || undefined}>{isSaving ? 'Saving…' : conflict ? 'Set mine over it' : 'Set details'}</button>
        {conflict && <a className='button button--quiet' href={`/tasks/${id}`}>Take the other</a>}
      </div>
    </Form>
  )
}
