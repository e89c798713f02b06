import type { Label, List } from '@daymark/tasks/contracts'
import { Form, Link, useNavigation } from '@remix-run/react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'
import { CheckIcon, TrashIcon } from './icons.tsx'
import { priorityNames } from './task-details.tsx'

interface ChooseTasksProps {
  action: string
  items: Array<{ id: string, title: string, completed: boolean, facts: ReactNode }>
  /** Whether all are chosen to begin with. */
  isAll: boolean
  addresses: { all: string, none: string, done: string }
  /** Whether there are more than those shown, all of which can be chosen together. */
  hasMore: boolean
  lists: Array<Pick<List, 'id' | 'name'>>
  labels: Array<Pick<Label, 'id' | 'name'>>
  answer: FormAnswer | null | undefined
}

/** The shown tasks with a box each, and what can be done to all that are chosen: one form. */
export function ChooseTasks ({ action, items, isAll, addresses, hasMore, lists, labels, answer }: ChooseTasksProps) {
  const isHydrated = useHydrated()
  const form = useRef<HTMLFormElement>(null)
  const [count, setCount] = useState<number | null>(null)
  const kept = answer?.values['ids']?.split(' ')
  const given = (name: string) => answer?.values[name] ?? ''
  const recount = () => setCount(form.current?.querySelectorAll('input[name=ids]:checked').length ?? 0)
  useEffect(recount, [items.length])
  const isSending = useNavigation().formData?.get('intent') === 'bulk'
  const act = (value: string, label: ReactNode, className = '') =>
    <button className={`button button--quiet ${className}`} name='action' value={value} aria-disabled={isSending || undefined}>{label}</button>
  return (
    <Form ref={form} className='choose' method='post' action={action} preventScrollReset onChange={recount}>
      <FormToken />
      <input type='hidden' name='intent' value='bulk' />
      <button disabled hidden /> {/* Enter in a field or on a box presses the first button: none that does anything */}
      <div className='choose__head'>
        <p role='status'>{count === null || !isHydrated ? 'Choose tasks' : count === 1 ? '1 task chosen' : `${count} tasks chosen`}</p>
        <p className='choose__ways'>
          <Link className='button button--quiet' to={addresses.all} preventScrollReset>All shown</Link>
          <Link className='button button--quiet' to={addresses.none} preventScrollReset>None</Link>
          <Link className='button button--quiet' to={addresses.done} preventScrollReset>Cancel</Link>
        </p>
      </div>
      <ul className='task-list choose__list' aria-label='Tasks to choose from'>
        {items.map(({ id, title, completed, facts }) => (
          <li key={id} className='task' data-completed={completed || undefined}>
            <label className='choose__task'>
              <span className='choose__box'><input type='checkbox' name='ids' value={id} defaultChecked={kept ? kept.includes(id) : isAll} /></span>
              <span className='task__title'><span className='task__link'><bdi>{title}</bdi></span>{facts}</span>
            </label>
          </li>
        ))}
      </ul>
      <fieldset className='choose__bar'>
        <legend className='visually-hidden'>What to do with them</legend>
        {hasMore && <label className='choose__all'><input type='checkbox' name='all' value='true' defaultChecked={given('all') === 'true'} />All that are here, also those not shown (at most 1,000)</label>}
        <div className='choose__acts'>
          {act('complete', <><CheckIcon />Complete</>)}
          {act('reopen', 'Reopen')}
          {act('delete', <><TrashIcon />Delete</>, 'button--danger')}
        </div>
        <details className='choose__more' open={answer ? true : undefined}>
          <summary>Priority, day, list, label</summary>
          <div className='choose__fields'>
            <Pick name='priority' label='Priority' value={given('priority') || 'none'} options={Object.entries(priorityNames)}>{act('prioritise', 'Set priority')}</Pick>
            <div className='field'>
              <label className='field__label' htmlFor='bulk-due_date'>Due on</label>
              <div className='choose__pair'><input className='field__control' id='bulk-due_date' name='due_date' type='date' defaultValue={given('due_date')} />{act('reschedule', 'Set day')}</div>
            </div>
            <Pick name='list_id' label='List' value={given('list_id')} options={[['', 'Choose…'], ...lists.map(({ id, name }): [string, string] => [id, name])]}>{act('move', 'Move')}</Pick>
            {labels.length > 0 && (
              <Pick name='label_id' label='Label' value={given('label_id')} options={[['', 'Choose…'], ...labels.map(({ id, name }): [string, string] => [id, name])]}>
                {act('label', 'Put on')}{act('unlabel', 'Take off')}
              </Pick>
            )}
            <Pick name='subtasks' label='With “Complete”: open subtasks' value={given('subtasks')} options={[['', 'Leave such tasks open'], ['complete', 'Complete them too'], ['keep', 'Keep them open']]} />
          </div>
        </details>
      </fieldset>
    </Form>
  )
}

function Pick ({ name, label, value, options, children }: { name: string, label: string, value: string, options: Array<[string, string]>, children?: ReactNode }) {
  return (
    <div className='field'>
      <label className='field__label' htmlFor={`bulk-${name}`}>{label}</label>
      <div className='choose__pair'>
        <select className='field__control' id={`bulk-${name}`} name={name} defaultValue={value}>{options.map(([id, text]) => <option key={id} value={id}>{text}</option>)}</select>
        {children}
      </div>
    </div>
  )
}
