import { isKnown } from '@daymark/kit/etag'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Jwks, ServerMetadata, SigningKeyPage } from '../../contracts.ts'
import type { FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { requireRecentLogIn } from '../sessions/require-recent-log-in.ts'
import { jwksMaxAgeSeconds, keyTimes, rotateKeys, withdrawKey } from './change-keys.ts'
import { listSigningKeys } from './queries.ts'

const tags = ['keys']

/** What a verifier needs to know: the public keys (RFC 7517) and where they are (RFC 8414). */
export async function keyRoutes (app: Service, { config, signingKeys }: Deps): Promise<void> {
  app.get('/.well-known/jwks.json', {
    schema: { operationId: 'readPublicKeys', tags, summary: 'The public keys that verify access tokens', response: { 200: Jwks, 304: Type.Null() } },
  }, async (request, reply) => {
    const { jwks, etag } = await signingKeys.published()
    reply.headers({ 'cache-control': `public, max-age=${jwksMaxAgeSeconds(config)}`, etag })
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
    return jwks
  })

  app.get('/.well-known/oauth-authorization-server', {
    schema: { operationId: 'readServerMetadata', tags, summary: 'Authorization server metadata', response: { 200: ServerMetadata } },
  }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return {
      issuer: config.AUTH_ISSUER,
      jwks_uri: `${config.AUTH_ISSUER}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    }
  })
}

/** The keys in all their states, and changing them by hand; registered behind the guards, and only soon after a log-in. */
export async function adminKeyRoutes (app: Service, deps: Deps): Promise<void> {
  app.addHook('onRequest', requireRecentLogIn)
  const security = [{ accessToken: [] }]
  const KeyPath = Type.Object({ kid: Type.String({ minLength: 1, maxLength: 100, description: 'The id of the key' }) })

  const page = async (): Promise<SigningKeyPage> => ({
    items: (await listSigningKeys(deps.pool, keyTimes(deps.config))).map(({ kid, state, created_at, state_since, due_at }) => ({ kid, state, created_at, state_since, due_at })),
    next_cursor: null,
  })

  app.get('/admin/keys', {
    schema: { operationId: 'listKeys', tags, security, summary: 'The keys that sign access tokens, or did, or will', response: { 200: SigningKeyPage } },
  }, page)

  const occasion = ({ caller, user: { sub, sid } }: FastifyRequest) => ({ caller, actor_id: sub, session_id: sid })

  app.post('/admin/keys/rotate', {
    schema: { operationId: 'rotateKeys', tags, security, summary: 'Sign with the next key from now on', response: { 200: SigningKeyPage } },
  }, async (request) => {
    await rotateKeys(deps, occasion(request))
    return await page()
  })

  app.delete('/admin/keys/:kid', {
    schema: { operationId: 'withdrawKey', tags, security, summary: 'Withdraw a key in an emergency: whatever it signed is refused', params: KeyPath, response: { 200: SigningKeyPage } },
  }, async (request) => {
    await withdrawKey(deps, request.params.kid, occasion(request))
    return await page()
  })
}
