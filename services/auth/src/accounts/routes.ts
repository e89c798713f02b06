import { etagOf, isKnown } from '@daymark/kit/etag'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Readable } from 'node:stream'
import { Account, AccountExport, ProfilePatch, SignedIn, SignUp } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { requireRecentLogIn } from '../sessions/require-recent-log-in.ts'
import { changeProfile } from './change-profile.ts'
import { deleteAccount } from './delete-account.ts'
import { exportAccount } from './export-account.ts'
import { signUp } from './sign-up.ts'

const tags = ['accounts']

/** Making an account. Open to everyone. */
export async function accountRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/signup', {
    schema: { operationId: 'signUp', tags, summary: 'Make an account and sign in', body: SignUp, response: { 201: SignedIn } },
  }, async (request, reply) => {
    const signedIn = await signUp(deps, request.body, request.caller)
    return reply.code(201).send(signedIn)
  })
}

const ifMatch = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'The ETag the account must still have; else 412' })) })

/** The owner's view of their account; registered behind the guard. */
export async function ownAccountRoutes (app: Service, deps: Deps): Promise<void> {
  const security = [{ accessToken: [] }]

  app.get('/auth/me', {
    schema: { operationId: 'readAccount', tags, security, summary: 'Who is signed in', response: { 200: Account, 304: Type.Null() } },
  }, async ({ account, headers }, reply) => {
    reply.header('etag', etagOf(account))
    if (isKnown(headers['if-none-match'], etagOf(account))) return reply.code(304).send(null)
    return account
  })

  app.patch('/auth/me', {
    schema: { operationId: 'patchAccount', tags, security, summary: 'Change the name and the time zone (JSON merge patch)', consumes: ['application/json', 'application/merge-patch+json'], headers: ifMatch, body: ProfilePatch, response: { 200: Account } },
  }, async ({ body, headers, user: { sub, sid }, caller }, reply) => {
    const account = await changeProfile(deps, { user_id: sub, session_id: sid }, body, headers['if-match'], caller)
    reply.header('etag', etagOf(account))
    return account
  })

  app.get('/auth/me/export', {
    schema: { operationId: 'exportAccount', tags, security, summary: 'All that is kept of the account, without its secrets', response: { 200: AccountExport } },
    onRequest: requireRecentLogIn,
    exposeHeadRoute: false,
  }, async ({ account, user: { sid }, caller }, reply) => {
    const text = await exportAccount(deps, account, sid, caller)
    return reply.type('application/json; charset=utf-8').send(Readable.from(text) as never) // written out as it is read
  })

  app.delete('/auth/me', {
    schema: { operationId: 'deleteAccount', tags, security, summary: 'Delete the account and everything in it, for good', response: { 204: Type.Null() } },
    onRequest: requireRecentLogIn,
  }, async ({ account, user: { sid }, caller }, reply) => {
    await deleteAccount(deps, account, sid, caller)
    return reply.code(204).send(null)
  })
}
