import { AuditEvent, AuditPage, type AuditQuery, ManagedUser, Session, SessionPage, SigningKey, SigningKeyPage, type UserChange, UserDetails, UserPage, type UserQuery } from '@daymark/auth/contracts'
import { type AuthOrigin, authHeaders } from './auth-client.server.ts'
import { type Bearer, withBearer } from './bearer.server.ts'
import { ContractBroken, contractCheck } from './contract-check.server.ts'
import type { Service, ServiceAnswer, ServiceCall } from './service.server.ts'

const checkUsers = contractCheck(UserPage, [ManagedUser]) as (answer: unknown) => UserPage
const checkUser = contractCheck(UserDetails)
const checkSessions = contractCheck(SessionPage, [Session]) as (answer: unknown) => SessionPage
const checkEvents = contractCheck(AuditPage, [AuditEvent]) as (answer: unknown) => AuditPage
const checkKeys = contractCheck(SigningKeyPage, [SigningKey]) as (answer: unknown) => SigningKeyPage

/** What administrators do; auth refuses it to everyone else, and changes without a recent log-in. */
export interface AdminClient {
  users: (query: UserQuery) => Promise<UserPage>
  /** An account, and the ETag by which a change says that it was decided on this very version. */
  user: (id: string) => Promise<{ user: UserDetails, etag: string }>
  /** Rejects with a 412 where the account is no longer what `etag` stands for. */
  changeUser: (id: string, change: UserChange, etag: string) => Promise<void>
  sessionsOf: (id: string) => Promise<Session[]>
  endSessionsOf: (id: string) => Promise<void>
  startPasswordReset: (id: string) => Promise<void>
  events: (query: AuditQuery) => Promise<AuditPage>
  keys: () => Promise<SigningKey[]>
  rotateKeys: () => Promise<void>
  withdrawKey: (kid: string) => Promise<void>
}

/** As seen from one browser request. */
export function adminClient (auth: Service, serviceToken: () => Promise<string>, bearer: Bearer, origin: AuthOrigin): AdminClient {
  const call = (method: ServiceCall['method'], path: string, more: Pick<ServiceCall, 'body' | 'headers'> = {}): Promise<ServiceAnswer> =>
    withBearer(bearer, async (authorization) => await auth({ method, path: `/admin${path}`, ...more, headers: { ...await authHeaders(serviceToken, origin), ...authorization, ...more.headers } }, origin))
  const userPath = (id: string) => `/users/${encodeURIComponent(id)}`
  return {
    users: async (query) => checkUsers((await call('GET', `/users${queryOf(query)}`)).body),
    async user (id) {
      const { body, headers } = await call('GET', userPath(id))
      const etag = headers.get('etag')
      if (etag === null) throw new ContractBroken('UserDetails', ['ETag'])
      return { user: checkUser(body), etag }
    },
    changeUser: async (id, change, etag) => { await call('PATCH', userPath(id), { body: change, headers: { 'if-match': etag } }) },
    sessionsOf: async (id) => checkSessions((await call('GET', `${userPath(id)}/sessions`)).body).items,
    endSessionsOf: async (id) => { await call('DELETE', `${userPath(id)}/sessions`) },
    startPasswordReset: async (id) => { await call('POST', `${userPath(id)}/password-reset`) },
    events: async (query) => checkEvents((await call('GET', `/audit${queryOf(query)}`)).body),
    keys: async () => checkKeys((await call('GET', '/keys')).body).items,
    rotateKeys: async () => { await call('POST', '/keys/rotate') },
    withdrawKey: async (kid) => { await call('DELETE', `/keys/${encodeURIComponent(kid)}`) },
  }
}

const queryOf = (query: object) => {
  const given = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]])).toString()
  return given && `?${given}`
}
