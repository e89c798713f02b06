import type { Service } from '@daymark/kit/service'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { summarise } from './summarise.ts'

/** How much there is to do; registered under the path of an account, behind the guard. */
export async function summaryRoutes (app: Service, { pool, now }: Deps): Promise<void> {
  app.route({
    ...operations.summarise,
    handler: async ({ query: { time_zone = 'UTC' }, headers, user: { sub: user_id } }, reply) => {
      const { summary, etag } = await summarise(pool, { user_id, time_zone, now: now(), ifNoneMatch: headers['if-none-match'] })
      reply.header('etag', etag)
      return summary ?? reply.code(304).send(null)
    },
  })
}
