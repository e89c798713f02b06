import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { Deps } from '../../deps.ts'
import { epochChanged } from '../../problems.ts'
import { type FeedState, FeedWatch } from './feed-watch.ts'
import { deleteRevocations, getFeedState, listRevocations, Revocation } from './queries.ts'

const FeedQuery = Type.Object({
  epoch: Type.Optional(Type.String({ format: 'uuid' })),
  since: Type.Optional(Type.Integer({ minimum: 0 })),
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: 30, description: 'Seconds to wait for news' })),
}, { additionalProperties: false })

const FeedPage = Type.Object({ epoch: Type.String(), position: Type.Integer(), items: Type.Array(Revocation) }, { additionalProperties: false })

/** Beyond the life of a token: the clocks' skew, and a minute for whoever is late. */
const marginSeconds = 65
const pruneInterval = 60_000

/**
 * The revocation feed, on the internal listener and for services alone. A reader asks for what came after the position it
 * has; with `wait` the answer comes with the news, or after that time without any: a beat.
 */
export async function revocationRoutes (internal: Service, { pool, config }: Pick<Deps, 'pool' | 'config'>): Promise<void> {
  const watch = new FeedWatch(pool)
  let prunedAt = 0
  internal.addHook('preClose', async () => { watch.close() })

  internal.get('/internal/revocations', {
    schema: { hide: true, querystring: FeedQuery, response: { 200: FeedPage } },
    logLevel: 'warn',
  }, async ({ query: { epoch, since = 0, wait = 0 } }) => {
    const refuseOtherEpoch = (state: FeedState) => {
      if (epoch !== undefined && state.epoch !== epoch) throw epochChanged()
      return state
    }
    let state = refuseOtherEpoch(await getFeedState(pool))
    if (wait > 0 && state.position === since) state = refuseOtherEpoch(await watch.next(state, wait * 1000))
    const items = state.position === since ? [] : await listRevocations(pool, { since })
    if (Date.now() - prunedAt > pruneInterval) { // here, and on no timer: while nobody reads, the database may sleep
      prunedAt = Date.now()
      await deleteRevocations(pool, { older_than_seconds: config.ACCESS_TOKEN_SECONDS + marginSeconds })
    }
    return { epoch: state.epoch, position: items.at(-1)?.position ?? state.position, items: [...items] }
  })
}
