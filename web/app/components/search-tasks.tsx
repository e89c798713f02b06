import { Form } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { fieldAttributes } from '../forms/field-attributes.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { useCheckedForm } from './checked-form.tsx'
import { useHydrated } from './hydrated.ts'
import { SearchIcon } from './icons.tsx'

interface SearchTasksProps {
  guide: FormGuide
  answer: FormAnswer | undefined
  /** What the address says beside the words. */
  beside: Record<string, string>
  q: string
}

/** One line of words to search the shown tasks for; the words stand in the address. */
export function SearchTasks ({ guide, answer: served, beside, q }: SearchTasksProps) {
  const isHydrated = useHydrated()
  const input = useRef<HTMLInputElement>(null)
  const { answer, formProps } = useCheckedForm(guide, served)
  const error = answer?.errors['q']
  // The page stays when the address changes, and the line with it, which may have the focus. What was typed before the page woke stays too.
  const searched = useRef(q)
  useEffect(() => {
    if (input.current && searched.current !== q) input.current.value = q
    searched.current = q
  }, [q])
  return (
    <Form className='search' method='get' action='/dashboard' role='search' preventScrollReset {...formProps}>
      {Object.entries(beside).map(([name, value]) => <input key={name} type='hidden' name={name} value={value} />)}
      <div className='search__line'>
        <SearchIcon />
        <label className='visually-hidden' htmlFor='q'>Search tasks</label>
        <input
          ref={input} id='q' name='q' type='search' className='search__input' placeholder='Search' autoComplete='off' enterKeyHint='search' defaultValue={q}
          {...guide['q'] && fieldAttributes(guide['q'].rules)} {...isHydrated && { maxLength: undefined }}
          aria-invalid={error ? true : undefined} aria-describedby={error ? 'q-error' : undefined}
        />
        <button className='search__button'>Search</button>
      </div>
      {error && <p className='field__error' id='q-error' role='alert'>{error}</p>}
    </Form>
  )
}
