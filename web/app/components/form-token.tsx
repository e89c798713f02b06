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

/** After a refused form its page gets a new token; Remix would not load anew after a failure. */
export const revalidateAfterRefusal = ({ actionStatus, defaultShouldRevalidate }: ShouldRevalidateFunctionArgs) => actionStatus === 403 || defaultShouldRevalidate
