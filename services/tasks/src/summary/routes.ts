import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Id, Summary, SummaryQuery } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { summarise } from './summarise.ts'

/** How much there is to do; registered under the path of an account, behind the guard. */
export async function summaryRoutes (app: Service, { pool, now }: Deps): Promise<void> {
  app.get('', {
    schema: {
      tags: ['tasks'],
      security: [{ accessToken: [] }],
      summary: 'Count the tasks by state, list, label and when they are due',
      params: Type.Object({ user_id: Id }),
      querystring: SummaryQuery,
      response: { 200: Summary, 304: Type.Null() },
    },
  }, async ({ query: { time_zone = 'UTC' }, headers, user: { sub: user_id } }, reply) => {
    const { summary, etag } = await summarise(pool, { user_id, time_zone, now: now(), ifNoneMatch: headers['if-none-match'] })
    reply.header('etag', etag)
    return summary ?? reply.code(304).send(null)
  })
}
