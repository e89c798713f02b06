import { type AppLoadContext, data } from '@remix-run/node'
import type { SessionUser } from '../session/session-contents.ts'
import { SignInNeeded } from './api/service-problem.ts'

/**
 * Who administers. For everyone else there is nothing here (404), except that a session which is over leads to the log-in page
 * and back. Auth decides each request anew: this only keeps the pages out of sight.
 */
export function requireAdmin ({ user, hadSession }: AppLoadContext): SessionUser {
  if (user?.role === 'admin') return user
  if (!user && hadSession) throw new SignInNeeded()
  throw data(null, { status: 404 })
}
