import { type ShouldRevalidateFunctionArgs, useMatches, useRouteLoaderData } from '@remix-run/react'
import { useEffect, useRef } from 'react'

/** The token for this page's forms, from whichever of its loaders gave one. */
export function useFormToken (): string {
  const tokens = useMatches().map(({ data }) => (data as { formToken?: string | null } | undefined)?.formToken)
  return tokens.findLast((token) => typeof token === 'string') ?? ''
}

/**
 * The hidden fields that prove a form is ours, and that give it one effect however often it is sent: pressed twice, or sent
 * again by a browser that never saw the answer. A page that is awake takes another key for each new submission, but
 * not for one that repeats the last before its answer has come.
 */
export function FormToken () {
  const pageKey = useRouteLoaderData<{ formKey: string | null }>('root')?.formKey ?? ''
  const input = useRef<HTMLInputElement>(null)
  const last = useRef('')
  useEffect(() => { last.current = '' }, [pageKey]) // an answer brings a new one
  useEffect(() => {
    const form = input.current?.form
    if (!form || pageKey === '') return
    let key = newKey()
    const takeKey = ({ submitter }: SubmitEvent) => {
      const fields = [...new FormData(form, submitter)].filter(([name]) => name !== 'form_token' && name !== 'form_key')
      const submission = JSON.stringify(fields)
      if (submission !== last.current) key = newKey()
      last.current = submission
      if (input.current) input.current.value = key
    }
    form.addEventListener('submit', takeKey)
    return () => form.removeEventListener('submit', takeKey)
  }, [pageKey])
  return (
    <>
      <input type='hidden' name='form_token' value={useFormToken()} readOnly />
      {pageKey !== '' && <input ref={input} type='hidden' name='form_key' value={pageKey} readOnly />}
    </>
  )
}

/** `randomUUID` is there in secure contexts alone; this is there wherever Daymark is. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')

/**
 * After a refused form (403) its page gets a new token. After any other failure the page stays as it is, and with
 * it what was typed: single fetch would load it anew for every route that has a say.
 */
export const revalidateAfterRefusal = ({ actionStatus = 200 }: ShouldRevalidateFunctionArgs) => actionStatus < 400 || actionStatus === 403
