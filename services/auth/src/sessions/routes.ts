import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { LogIn, LogOut, Refresh, SessionPage, SignedIn, StepUp } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { endOne, endOthers } from './end-sessions.ts'
import { logIn } from './log-in.ts'
import { logOut } from './log-out.ts'
import { refreshSession } from './refresh-session.ts'
import { sessionPage } from './session-page.ts'
import { stepUp } from './step-up.ts'

const tags = ['sessions']
const DeviceHeader = Type.Object({
  'x-device-token': Type.Optional(Type.String({ maxLength: 300, description: 'What an earlier log-in on this device answered in the same header: it keeps strangers from locking its owner out' })),
})

/** Log in, stay logged in, log out. All three prove themselves by what is in the body. */
export async function sessionRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/login', {
    schema: { operationId: 'logIn', tags, summary: 'Log in', headers: DeviceHeader, body: LogIn, response: { 200: SignedIn } },
    onRequest: async () => { await deps.passwords.demandPlace() },
  }, async (request, reply) => {
    const { signedIn, deviceToken } = await logIn(deps, request.body, request.caller, request.headers['x-device-token'])
    reply.header('x-device-token', deviceToken)
    return signedIn
  })

  app.post('/auth/refresh', {
    schema: { operationId: 'refreshSession', tags, summary: 'Exchange a refresh token for the next pair of tokens', body: Refresh, response: { 200: SignedIn } },
  }, async (request) => await refreshSession(deps, request.body.refresh_token, request.caller))

  app.post('/auth/logout', {
    schema: { operationId: 'logOut', tags, summary: 'End the session of a refresh token', body: LogOut, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    await logOut(deps, request.body.refresh_token, request.caller)
    return reply.code(204).send(null)
  })
}

/** A user's own sessions; registered behind the guard. */
export async function ownSessionRoutes (app: Service, deps: Deps): Promise<void> {
  const security = [{ accessToken: [] }]
  const SessionPath = Type.Object({ id: Type.String({ format: 'uuid', description: 'Which session' }) })

  app.post('/auth/step-up', {
    schema: { operationId: 'stepUp', tags, security, summary: 'Confirm the password, for what needs a log-in of the last ten minutes', body: StepUp, response: { 200: SignedIn } },
  }, async ({ body, account, user: { sid }, caller }) => await stepUp(deps, { ...account, session_id: sid }, body, caller))

  app.get('/auth/sessions', {
    schema: { operationId: 'listSessions', tags, security, summary: 'Where one is logged in', response: { 200: SessionPage } },
  }, async ({ user: { sub, sid } }) => await sessionPage(deps.pool, { user_id: sub, current: sid }))

  app.delete('/auth/sessions/:id', {
    schema: { operationId: 'endSession', tags, security, summary: 'End one session', params: SessionPath, response: { 204: Type.Null() } },
  }, async ({ params: { id }, user: { sub, sid }, caller }, reply) => {
    await endOne(deps, { user_id: sub, session_id: sid }, id, caller)
    return reply.code(204).send(null)
  })

  app.delete('/auth/sessions', {
    schema: { operationId: 'endOtherSessions', tags, security, summary: 'End every other session', response: { 204: Type.Null() } },
  }, async ({ user: { sub, sid }, caller }, reply) => {
    await endOthers(deps, { user_id: sub, session_id: sid }, caller)
    return reply.code(204).send(null)
  })
}
