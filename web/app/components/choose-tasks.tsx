import { Form, Link } from '@remix-run/react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'

interface ChooseTasksProps {
  action: string
  items: Array<{ id: string, title: string, completed?: boolean, facts: ReactNode }>
  /** Whether all are chosen to begin with. */
  isAll: boolean
  addresses: { all: string, none: string, done: string }
  /** What all are called together where there are more than those shown; null where there are not. */
  others: string | null
  answer: FormAnswer | null | undefined
  /** What can be done to the chosen ones. */
  children: ReactNode
}

/** The shown tasks with a box each, and what can be done to all that are chosen: one form. */
export function ChooseTasks ({ action, items, isAll, addresses, others, answer, children }: ChooseTasksProps) {
  const isHydrated = useHydrated()
  const form = useRef<HTMLFormElement>(null)
  const [count, setCount] = useState<number | null>(null)
  const kept = answer?.values['ids']?.split(' ')
  const boxes = () => [...form.current?.querySelectorAll<HTMLInputElement>('input[name=ids]') ?? []]
  const recount = () => setCount(boxes().filter(({ checked }) => checked).length)
  /** Also where the address that stands for it is there already. */
  const tickAll = (checked: boolean) => {
    for (const box of boxes()) box.checked = checked
    recount()
  }
  useEffect(recount, [items.length])
  // What led here is gone, and the focus with it.
  const head = useRef<HTMLParagraphElement>(null)
  const isLedHere = useRef(isHydrated)
  useEffect(() => { if (isLedHere.current && document.activeElement === document.body) head.current?.focus({ preventScroll: true }) }, [])
  return (
    <Form ref={form} className='choose' data-unsaved method='post' action={action} preventScrollReset onChange={recount}>
      <FormToken />
      <input type='hidden' name='intent' value='bulk' />
      <button disabled hidden /> {/* Enter in a field or on a box presses the first button: none that does anything */}
      <div className='choose__head'>
        <p ref={head} tabIndex={-1} role='status'>{count === null || !isHydrated ? 'Choose tasks' : count === 1 ? '1 task chosen' : `${count} tasks chosen`}</p>
        <p className='choose__ways'>
          <Link className='button button--quiet' to={addresses.all} preventScrollReset onClick={() => { tickAll(true) }}>All shown</Link>
          <Link className='button button--quiet' to={addresses.none} preventScrollReset onClick={() => { tickAll(false) }}>None</Link>
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
        {others !== null && <label className='choose__all'><input type='checkbox' name='all' value='true' defaultChecked={answer?.values['all'] === 'true'} />{others}</label>}
        {children}
      </fieldset>
    </Form>
  )
}
