import type { Deps } from '../../deps.ts'
import { keepUser } from '../accounts/queries.ts'
import type { Caller } from '../callers/caller.ts'
import { recordEnded } from './end-sessions.ts'
import { sessionPurpose } from './new-session.ts'
import { endSession, findSession } from './queries.ts'
import { isAuthentic, readRefreshToken } from './refresh-token.ts'

/** Ends the session of a refresh token, of whatever generation. Done twice, or with a token that is none, it changes nothing. */
export async function logOut (deps: Deps, token: string, caller: Caller): Promise<void> {
  const claim = readRefreshToken(token)
  const session = claim && await findSession(deps.pool, { id: claim.sessionId, grace_seconds: 0 })
  if (!session || !isAuthentic(claim, deps.sealer.open(session.sealed_token_key, sessionPurpose(session.session_id)))) return
  await deps.pool.transaction(async (transaction) => {
    await keepUser(transaction, session)
    const ended = await endSession(transaction, { id: session.session_id, reason: 'logged_out' })
    await recordEnded(deps, transaction, caller, { user_id: session.id, reason: 'logged_out' }, ended)
  })
}
