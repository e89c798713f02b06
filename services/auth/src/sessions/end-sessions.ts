import type { CommonQueryMethods } from 'slonik'
import type { Deps } from '../../deps.ts'
import { sessionNotFound } from '../../problems.ts'
import { keepUser } from '../accounts/queries.ts'
import type { Caller } from '../callers/caller.ts'
import { endOtherSessions, endOwnSession, type EndedReason } from './queries.ts'

interface Owner { user_id: string, session_id: string }

/** Ends one session of a user, wherever it is. @throws {Problem} sessionNotFound for one that is over, or another's */
export async function endOne (deps: Deps, { user_id }: Owner, id: string, caller: Caller): Promise<void> {
  await deps.pool.transaction(async (transaction) => {
    await keepUser(transaction, { id: user_id })
    const ended = await endOwnSession(transaction, { user_id, id })
    if (!ended) throw sessionNotFound()
    await recordEnded(deps, transaction, caller, { user_id, reason: 'ended_by_owner' }, [ended])
  })
}

/** Ends every session of a user but the one that asks. */
export async function endOthers (deps: Deps, { user_id, session_id }: Owner, caller: Caller): Promise<void> {
  await deps.pool.transaction(async (transaction) => {
    await keepUser(transaction, { id: user_id })
    const ended = await endOtherSessions(transaction, { user_id, id: session_id })
    await recordEnded(deps, transaction, caller, { user_id, reason: 'ended_by_owner' }, ended)
  })
}

/** Audits the sessions that a transaction has just ended (SEC-48). */
export async function recordEnded (
  { audit }: Pick<Deps, 'audit'>, transaction: CommonQueryMethods, caller: Caller,
  { reason, ...whose }: { user_id: string, actor_id?: string | null, reason: EndedReason }, ended: ReadonlyArray<{ id: string }>,
): Promise<void> {
  for (const { id } of ended) await audit.record(transaction, caller, { action: 'session.ended', ...whose, session_id: id, details: { reason } })
}
