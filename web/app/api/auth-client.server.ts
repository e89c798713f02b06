import { Account, type ForgotPassword, type LogIn, type ResetPassword, type RevertEmail, SignedIn, type SignUp, type VerifyEmail } from '@daymark/auth/contracts'
import { contractCheck } from './contract-check.server.ts'
import type { CallOrigin, Service, ServiceAnswer } from './service.server.ts'

const checkSignedIn = contractCheck(SignedIn)
const checkAccount = contractCheck(Account)

/** The browser on whose behalf auth is asked: auth believes it, because the service token proves who says so. */
export interface AuthOrigin extends CallOrigin {
  clientAddress: string
  userAgent: string
  /** What auth gave this browser at its last log-in: by it, strangers who guess do not lock its owner out (SEC-33). */
  deviceToken: string | undefined
}

export interface AuthClient {
  signUp: (account: SignUp) => Promise<SignedIn>
  logIn: (credentials: LogIn) => Promise<{ signedIn: SignedIn, deviceToken: string | undefined }>
  refresh: (refreshToken: string) => Promise<SignedIn>
  /** Ends the session at auth; fine with one that has already ended. */
  logOut: (refreshToken: string) => Promise<void>
  me: (accessToken: string) => Promise<Account>
  /** Fine with an address that has no account: nobody is told which have one. */
  forgotPassword: (form: ForgotPassword) => Promise<void>
  /** Gives the token of this device, which is the only one known from here on. */
  resetPassword: (form: ResetPassword) => Promise<string | undefined>
  verifyEmail: (form: VerifyEmail) => Promise<void>
  confirmEmailChange: (form: VerifyEmail) => Promise<void>
  /** Also ends every session; a link for a new password follows by mail. */
  revertEmailChange: (form: RevertEmail) => Promise<void>
}

/** What proves to auth that we ask, and says for whom. */
export async function authHeaders (serviceToken: () => Promise<string>, { clientAddress, userAgent }: AuthOrigin): Promise<Record<string, string>> {
  return {
    'x-service-token': await serviceToken(),
    'x-client-address': clientAddress,
    'x-client-user-agent': printable(userAgent),
  }
}

/** The auth service, as seen from one browser request. */
export function authClient (auth: Service, serviceToken: () => Promise<string>, origin: AuthOrigin): AuthClient {
  const headers = () => authHeaders(serviceToken, origin)
  const post = async (path: string, body: unknown) => (await auth({ method: 'POST', path, body, headers: await headers() }, origin)).body
  return {
    signUp: async (account) => checkSignedIn(await post('/auth/signup', account)),
    async logIn (credentials) {
      const { deviceToken: known = '' } = origin
      const answer = await auth({ method: 'POST', path: '/auth/login', body: credentials, headers: { ...await headers(), ...isDeviceToken(known) && { 'x-device-token': known } } }, origin)
      return { signedIn: checkSignedIn(answer.body), deviceToken: deviceTokenOf(answer) }
    },
    refresh: async (refreshToken) => checkSignedIn(await post('/auth/refresh', { refresh_token: refreshToken })),
    logOut: async (refreshToken) => { await post('/auth/logout', { refresh_token: refreshToken }) },
    async me (accessToken) {
      const { body } = await auth({ method: 'GET', path: '/auth/me', headers: { ...await headers(), authorization: `Bearer ${accessToken}` } }, origin)
      return checkAccount(body)
    },
    forgotPassword: async (form) => { await post('/auth/password/forgot', form) },
    resetPassword: async (form) => deviceTokenOf(await auth({ method: 'POST', path: '/auth/password/reset', body: form, headers: await headers() }, origin)),
    verifyEmail: async (form) => { await post('/auth/email/verify', form) },
    confirmEmailChange: async (form) => { await post('/auth/email/change/confirm', form) },
    revertEmailChange: async (form) => { await post('/auth/email/revert', form) },
  }
}

export const deviceTokenOf = ({ headers }: ServiceAnswer): string | undefined => headers.get('x-device-token') ?? undefined

/** A browser may send anything as its cookie; what cannot be a device token must not spoil its log-in. */
const isDeviceToken = (text: string) => /^[\x21-\x7e]{1,300}$/.test(text)

/** Header values are Latin-1 at most; a browser may send anything. */
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500)
