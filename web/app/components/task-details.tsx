import type { Priority } from '@daymark/tasks/contracts'
import { Form, useNavigation } from '@remix-run/react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormSummary } from './checked-form.tsx'
import { FormToken } from './form-token.tsx'

export interface Details { priority: Priority, due_date: string | null, start_date: string | null }

export const priorityNames: Record<Priority, string> = { none: 'None', low: 'Low', medium: 'Medium', high: 'High', urgent: 'Urgent' }

interface TaskDetailsProps {
  id: string
  details: Details
  edition: string
  /** What the server said of this form. */
  answer: FormAnswer | undefined
}

/** How much a task matters, and when it is due and may begin; saved apart from its words. */
export function TaskDetails ({ id, details, edition, answer }: TaskDetailsProps) {
  const isSaving = useNavigation().formData?.get('intent') === 'details'
  const given = (name: keyof Details) => answer?.values[name] ?? details[name] ?? ''
  const day = (name: 'due_date' | 'start_date', label: string) => {
    const error = answer?.errors[name]
    return (
      <div className='field'>
        <label className='field__label' htmlFor={name}>{label}</label>
        <input className='field__control' id={name} name={name} type='date' defaultValue={given(name)} aria-invalid={error ? true : undefined} aria-describedby={error ? `${name}-error` : undefined} />
        {error && <p className='field__error' id={`${name}-error`} role='alert'>{error}</p>}
      </div>
    )
  }
  return (
    // What was loaded anew is shown anew: no field keeps what it showed before.
    <Form key={answer ? 'answered' : edition} className='form task-details' method='post' action={`/tasks/${id}`} aria-labelledby='details-title'>
      <FormToken />
      <input type='hidden' name='intent' value='details' />
      <input type='hidden' name='details_edition' value={answer?.values['details_edition'] ?? edition} readOnly />
      <h2 id='details-title'>Details</h2>
      <FormSummary answer={answer} />
      <div className='task-details__fields'>
        <div className='field'>
          <label className='field__label' htmlFor='priority'>Priority</label>
          <select className='field__control' id='priority' name='priority' defaultValue={given('priority')}>
            {Object.entries(priorityNames).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </select>
        </div>
        {day('due_date', 'Due on')}
        {day('start_date', 'Not before')}
      </div>
      <p><button className='button button--quiet' aria-disabled={isSaving || undefined}>{isSaving ? 'Saving…' : 'Set details'}</button></p>
    </Form>
  )
}
