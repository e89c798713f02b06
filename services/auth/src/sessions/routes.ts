import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { LogIn, LogOut, Refresh, SignedIn } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { logIn } from './log-in.ts'
import { logOut } from './log-out.ts'
import { refreshSession } from './refresh-session.ts'

const tags = ['sessions']

/** Log in, stay logged in, log out. All three prove themselves by what is in the body. */
export async function sessionRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/login', {
    schema: { tags, summary: 'Log in', body: LogIn, response: { 200: SignedIn } },
  }, async (request) => await logIn(deps, request.body, request.caller))

  app.post('/auth/refresh', {
    schema: { tags, summary: 'Exchange a refresh token for the next pair of tokens', body: Refresh, response: { 200: SignedIn } },
  }, async (request) => await refreshSession(deps, request.body.refresh_token))

  app.post('/auth/logout', {
    schema: { tags, summary: 'End the session of a refresh token', body: LogOut, response: { 204: Type.Null() } },
  }, async (request, reply) => {
    await logOut(deps, request.body.refresh_token)
    return reply.code(204).send(null)
  })
}
