import { Form, Link, useNavigation } from '@remix-run/react'
import type { FormAnswer } from '../forms/form-answer.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import { type FormEvent, useEffect, useRef } from 'react'
import { FormSummary, useCheckedForm } from './checked-form.tsx'
import { Field } from './field.tsx'
import { focusNextRow } from './focus-next-row.ts'
import { FormToken } from './form-token.tsx'
import { CheckIcon, TrashIcon } from './icons.tsx'

interface SubtasksProps {
  id: string
  subtasks: Array<{ id: string, title: string, completed: boolean }>
  /** Whether there are more than are shown. */
  hasMore: boolean
  guide: FormGuide
  /** What the server said of these forms. */
  served: FormAnswer | undefined
}

/** What a task consists of: each part is ticked, opened or deleted here, and another one added. */
export function Subtasks ({ id, subtasks, hasMore, guide, served }: SubtasksProps) {
  const action = `/tasks/${id}`
  const { answer, formProps } = useCheckedForm(guide, served)
  const { state, formData } = useNavigation()
  const isAdding = formData?.get('intent') === 'add-subtask'
  const line = () => formProps.ref.current?.querySelector<HTMLInputElement>('[name=subtask]')
  // What was added leaves the line empty for the next; what is only begun stays, whatever else is done here.
  const wasAdding = useRef(false)
  useEffect(() => {
    if (state !== 'idle') wasAdding.current ||= isAdding
    else if (wasAdding.current) {
      wasAdding.current = false
      const input = line()
      if (!input || served) return
      input.value = ''
      input.focus({ preventScroll: true })
    }
  }, [state, isAdding, served])
  const moveFocus = ({ currentTarget }: FormEvent<HTMLElement>) => { focusNextRow(currentTarget, 'a', line()) }
  const done = subtasks.filter(({ completed }) => completed).length
  return (
    <section className='subtasks' aria-labelledby='subtasks-title'>
      <h2 id='subtasks-title'>Subtasks{subtasks.length > 0 && !hasMore && <span className='field__optional'>{done} of {subtasks.length} done</span>}</h2>
      {subtasks.length > 0 && (
        <ul className='task-list' aria-label='Subtasks'>
          {subtasks.map((subtask) => (
            <li key={subtask.id} className='task' data-completed={subtask.completed || undefined}>
              <Form method='post' action={action} preventScrollReset>
                <FormToken />
                <input type='hidden' name='intent' value='complete-subtask' />
                <input type='hidden' name='completed' value={String(!subtask.completed)} />
                <button className='task__tick' name='id' value={subtask.id} aria-label={`${subtask.completed ? 'Reopen' : 'Complete'} “${subtask.title}”`}><span className='task__box'><CheckIcon /></span></button>
              </Form>
              <div className='task__title'><Link className='task__link' to={`/tasks/${subtask.id}`}>{subtask.title}</Link></div>
              <Form method='post' action={action} preventScrollReset onSubmit={moveFocus}>
                <FormToken />
                <input type='hidden' name='intent' value='delete-subtask' />
                <button className='task__delete' name='id' value={subtask.id} aria-label={`Delete “${subtask.title}”`}><TrashIcon /></button>
              </Form>
            </li>
          ))}
        </ul>
      )}
      {hasMore && <p className='field__hint'>These are the first {subtasks.length}. The others are in their list.</p>}
      <Form className='form subtasks__add' method='post' action={action} preventScrollReset {...formProps}>
        <FormToken />
        <input type='hidden' name='intent' value='add-subtask' />
        <FormSummary answer={answer} />
        <Field name='subtask' label='New subtask' guide={guide} answer={answer} autoComplete='off' />
        <div><button className='button button--quiet' aria-disabled={isAdding || undefined}>{isAdding ? 'Adding…' : 'Add subtask'}</button></div>
      </Form>
    </section>
  )
}
