import type { CommonQueryMethods } from 'slonik'
import type { SessionPage } from '../../contracts.ts'
import { deviceOf } from './device.ts'
import { listSessions } from './queries.ts'

/** A user's live sessions as they are shown. They are few, so one page holds them. */
export async function sessionPage (db: CommonQueryMethods, whose: { user_id: string, current: string }): Promise<SessionPage> {
  const sessions = await listSessions(db, whose)
  return { items: sessions.map(({ user_agent: userAgent, ...session }) => ({ ...session, device: deviceOf(userAgent) })), next_cursor: null }
}
