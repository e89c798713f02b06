import { type AppLoadContext, data } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'
import { readLink } from './forms/account-forms.server.ts'
import type { LinkAnswer } from './forms/form-answer.ts'
import { refusedForm } from './forms/refused-form.server.ts'

/** The token of the mailed link that a page was opened by, or null for one that can be none. Looking at it changes nothing (SEC-19). */
export function linkToken (request: Request): string | null {
  const token = new URL(request.url).searchParams.get('token') ?? ''
  return token.length > 0 && token.length <= 200 ? token : null
}

/** True where auth says that a mailed link has expired or was used. */
export const isLinkUsed = (error: unknown): boolean => isServiceProblem(error) && error.type.endsWith('/link-used')

/** What the page behind a mailed link shows. Opening the link changes nothing: programs that look through mail open links, too (SEC-19). */
export const openLink = (request: Request, context: AppLoadContext) =>
  ({ formToken: context.formToken(), token: linkToken(request), isSignedIn: context.user !== null })

/** Uses the link of a page whose button was pressed. Gives the answer where that failed; null to go on. */
export async function followLink (request: Request, use: (form: { token: string }) => Promise<void>) {
  const form = readLink(await request.formData())
  if (!form.ok) return data<LinkAnswer>(form.answer, { status: 422 })
  try {
    await use(form.value)
    return null
  } catch (error) {
    if (isLinkUsed(error)) return data<LinkAnswer>({ values: {}, errors: {}, isDead: true }, { status: 410 })
    return refusedForm(error, form.values)
  }
}
