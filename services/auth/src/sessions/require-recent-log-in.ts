import type { FastifyRequest } from 'fastify'
import { stepUpNeeded } from '../../problems.ts'

/**
 * An onRequest hook for what a stolen session must not be enough for (SEC-14): of one route, or of a plugin after
 * `requireLiveSession`. Lets on only who has named their password in the last ten minutes.
 * @throws {Problem} stepUpNeeded
 */
export async function requireRecentLogIn ({ isLogInRecent }: FastifyRequest): Promise<void> {
  if (!isLogInRecent) throw stepUpNeeded({ detail: 'Confirm the password at POST /auth/step-up, and send this again with the access token that it answers.' })
}
