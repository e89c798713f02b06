import type { Account, SignedIn } from '@daymark/auth/contracts'
import type { Flash } from '../session/flash.ts'
import type { SessionUser } from '../session/session-contents.ts'
import type { AccountClient } from './api/account-client.server.ts'
import type { AdminClient } from './api/admin-client.server.ts'
import type { AuthClient } from './api/auth-client.server.ts'
import type { TasksClient } from './api/tasks-client.server.ts'

/** Why an unsafe request is not carried out; decided before any action runs. */
export type Refusal =
  | { reason: 'not-same-origin' | 'stale-form', values: Record<string, string> }
  | { reason: 'unreadable', status: 413 | 415 }
  /** A file that is too large; or too many of them at once. */
  | { reason: 'no-file', status: 413 | 503 }

/** What the server gives to loaders and actions. Tokens stay behind it. */
export type BrowserContext = {
  nonce: string
  requestId: string
  /** False where our own script asked for data; a redirect is then needless. */
  wantsPage: boolean
  refusal: Refusal | null
  /** Tells those who run this of a failure that the page only apologises for. */
  report: (error: unknown) => void
  readonly user: SessionUser | null
  /** Says that this process is about to stop: an answer that goes on until then ends. */
  stopping: AbortSignal
  /** Whether this browser came with a session of ours, alive or not. */
  hadSession: boolean
  auth: AuthClient
  account: AccountClient
  admin: AdminClient
  tasks: TasksClient
  /** The device token is kept in a cookie of its own, which outlives the session. */
  signIn: (signedIn: SignedIn, deviceToken?: string) => Promise<void>
  /** Keeps what auth knows this browser by. */
  keepDevice: (deviceToken: string | undefined) => void
  /** Lets the pages know what the account has become. */
  keepAccount: (account: Account) => void
  /** Trades the tokens for new ones, before an answer that may take its time. */
  freshen: () => Promise<void>
  signOut: () => Promise<void>
  /** The token for this page's forms. */
  formToken: () => string
  flash: (flash: Flash) => void
  takeFlash: () => Flash | null
}

declare module '@remix-run/server-runtime' {
  interface AppLoadContext extends BrowserContext {}
  interface Future { v3_singleFetch: true }
}
