import type { BulkAction, Label, List } from '@daymark/tasks/contracts'
import { useNavigation } from '@remix-run/react'
import type { ReactNode } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { CheckIcon, TrashIcon } from './icons.tsx'
import { priorityNames } from './task-details.tsx'

interface BulkActsProps {
  lists: Array<Pick<List, 'id' | 'name'>>
  labels: Array<Pick<Label, 'id' | 'name'>>
  answer: FormAnswer | null | undefined
}

/** What can be done to chosen tasks that are not in the trash, and what each of it takes. */
export function BulkActs ({ lists, labels, answer }: BulkActsProps) {
  const given = (name: string) => answer?.values[name] ?? ''
  return (
    <>
      <div className='choose__acts'>
        <BulkAct action='complete'><CheckIcon />Complete</BulkAct>
        <BulkAct action='reopen'>Reopen</BulkAct>
        <BulkAct action='delete' className='button--danger'><TrashIcon />Delete</BulkAct>
      </div>
      <details className='choose__more' open={answer ? true : undefined}>
        <summary>Priority, day, list, label</summary>
        <div className='choose__fields'>
          <Pick name='priority' label='Priority' value={given('priority') || 'none'} options={Object.entries(priorityNames)}><BulkAct action='prioritise'>Set priority</BulkAct></Pick>
          <div className='field'>
            <label className='field__label' htmlFor='bulk-due_date'>Due on</label>
            <div className='choose__pair'><input className='field__control' id='bulk-due_date' name='due_date' type='date' defaultValue={given('due_date')} /><BulkAct action='reschedule'>Set day</BulkAct></div>
          </div>
          <Pick name='list_id' label='List' value={given('list_id')} options={[['', 'Choose…'], ...lists.map(({ id, name }): [string, string] => [id, name])]}><BulkAct action='move'>Move</BulkAct></Pick>
          {labels.length > 0 && (
            <Pick name='label_id' label='Label' value={given('label_id')} options={[['', 'Choose…'], ...labels.map(({ id, name }): [string, string] => [id, name])]}>
              <BulkAct action='label'>Put on</BulkAct><BulkAct action='unlabel'>Take off</BulkAct>
            </Pick>
          )}
          <Pick name='subtasks' label='With “Complete”: open subtasks' value={given('subtasks')} options={[['', 'Leave such tasks open'], ['complete', 'Complete them too'], ['keep', 'Keep them open']]} />
        </div>
      </details>
    </>
  )
}

/** The button that does something to the chosen tasks. */
export function BulkAct ({ action, className = '', children }: { action: BulkAction, className?: string, children: ReactNode }) {
  const isSending = useNavigation().formData?.get('intent') === 'bulk'
  return <button className={`button button--quiet ${className}`} name='action' value={action} aria-disabled={isSending || undefined}>{children}</button>
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
