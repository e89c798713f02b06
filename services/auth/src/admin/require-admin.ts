import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { adminsOnly } from '../../problems.ts'

/**
 * Lets on only who is an admin at this moment: by the row that `requireLiveSession`, registered before it, has just read,
 * and not by the claim of a token, which may be minutes old.
 */
export const requireAdmin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', async ({ account }) => {
    if (account.role !== 'admin') throw adminsOnly()
  })
}, { name: 'require-admin', dependencies: ['require-live-session'] })
