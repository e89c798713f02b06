import { type LogIn, SignedIn, type SignUp, User } from '@daymark/auth/contracts'
import { contractCheck } from './contract-check.server.ts'
import { type CallOrigin, type Service } from './service.server.ts'

const checkSignedIn = contractCheck(SignedIn)
const checkUser = contractCheck(User)

/** The browser on whose behalf auth is asked: auth believes it, because the service token proves who says so. */
export interface AuthOrigin extends CallOrigin { clientAddress: string, userAgent: string }

export interface AuthClient {
  signUp: (account: SignUp) => Promise<SignedIn>
  logIn: (credentials: LogIn) => Promise<SignedIn>
  refresh: (refreshToken: string) => Promise<SignedIn>
  /** Ends the session at auth; fine with one that has already ended. */
  logOut: (refreshToken: string) => Promise<void>
  me: (accessToken: string) => Promise<User>
}

/** The auth service, as seen from one browser request. */
export function authClient (auth: Service, serviceToken: () => Promise<string>, origin: AuthOrigin): AuthClient {
  const headers = async () => ({
    'x-service-token': await serviceToken(),
    'x-client-address': origin.clientAddress,
    'x-client-user-agent': printable(origin.userAgent),
  })
  const post = async (path: string, body: unknown) => (await auth({ method: 'POST', path, body, headers: await headers() }, origin)).body
  return {
    signUp: async (account) => checkSignedIn(await post('/auth/signup', account)),
    logIn: async (credentials) => checkSignedIn(await post('/auth/login', credentials)),
    refresh: async (refreshToken) => checkSignedIn(await post('/auth/refresh', { refresh_token: refreshToken })),
    logOut: async (refreshToken) => { await post('/auth/logout', { refresh_token: refreshToken }) },
    async me (accessToken) {
      const { body } = await auth({ method: 'GET', path: '/auth/me', headers: { ...await headers(), authorization: `Bearer ${accessToken}` } }, origin)
      return checkUser(body)
    },
  }
}

/** Header values are Latin-1 at most; a browser may send anything. */
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 500)
