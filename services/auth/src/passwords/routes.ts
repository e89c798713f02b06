import { network } from '@daymark/kit/client-address'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { ChangePassword, ForgotPassword, ResetPassword, SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { enforceLimit } from '../limits/limit.ts'
import { changePassword, resetPassword } from './change-password.ts'
import { forgotPassword } from './forgot-password.ts'

const tags = ['passwords']

/** A new password for who has lost theirs. Open to everyone; a mailed link proves who they are. */
export async function passwordRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/password/forgot', {
    schema: { operationId: 'forgotPassword', tags, summary: 'Ask for a link to choose a new password', body: ForgotPassword, response: { 202: Type.Null() } },
  }, async (request, reply) => {
    await enforceLimit(deps.pool, { bucket: `reset:${network(request.caller.address)}`, limit: deps.config.RESET_PER_ADDRESS, windowSeconds: 3600 })
    // Answered first, so that the time it takes tells nothing either.
    forgotPassword(deps, request.body, request.caller).catch((err: unknown) => { request.log.error({ err }, 'a reset link was not mailed') })
    return reply.code(202).send(null)
  })

  app.post('/auth/password/reset', {
    schema: { operationId: 'resetPassword', tags, summary: 'Choose a new password by a mailed link', body: ResetPassword, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    reply.header('x-device-token', await resetPassword(deps, request.body, request.caller))
    return reply.code(204).send(null)
  })
}

/** Registered behind the guard. */
export async function ownPasswordRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/password/change', {
    schema: { operationId: 'changePassword', tags, security: [{ accessToken: [] }], summary: 'Change the password', body: ChangePassword, response: { 200: SignedIn } },
  }, async ({ body, account, user: { sid }, caller }, reply) => {
    const { signedIn, deviceToken } = await changePassword(deps, { ...account, session_id: sid }, body, caller)
    reply.header('x-device-token', deviceToken)
    return signedIn
  })
}
