import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { ChangeEmail, RevertEmail, VerifyEmail } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { emailKey } from '../accounts/email-key.ts'
import { requireRecentLogIn } from '../sessions/require-recent-log-in.ts'
import { confirmEmailChange, requestEmailChange, revertEmailChange } from './change-email.ts'
import { mailLink } from './mail-link.ts'
import { verifyEmail } from './verify-email.ts'

const tags = ['email']

/** Proving an address. Open to everyone: the mailed link is the proof. */
export async function emailRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/email/verify', {
    schema: { operationId: 'verifyEmail', tags, summary: 'Confirm an address by a mailed link', body: VerifyEmail, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    await verifyEmail(deps, request.body, request.caller)
    return reply.code(204).send(null)
  })

  app.post('/auth/email/change/confirm', {
    schema: { operationId: 'confirmEmailChange', tags, summary: 'Make an address the account\'s by the link that was mailed there', body: VerifyEmail, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    await confirmEmailChange(deps, request.body, request.caller)
    return reply.code(204).send(null)
  })

  app.post('/auth/email/revert', {
    schema: { operationId: 'revertEmailChange', tags, summary: 'Take an account back to the address it had before, by a link that was mailed there', body: RevertEmail, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    await revertEmailChange(deps, request.body, request.caller)
    return reply.code(204).send(null)
  })
}

/** Registered behind the guard. */
export async function ownEmailRoutes (app: Service, deps: Deps): Promise<void> {
  const security = [{ accessToken: [] }]

  app.post('/auth/email/verification', {
    schema: { operationId: 'mailVerification', tags, security, summary: 'Ask for another mail to confirm the address', response: { 202: Type.Null() } },
  }, async ({ account: { id, email, email_verified: isVerified } }, reply) => {
    if (!isVerified) {
      await deps.pool.transaction((transaction) => mailLink(deps, transaction, { id, email, email_key: emailKey(email) }, 'verify_email'))
      deps.outbox.wake()
    }
    return reply.code(202).send(null)
  })

  app.post('/auth/email/change', {
    onRequest: requireRecentLogIn,
    schema: { operationId: 'requestEmailChange', tags, security, summary: 'Ask for another address: a link goes there, and a notice to the present one', body: ChangeEmail, response: { 202: Type.Null() } },
  }, async ({ body, user: { sub, sid }, caller }, reply) => {
    await requestEmailChange(deps, { user_id: sub, session_id: sid }, body, caller)
    return reply.code(202).send(null)
  })
}
