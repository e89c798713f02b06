import type { ReadableStream } from 'node:stream/web'
import { Account, type ChangeEmail, type ChangePassword, type ProfilePatch, Session, SessionPage, SignedIn, type StepUp } from '@daymark/auth/contracts'
import { type AuthOrigin, authHeaders, deviceTokenOf } from './auth-client.server.ts'
import { type Bearer, withBearer } from './bearer.server.ts'
import { ContractBroken, contractCheck } from './contract-check.server.ts'
import type { Service, ServiceAnswer, ServiceCall } from './service.server.ts'
import { isServiceProblem } from './service-problem.ts'

const checkAccount = contractCheck(Account)
const checkSignedIn = contractCheck(SignedIn)
const checkSessions = contractCheck(SessionPage, [Session]) as (answer: unknown) => SessionPage

/** The account, and the ETag by which a write says that it was made from this very version. */
export interface AccountRead { account: Account, etag: string }

export interface AccountClient {
  /** The account as it is now; the copy in the session cookie may be older. */
  me: () => Promise<AccountRead>
  /** Sets what `patch` names, if the account is still what `etag` stands for; otherwise rejects with a 412 that tells it as it is. */
  changeProfile: (patch: ProfilePatch, etag: string) => Promise<AccountRead>
  /** Gives the session other tokens, which `signIn` has to keep. */
  stepUp: (form: StepUp) => Promise<SignedIn>
  /** Fine with an address that is confirmed already. */
  sendVerification: () => Promise<void>
  /** Mails a link to the new address; nothing changes until it is used. */
  changeEmail: (form: ChangeEmail) => Promise<void>
  /** Also ends every other session, and gives this one other tokens, which `signIn` has to keep. */
  changePassword: (form: ChangePassword) => Promise<{ signedIn: SignedIn, deviceToken: string | undefined }>
  sessions: () => Promise<Session[]>
  /** Fine with a session that has ended already. */
  endSession: (id: string) => Promise<void>
  endOtherSessions: () => Promise<void>
  /** What auth keeps of the account, as the bytes of a JSON document. */
  exported: () => Promise<ReadableStream<Uint8Array>>
  /** Deletes the account and all that it has, at once. */
  remove: () => Promise<void>
}

/** The signed-in person's own account, as seen from one browser request. */
export function accountClient (auth: Service, serviceToken: () => Promise<string>, bearer: Bearer, origin: AuthOrigin): AccountClient {
  const call = (request: ServiceCall): Promise<ServiceAnswer> =>
    withBearer(bearer, async (authorization) => await auth({ ...request, headers: { ...request.headers, ...await authHeaders(serviceToken, origin), ...authorization } }, origin))
  const read = async (request: ServiceCall): Promise<AccountRead> => {
    const { body, headers } = await call(request)
    const etag = headers.get('etag')
    if (etag === null) throw new ContractBroken('Account', ['ETag'])
    return { account: checkAccount(body), etag }
  }
  return {
    me: () => read({ method: 'GET', path: '/auth/me' }),
    changeProfile: (patch, etag) => read({ method: 'PATCH', path: '/auth/me', headers: { 'content-type': 'application/merge-patch+json', 'if-match': etag }, body: patch }),
    stepUp: async (form) => checkSignedIn((await call({ method: 'POST', path: '/auth/step-up', body: form })).body),
    sendVerification: async () => { await call({ method: 'POST', path: '/auth/email/verification' }) },
    changeEmail: async (form) => { await call({ method: 'POST', path: '/auth/email/change', body: form }) },
    async changePassword (form) {
      const answer = await call({ method: 'POST', path: '/auth/password/change', body: form })
      return { signedIn: checkSignedIn(answer.body), deviceToken: deviceTokenOf(answer) }
    },
    sessions: async () => checkSessions((await call({ method: 'GET', path: '/auth/sessions' })).body).items,
    async endSession (id) {
      await call({ method: 'DELETE', path: `/auth/sessions/${encodeURIComponent(id)}` }).catch((error: unknown) => {
        if (!isServiceProblem(error) || error.status !== 404) throw error
      })
    },
    endOtherSessions: async () => { await call({ method: 'DELETE', path: '/auth/sessions' }) },
    exported: async () => (await call({ method: 'GET', path: '/auth/me/export', isStreamed: true })).body as ReadableStream<Uint8Array>,
    remove: async () => { await call({ method: 'DELETE', path: '/auth/me', timeoutMs: 60_000 }) }, // of hundreds of thousands of tasks
  }
}

/** The account inside a 412, or null where there is none to be trusted. */
export function currentAccount ({ current, etag }: { current: unknown, etag: string | undefined }): AccountRead | null {
  try {
    return etag === undefined ? null : { account: checkAccount(current), etag }
  } catch {
    return null
  }
}
