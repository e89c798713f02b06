import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import { allowedVersions, etagOf } from '@daymark/kit/etag'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import { SessionPage, UserChange, UserDetails, UserPage, UserQuery } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { userNotFound } from '../../problems.ts'
import { sessionPage } from '../sessions/session-page.ts'
import { changeUser, endSessionsOf, startPasswordReset } from './change-user.ts'
import { noteReading } from './note-reading.ts'
import { findUser, listUsers } from './queries.ts'
import { wordPrefixes } from './word-prefixes.ts'

const tags = ['users']
const security = [{ accessToken: [] }]
const UserPath = Type.Object({ id: Type.String({ format: 'uuid', maxLength: 36, description: 'Whose account' }) })
const ifMatch = Type.Object({ 'if-match': Type.Optional(Type.String({ description: 'The ETag the account must still have; else 412' })) })

/** Answers with an account and the ETag that a later write may demand. */
function send (reply: FastifyReply, user: UserDetails): UserDetails {
  reply.header('etag', etagOf(user))
  return user
}

const actorOf = ({ sub, sid }: AccessTokenClaims) => ({ user_id: sub, session_id: sid })

/** Whose accounts there are; registered behind the guards of admins. */
export async function userRoutes (app: Service, deps: Deps): Promise<void> {
  const { pool, cursors } = deps

  app.get('/admin/users', {
    schema: { operationId: 'listUsers', tags, security, summary: 'List accounts, newest first', querystring: UserQuery, response: { 200: UserPage } },
  }, async (request) => {
    const { q, status = null, role = null, limit = 50, cursor } = request.query
    await noteReading(deps, 'users.read', request)
    const query = ['users', q ?? '', status ?? '', role ?? '']
    const [after = null] = cursor === undefined ? [] : cursors.read(cursor, query)
    const words = q === undefined ? null : wordPrefixes(q)
    if (q !== undefined && words === null) return { items: [], next_cursor: null }
    const found = await listUsers(pool, { words, status, role, after, limit: limit + 1 }) // one more tells whether a page follows
    return cursors.page(found, limit, ({ id }) => [id], query)
  })

  app.get('/admin/users/:id', {
    schema: { operationId: 'readUser', tags, security, summary: 'Read an account', params: UserPath, response: { 200: UserDetails } },
  }, async (request, reply) => {
    await noteReading(deps, 'users.read', request)
    const user = await findUser(pool, request.params)
    if (!user) throw userNotFound()
    return send(reply, user)
  })

  app.get('/admin/users/:id/sessions', {
    schema: { operationId: 'listSessionsOfUser', tags, security, summary: 'Where an account is logged in', params: UserPath, response: { 200: SessionPage } },
  }, async (request) => {
    await noteReading(deps, 'users.read', request)
    const { params: { id }, user: { sid } } = request
    if (!await findUser(pool, { id })) throw userNotFound()
    return await sessionPage(pool, { user_id: id, current: sid })
  })
}

/** Changing accounts; registered behind the guards of admins, and the one that wants a recent log-in. */
export async function userChangeRoutes (app: Service, deps: Deps): Promise<void> {
  app.patch('/admin/users/:id', {
    schema: { operationId: 'patchUser', tags, security, summary: 'Disable or enable an account, or set its role', params: UserPath, headers: ifMatch, body: UserChange, response: { 200: UserDetails } },
  }, async ({ params: { id }, headers, body, user, caller }, reply) =>
    send(reply, await changeUser(deps, { ...body, id, versions: allowedVersions(headers['if-match']) }, actorOf(user), caller)))

  app.delete('/admin/users/:id/sessions', {
    schema: { operationId: 'endSessionsOfUser', tags, security, summary: 'End every session of an account', params: UserPath, response: { 204: Type.Null() } },
  }, async ({ params: { id }, user, caller }, reply) => {
    await endSessionsOf(deps, id, actorOf(user), caller)
    return reply.code(204).send(null)
  })

  app.post('/admin/users/:id/password-reset', {
    schema: { operationId: 'mailPasswordReset', tags, security, summary: 'Mail the owner of an account a link for a new password', params: UserPath, response: { 202: Type.Null() } },
  }, async ({ params: { id }, user, caller }, reply) => {
    await startPasswordReset(deps, id, actorOf(user), caller)
    return reply.code(202).send(null)
  })
}
