import { Form } from '@remix-run/react'
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { fieldAttributes } from '../forms/field-attributes.ts'
import { type FormGuide, fieldMessage } from '../forms/field-rules.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'
import { PlusIcon } from './icons.tsx'

interface QuickAddProps {
  guide: FormGuide
  action: string
  answer: FormAnswer | null | undefined
  onAdd: (title: string) => void
  /** The line itself. */
  input: RefObject<HTMLInputElement>
}

/** One line for the next thing to do. With JavaScript the line is free again at once. */
export function QuickAdd ({ guide, action, answer, onAdd, input }: QuickAddProps) {
  const isHydrated = useHydrated()
  const [judged, setJudged] = useState<{ message: string | null } | null>(null)
  const isSpent = useRef(false)
  const field = guide['title']
  const error = judged ? judged.message : answer?.errors['title'] ?? answer?.problem ?? null

  useEffect(() => {
    setJudged(null)
    const typed = answer?.values['title']
    // What could not be added comes back, unless something new has been begun meanwhile.
    if (input.current && typed !== undefined && input.current.value === '') input.current.value = typed
    if (answer) input.current?.focus()
  }, [answer])

  const judgeWriting = (text: string) => {
    // Only too long can be told while writing; empty is how every line begins.
    const message = text === '' ? null : fieldMessage(field, text)
    if (message || error) setJudged({ message })
  }
  // What was written before the page woke has met no judge yet.
  useEffect(() => { if (isHydrated && input.current) judgeWriting(input.current.value) }, [isHydrated])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!input.current) return
    // Pressed twice, or held: the second time there is nothing to add, and nothing wrong.
    if (isSpent.current && input.current.value === '') return input.current.focus()
    const message = fieldMessage(field, input.current.value)
    setJudged({ message })
    input.current.focus()
    if (message) return
    onAdd(input.current.value)
    input.current.value = ''
    isSpent.current = true
  }
  return (
    <Form className='quick-add' method='post' action={action} noValidate={isHydrated} onSubmit={submit}>
      <FormToken />
      <input type='hidden' name='intent' value='add' />
      <div className='quick-add__line'>
        <label className='visually-hidden' htmlFor='title'>New task</label>
        <input
          ref={input} id='title' name='title' className='quick-add__input' placeholder='What is to be done?' autoComplete='off' enterKeyHint='done'
          defaultValue={answer?.values['title']} {...field && fieldAttributes(field.rules)} {...isHydrated && { maxLength: undefined }}
          aria-invalid={error ? true : undefined} aria-describedby={error ? 'title-error' : undefined}
          onInput={({ currentTarget: { value } }) => {
            isSpent.current = false
            judgeWriting(value)
          }}
        />
        <button className='quick-add__button'><PlusIcon /><span>Add</span></button>
      </div>
      {error && <p className='field__error' id='title-error' role='alert'>{error}</p>}
    </Form>
  )
}
