import type { Account, SignedIn } from '@daymark/auth/contracts'
import type { FastifyBaseLogger } from 'fastify'
import type { AuthClient } from '../app/api/auth-client.server.ts'
import type { Bearer } from '../app/api/bearer.server.ts'
import { ServiceAway, SignInNeeded, isServiceAway, isServiceProblem } from '../app/api/service-problem.ts'
import { type SessionContents, type SessionUser, sessionFrom, sessionUser } from './session-contents.ts'
import { singleFlight } from './single-flight.ts'

const renewWithMs = 30_000

/** One request's view of its session; whatever changes it hands the new contents to the cookie. */
export interface BrowserSession extends Bearer {
  user: () => SessionUser | null
  id: () => string | null
  /** Keeps what a sign-up, a log-in or a step-up answered, and asks for what it does not tell of the person. */
  begin: (signedIn: SignedIn) => Promise<void>
  /** Keeps what the account has become. */
  know: (account: Account) => void
  /** Forgets the session here, and ends it at auth if auth can be reached. */
  end: () => Promise<void>
  /** Trades the tokens for new ones, which last as long as they can: before an answer that may take its time. @throws {SignInNeeded} */
  freshen: () => Promise<void>
  /** Waits for what went on beside the request, and then writes the cookie, once. What comes after that does not reach it. */
  settle: () => Promise<void>
}

export interface SessionRequest {
  contents: SessionContents | null
  auth: AuthClient
  log: FastifyBaseLogger
  /** Writes the cookie; null clears it. */
  keep: (contents: SessionContents | null) => void
}

/**
 * Opens the session of each request, with fresh tokens: the one place where tokens are refreshed.
 * Parallel requests with the same refresh token share one refresh. Only a refusal by auth ends a
 * session; auth being away leaves it as it is, and is told by the first call that needs a token.
 * A request with tokens from before a step-up goes on while its access token lasts, and then by way of the log-in page,
 * which finds the newer cookie and leads back.
 */
export function browserSessions (now: () => Date): (request: SessionRequest) => Promise<BrowserSession> {
  const refreshOnce = singleFlight<SignedIn>()
  const newest = newestGenerations()

  return async ({ contents, auth, log, keep }) => {
    // Whoever still has the cookie of a session that was signed out has a copy of it: that one hears so at once, and forgets it.
    const wasOver = contents !== null && newest.of(contents.session_id) === Infinity
    let current = wasOver ? null : contents
    let hasChanged = wasOver
    let away: Error | undefined
    let confirming: Promise<void> | undefined
    let isAnswered = false
    let isEndedHere = false

    const set = (next: SessionContents | null) => {
      current = next
      hasChanged = true
    }

    const refresh = async (from: SessionContents): Promise<SessionContents> => {
      try {
        const signedIn = await refreshOnce(from.refresh_token, () => auth.refresh(from.refresh_token))
        const next = sessionFrom(signedIn, now(), false, from.user)
        newest.note(next.session_id, generationOf(next))
        set(next)
        return next
      } catch (error) {
        if (isRenewedElsewhere(error)) { // the cookie is left alone: the browser may have the newer one by now
          if (from.expires_at <= now().getTime()) current = null
          throw new SignInNeeded()
        }
        if (!isRefusal(error)) throw isServiceAway(error) ? error : new ServiceAway('auth', { cause: error })
        log.info({ sessionId: from.session_id }, 'session ended by auth')
        set(null)
        throw new SignInNeeded()
      }
    }

    // Another request of this browser may have been faster, and its answer be there by now: what is older must not take its
    // place, nor clear it.
    const isOvertaken = () => {
      if (isEndedHere || wasOver) return false
      return current ? newest.of(current.session_id) > generationOf(current) : contents !== null && newest.of(contents.session_id) === Infinity
    }

    // The browser has the refreshed cookie, or it could not have sent it: auth may now forget the generation before.
    const confirm = async (session: SessionContents) => {
      try {
        const user = await auth.me(session.access_token)
        if (current === session) set({ ...session, is_confirmed: true, user: sessionUser(user) })
      } catch (error) {
        log.info({ err: error, sessionId: session.session_id }, 'session not confirmed yet')
      }
    }

    if (current && current.expires_at - now().getTime() < renewWithMs) {
      await refresh(current).catch((error: Error) => { away = error })
    } else if (current && !current.is_confirmed) {
      confirming = confirm(current)
    }

    return {
      user: () => current?.user ?? null,
      id: () => current?.session_id ?? null,
      userId () {
        if (!current) throw new SignInNeeded()
        return current.user.id
      },
      accessToken () {
        if (!current) throw new SignInNeeded()
        if (away && current.expires_at <= now().getTime()) throw away
        return current.access_token
      },
      async renew (refused) {
        if (!current) throw new SignInNeeded()
        if (current.access_token !== refused) return current.access_token
        if (isAnswered) throw new SignInNeeded() // a token that the browser never gets would make a thief of it
        return (await refresh(current)).access_token
      },
      async begin (signedIn) {
        const begun = sessionFrom(signedIn, now(), true, current?.user ?? null)
        set(begun)
        newest.note(begun.session_id, generationOf(begun))
        if (begun.user.time_zone === undefined) await confirm(begun)
      },
      know (account) {
        if (current) set({ ...current, user: sessionUser(account) })
      },
      async end () {
        const ending = current
        set(null)
        isEndedHere = true
        if (!ending) return
        newest.note(ending.session_id, Infinity)
        await auth.logOut(ending.refresh_token).catch((error: unknown) => {
          log.warn({ err: error, sessionId: ending.session_id }, 'session ended here, but not at auth')
        })
      },
      async freshen () {
        if (current) await refresh(current)
      },
      async settle () {
        await confirming
        isAnswered = true
        if (hasChanged && !isOvertaken()) keep(current)
        hasChanged = false
      },
    }
  }
}

/** Knows for a while the newest generation of each session that was got here; of one that was signed out, that there is none to come. */
function newestGenerations () {
  const generations = new Map<string, number>()
  return {
    of: (sessionId: string) => generations.get(sessionId) ?? 0,
    note (sessionId: string, generation: number): void {
      if (generation <= (generations.get(sessionId) ?? 0)) return
      generations.set(sessionId, generation)
      setTimeout(() => { if (generations.get(sessionId) === generation) generations.delete(sessionId) }, slowestAnswerMs).unref()
    },
  }
}

/** Longer than any request takes that was under way when a newer generation was got. */
const slowestAnswerMs = 120_000

/** The claim `gen` of the access token: which refresh of its session it comes from. */
const generationOf = ({ access_token: token }: SessionContents) =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { gen: number }).gen

/** A step-up has replaced the refresh token, in another tab or with an answer that never arrived. */
const isRenewedElsewhere = (error: unknown) => isServiceProblem(error) && error.type.endsWith('/session-renewed')

/** Auth has looked at the refresh token and will not have it. Any other 401 is about us, not about the session. */
const isRefusal = (error: unknown) => isServiceProblem(error) && (error.status === 400 || (error.status === 401 && error.type.endsWith('/session-ended')))
