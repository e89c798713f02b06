import { useNavigation } from '@remix-run/react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { isTouched } from '../unsaved-input.ts'

interface FormInHandOptions<Answer> {
  formRef: RefObject<HTMLFormElement>
  /** What its hidden field `intent` says. */
  intent: string
  /** The mark of what was loaded: a digest of what the form shows, a space, and the version. */
  edition: string
  /** What the server said of it last; of another form of the page, undefined. */
  answer: Answer | undefined
}

const shownBy = (edition: string) => edition.split(' ')[0]

/**
 * Keeps a form whose fields are not controlled while other forms of the page are sent and the page is loaded anew. `round` is the key by which it
 * is made anew: once it was saved, or when something else was loaded and nobody has touched it. `edition` is the mark that goes with what is in
 * it, `held` what was said of it last. The focus goes to what needs another look, and stays where it was in a form that is made anew.
 */
export function useFormInHand<Answer extends FormAnswer> ({ formRef, intent, edition, answer }: FormInHandOptions<Answer>): { round: number, edition: string, held: Answer | undefined } {
  const { state, formData } = useNavigation()
  const [inHand, setInHand] = useState({ round: 0, edition, held: answer })
  const isSent = useRef(false)
  const focused = useRef<string | null>(null)

  useEffect(() => {
    if (state !== 'idle') {
      if (formData?.get('intent') === intent) isSent.current = true
      return
    }
    const isSaved = isSent.current && !answer
    isSent.current = false
    const form = formRef.current
    setInHand((before) => {
      if (answer) return { ...before, held: answer }
      const isOther = shownBy(edition) !== shownBy(before.edition)
      if (isSaved || (isOther && form && !before.held && !isTouched(form))) return { round: before.round + 1, edition, held: undefined }
      return isOther || edition === before.edition ? before : { ...before, edition }
    })
    focused.current = form?.contains(document.activeElement) ? selectorOf(document.activeElement) : null
  }, [state, edition, answer])

  useEffect(() => {
    if (focused.current !== null) formRef.current?.querySelector<HTMLElement>(focused.current)?.focus({ preventScroll: true })
    focused.current = null
  }, [inHand.round])

  useEffect(() => {
    if (!answer) return
    const [wrong, ...others] = Object.keys(answer.errors)
    const field = wrong === undefined || others.length > 0 || answer.problem !== undefined ? null : formRef.current?.querySelector<HTMLElement>(`[name="${wrong}"]`)
    ;(field ?? formRef.current?.querySelector<HTMLElement>('[data-summary], [aria-invalid]'))?.focus()
  }, [answer])

  return inHand
}

/** Finds a control again in a form that was made anew. */
const selectorOf = (element: Element | null): string => element?.id ? `#${element.id}` : element instanceof HTMLInputElement ? `[name="${element.name}"][value="${element.value}"]` : 'button'
