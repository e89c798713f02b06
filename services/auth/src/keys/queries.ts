import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

/** A public key as the JWKS gives it out (RFC 8037). */
export const PublicJwk = Type.Object({
  kty: Type.Literal('OKP'), crv: Type.Literal('Ed25519'), x: Type.String(), kid: Type.String(), alg: Type.Literal('EdDSA'), use: Type.Literal('sig'),
}, { additionalProperties: false })

const SigningKey = Type.Object({
  id: Type.String(),
  public_jwk: PublicJwk,
  sealed_private_key: Type.String(),
  state: Type.Union([Type.Literal('next'), Type.Literal('active'), Type.Literal('retired')]),
  created_at: Type.String(),
})

const signingKeyRow = row(SigningKey)
const nothing = row(Type.Object({}))

/** Every key that tokens may be signed with, were signed with, or will be. */
export const listSigningKeys = (db: CommonQueryMethods) => db.any(sql.type(signingKeyRow)`
  SELECT id, public_jwk, sealed_private_key, state, created_at FROM auth.signing_keys ORDER BY created_at, id`)

/** Adds the first key, unless an instance that started at the same moment has (SEC-64). */
export const insertActiveKey = (db: CommonQueryMethods, key: { id: string, public_jwk: object, sealed_private_key: string }) => db.query(sql.type(nothing)`
  INSERT INTO auth.signing_keys (id, public_jwk, sealed_private_key, state)
  VALUES (${key.id}, ${sql.jsonb({ ...key.public_jwk })}, ${key.sealed_private_key}, 'active')
  ON CONFLICT (state) WHERE state = 'active' DO NOTHING`)
