import type { Account, AccountExport } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../callers/caller.ts'
import { listExportedAddresses, listExportedEvents, listExportedSessions } from './export-queries.ts'

const pageSize = 500

/**
 * Gives an `AccountExport` as JSON, piece by piece: what strangers make happen to an account has no bound, so the events are
 * read while they are written out, and cost no memory.
 */
export async function exportAccount ({ pool, audit, now }: Pick<Deps, 'pool' | 'audit' | 'now'>, account: Account, session_id: string, caller: Caller): Promise<AsyncIterable<string>> {
  const user_id = account.id
  await audit.record(pool, caller, { action: 'account.exported', user_id, session_id })
  const beginning = {
    format: 'daymark.account',
    version: 1,
    exported_at: now().toISOString(),
    account,
    sessions: [...await listExportedSessions(pool, { user_id })],
    addresses: [...await listExportedAddresses(pool, { user_id })],
  } satisfies Omit<AccountExport, 'events'>
  const first = await listExportedEvents(pool, { user_id, after: null, limit: pageSize })

  return (async function * () {
    yield `${JSON.stringify(beginning).slice(0, -1)},"events":[`
    for (let page = first, isFirst = true; page.length > 0; isFirst = false) {
      yield `${isFirst ? '' : ','}${page.map((event) => JSON.stringify(event)).join()}`
      page = page.length < pageSize ? [] : await listExportedEvents(pool, { user_id, after: page.at(-1)?.id ?? null, limit: pageSize })
    }
    yield ']}'
  })()
}
