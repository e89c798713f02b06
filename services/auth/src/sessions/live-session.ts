import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Account } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { sessionEnded } from '../../problems.ts'
import { confirmSession } from './queries.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in user as stored now; there is one on every route behind `requireLiveSession`. */
    account: Account
    /** Whether they named their password in the last ten minutes; what `requireRecentLogIn` goes by. */
    isLogInRecent: boolean
  }
}

/** Lets on only who has an access token of a session that is alive in the database at this moment. */
export const requireLiveSession = fp(async (app: FastifyInstance, { pool }: Pick<Deps, 'pool'>) => {
  app.decorateRequest('account', null as unknown as Account)
  app.decorateRequest('isLogInRecent', false)
  app.addHook('onRequest', async (request) => {
    await app.requireUser(request)
    const { sid: id, gen: generation, auth_time } = request.user
    const presented = await confirmSession(pool, { id, generation, auth_time })
    if (!presented) throw sessionEnded()
    const { is_log_in_recent, ...account } = presented
    request.account = account
    request.isLogInRecent = is_log_in_recent
  })
}, { name: 'require-live-session' })
