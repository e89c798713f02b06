import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { type FormGuide, fieldMessage } from '../forms/field-rules.ts'
import { AlertIcon } from './icons.tsx'
import { useHydrated } from './hydrated.ts'

/**
 * Checks a form by its contract before it is sent, and moves the focus to what needs another look:
 * the field if it is one, the summary if there are more. Without JavaScript the browser's own checks stay on.
 */
export function useCheckedForm (guide: FormGuide, served: FormAnswer | undefined) {
  const isHydrated = useHydrated()
  const formRef = useRef<HTMLFormElement>(null)
  const [found, setFound] = useState<FormAnswer | null>(null)
  useEffect(() => { setFound(null) }, [served])
  const answer = found ?? served

  useEffect(() => {
    if (!answer || !formRef.current) return
    const wrong = Object.keys(answer.errors)
    const field = wrong.length === 1 && !answer.problem ? formRef.current.querySelector<HTMLElement>(`[name="${wrong[0]}"]`) : null
    const summary = formRef.current.querySelector<HTMLElement>('[data-summary]')
    ;(field ?? summary)?.focus()
  }, [answer])

  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    const form = new FormData(event.currentTarget)
    const errors: FormAnswer['errors'] = {}
    for (const [name, field] of Object.entries(guide)) {
      const message = fieldMessage(field, String(form.get(name) ?? ''))
      if (message) errors[name] = message
    }
    if (Object.keys(errors).length === 0) return setFound(null)
    event.preventDefault()
    setFound({ values: {}, errors })
  }

  return { answer, formProps: { ref: formRef, noValidate: isHydrated, onSubmit } }
}

/** Says what is wrong with the whole form, and leads to each field that needs another look. */
export function FormSummary ({ answer, labels = {} }: { answer: FormAnswer | null | undefined, labels?: Record<string, string> }) {
  const wrong = Object.keys(answer?.errors ?? {}).filter((name) => labels[name] !== undefined)
  if (!answer || (!answer.problem && wrong.length < 2)) return null
  return (
    <div className='summary' role='alert' tabIndex={-1} data-summary>
      <AlertIcon />
      <div>
        {answer.problem && <p>{answer.problem}</p>}
        {wrong.length > 1 && (
          <>
            <p>These need another look:</p>
            <ul>{wrong.map((name) => <li key={name}><a href={`#${name}`}>{labels[name]}</a></li>)}</ul>
          </>
        )}
      </div>
    </div>
  )
}
