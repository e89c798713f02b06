import type { Service } from '@daymark/kit/service'
import { AuditPage, AuditQuery } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { noteReading } from '../admin/note-reading.ts'
import { deviceOf } from '../sessions/device.ts'
import { findEvents } from './queries.ts'

/** What happened, for admins; registered behind their guards. */
export async function auditRoutes (app: Service, deps: Deps): Promise<void> {
  app.get('/admin/audit', {
    schema: { operationId: 'listAuditEvents', tags: ['audit'], security: [{ accessToken: [] }], summary: 'Read the audit log, newest first', querystring: AuditQuery, response: { 200: AuditPage } },
  }, async (request) => {
    const { limit = 50, cursor, since, until, user_id = null, actor_id = null, action = null, outcome = null } = request.query
    await noteReading(deps, 'audit.read', request)
    const query = ['audit', user_id, actor_id, action, outcome, since, until].map((part) => part ?? '')
    const [after = null] = cursor === undefined ? [] : deps.cursors.read(cursor, query)
    const filter = { user_id, actor_id, action, outcome, since: instantOf(since), until: instantOf(until), after }
    const found = await findEvents(deps.pool, { ...filter, limit: limit + 1 }) // one more tells whether a page follows
    const page = deps.cursors.page(found, limit, ({ id }) => [id], query)
    return { ...page, items: page.items.map(({ user_agent: userAgent, ...event }) => ({ ...event, device: userAgent === null ? null : deviceOf(userAgent) })) }
  })
}

const instantOf = (text: string | undefined) => text === undefined ? null : new Date(text)
