import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { createHash } from 'node:crypto'
import { SigningKeyPage } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { listSigningKeys, PublicJwk } from './queries.ts'

const Jwks = Type.Object({ keys: Type.Array(PublicJwk) }, { additionalProperties: false })
const Metadata = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  response_types_supported: Type.Array(Type.String()),
  grant_types_supported: Type.Array(Type.String()),
})

/** What a verifier needs to know: the public keys (RFC 7517) and where they are (RFC 8414). */
export async function keyRoutes (app: Service, { config, signingKeys }: Deps): Promise<void> {
  const body = JSON.stringify(signingKeys.jwks)
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`

  app.get('/.well-known/jwks.json', {
    schema: { tags: ['keys'], summary: 'The public keys that verify access tokens', response: { 200: Jwks, 304: Type.Null() } },
  }, async (request, reply) => {
    reply.headers({ 'cache-control': 'public, max-age=300', etag })
    if (request.headers['if-none-match'] === etag) return reply.code(304).send(null)
    return signingKeys.jwks
  })

  app.get('/.well-known/oauth-authorization-server', {
    schema: { tags: ['keys'], summary: 'Authorization server metadata', response: { 200: Metadata } },
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

/** The keys in all their states, for admins; registered behind the guards. */
export async function adminKeyRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.get('/admin/keys', {
    schema: { tags: ['keys'], summary: 'The keys that sign access tokens, or did, or will', security: [{ accessToken: [] }], response: { 200: SigningKeyPage } },
  }, async () => ({
    items: (await listSigningKeys(pool)).map(({ id, state, created_at }) => ({ kid: id, state, created_at })),
    next_cursor: null,
  }))
}
