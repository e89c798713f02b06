import type { AppLoadContext } from '@remix-run/node'
import type { SessionUser } from '../session/session-contents.ts'
import { SignInNeeded } from './api/service-problem.ts'

/** Who is signed in. @throws {SignInNeeded}, which leads to the log-in page and back. */
export function requireUser ({ user }: AppLoadContext): SessionUser {
  if (!user) throw new SignInNeeded()
  return user
}
