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
  }
}

/** Lets on only who has an access token of a session that is alive in the database at this moment. */
export const requireLiveSession = fp(async (app: FastifyInstance, { pool }: Pick<Deps, 'pool'>) => {
  app.decorateRequest('account', null as unknown as Account)
  app.addHook('onRequest', async (request) => {
    await app.requireUser(request)
    const account = await confirmSession(pool, { id: request.user.sid, generation: request.user.gen })
    if (!account) throw sessionEnded()
    request.account = account
  })
}, { name: 'require-live-session' })
