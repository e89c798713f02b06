import { isServiceProblem } from './api/service-problem.ts'

/** The token of the mailed link that a page was opened by, or null for one that can be none. Looking at it changes nothing (SEC-19). */
export function linkToken (request: Request): string | null {
  const token = new URL(request.url).searchParams.get('token') ?? ''
  return token.length > 0 && token.length <= 200 ? token : null
}

/** True where auth says that a mailed link has expired or was used. */
export const isLinkUsed = (error: unknown): boolean => isServiceProblem(error) && error.type.endsWith('/link-used')
