import { type ShouldRevalidateFunctionArgs, useMatches } from '@remix-run/react'

/** The token for this page's forms, from whichever of its loaders gave one. */
export function useFormToken (): string {
  const tokens = useMatches().map(({ data }) => (data as { formToken?: string | null } | undefined)?.formToken)
  return tokens.findLast((token) => typeof token === 'string') ?? ''
}

/** The hidden field that proves a form is ours. */
export function FormToken () {
  return <input type='hidden' name='form_token' value={useFormToken()} readOnly />
}

/**
 * After a refused form (403) its page gets a new token. After any other failure the page stays as it is, and with
 * it what was typed: single fetch would load it anew for every route that has a say.
 */
export const revalidateAfterRefusal = ({ actionStatus = 200 }: ShouldRevalidateFunctionArgs) => actionStatus < 400 || actionStatus === 403
