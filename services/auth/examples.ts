import type { Static, TSchema } from '@sinclair/typebox'
import type * as contracts from './contracts.ts'
import type { Account, AuditEvent, ManagedUser, Session, SignedIn, SigningKey, User, UserDetails } from './contracts.ts'

/** What the bodies look like, in the OpenAPI document: Ada's account in its first days, and Grace, who runs the server. */

const password = 'violet kettle under the pear tree'
const oneTimeToken = 'q0pXkS2vEo5nJ8dYwT4mHfLz7RbUcGa1iN3eVtQyKxs'

const user = {
  id: '019f1cac-e2b6-7c49-8943-4ad6c3fcb889',
  email: 'ada@example.com',
  display_name: 'Ada',
  role: 'user',
  email_verified: true,
  created_at: '2026-07-01T07:55:20.118Z',
} satisfies User
const account = { ...user, time_zone: 'Europe/Berlin', version: 3 } satisfies Account
const managed = { ...user, status: 'active', version: 3 } satisfies ManagedUser
const details = { ...managed, live_sessions: 2, last_login_at: '2026-07-02T19:12:45.003Z' } satisfies UserDetails
const disabled = { ...details, status: 'disabled', version: 4, live_sessions: 0 } satisfies UserDetails

const grace = {
  id: '019ec55c-2c1c-73b1-8212-e24859666548',
  email: 'grace@example.com',
  display_name: 'Grace',
  role: 'admin',
  email_verified: true,
  created_at: '2026-06-14T09:00:12.700Z',
  status: 'active',
  version: 3,
} satisfies ManagedUser

const laptop = {
  id: '019f1cac-e2fe-7266-aa8f-532ad64f1daa',
  is_current: true,
  device: 'Firefox on Linux',
  address: '203.0.113.7',
  created_at: '2026-07-01T07:55:20.190Z',
  last_seen_at: '2026-07-03T05:29:48.230Z',
  expires_at: '2026-07-17T05:29:48.230Z',
} satisfies Session
const phone = {
  id: '019f243f-6fcb-793a-90b0-caa23cbdc044',
  is_current: false,
  device: 'Chrome on Android',
  address: '198.51.100.23',
  created_at: '2026-07-02T19:12:45.003Z',
  last_seen_at: '2026-07-02T21:04:10.771Z',
  expires_at: '2026-07-16T21:04:10.771Z',
} satisfies Session
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const chrome = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36'
const exported = ({ id, address, created_at, last_seen_at, expires_at }: Session, userAgent: string) =>
  ({ id, address, user_agent: userAgent, created_at, authenticated_at: created_at, last_seen_at, expires_at, ended_at: null, ended_reason: null })

/** The numbers are the generations of the refresh token. */
const refreshToken = (generation: number, mac: string) => `v1.${laptop.id}.${generation}.${mac}`
const firstToken = refreshToken(1, 'ym5QnWrK3O0KFW8HXovh0LGpMQgYQTSJidrs3S284Ho')
const signedIn = {
  user,
  session_id: laptop.id,
  access_token: 'eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMTlmMWNhYyJ9.c2lnbmF0dXJl',
  token_type: 'Bearer',
  expires_in: 300,
  refresh_token: refreshToken(2, 'jmeJOQZObtc-2noL61Gd9Qa643h-REvrh4wR5DoJE98'),
} satisfies SignedIn

const activeKey = {
  kid: '019ec9dd-8b29-7704-a245-ce5418aa98d1',
  state: 'active',
  created_at: '2026-06-15T06:00:00.041Z',
  state_since: '2026-06-15T06:00:00.058Z',
  due_at: '2026-07-15T06:00:00.058Z',
} satisfies SigningKey
const nextKey = {
  kid: '019ec9dd-8b34-7f14-aee1-9ffaa5a0c061',
  state: 'next',
  created_at: '2026-06-15T06:00:00.052Z',
  state_since: '2026-06-15T06:00:00.052Z',
  due_at: '2026-06-15T06:10:00.052Z',
} satisfies SigningKey
/** After the next key has become the active one. */
const rotatedKeys = [
  { ...activeKey, state: 'retired', state_since: '2026-07-03T13:45:30.866Z', due_at: '2026-07-03T14:45:30.866Z' },
  { ...nextKey, state: 'active', state_since: '2026-07-03T13:45:30.866Z', due_at: '2026-08-02T13:45:30.866Z' },
  { kid: '019f283a-33f2-79bb-9f0d-3e1c60b7a925', state: 'next', created_at: '2026-07-03T13:45:30.866Z', state_since: '2026-07-03T13:45:30.866Z', due_at: '2026-07-03T13:55:30.866Z' },
] satisfies SigningKey[]

const event = {
  id: '019f2837-c0d5-7d61-bc0c-c47b10f6074e',
  occurred_at: '2026-07-03T13:42:50.325Z',
  action: 'account.disabled',
  outcome: 'success',
  user_id: user.id,
  user_email: user.email,
  actor_id: grace.id,
  actor_email: grace.email,
  session_id: '019f2835-314f-7e31-895c-ab47142c8fe8',
  request_id: '019f2837-c0c9-7302-8d5a-6b1f9e40c7d2',
  details: {},
  address: '192.0.2.44',
  device: 'Safari on macOS',
} satisfies AuditEvent

type OfSchemas = { [Name in keyof typeof contracts]?: (typeof contracts)[Name] extends infer Schema extends TSchema ? Static<Schema> : never }

/** Of each body that is a schema with a name. */
const schemas = {
  SignUp: { email: user.email, password, display_name: user.display_name },
  LogIn: { email: user.email, password },
  StepUp: { password },
  Refresh: { refresh_token: firstToken },
  LogOut: { refresh_token: signedIn.refresh_token },
  SignedIn: signedIn,
  Account: account,
  ProfilePatch: { time_zone: account.time_zone },
  AccountExport: {
    format: 'daymark.account',
    version: 1,
    exported_at: '2026-07-03T05:30:00.412Z',
    account,
    sessions: [exported(laptop, firefox), exported(phone, chrome)],
    addresses: [{ purpose: 'change_email', email: 'ada@example.org', created_at: '2026-07-02T20:15:03.940Z', expires_at: '2026-07-03T20:15:03.940Z' }],
    events: [{
      id: '019f1cac-e2b6-7288-a142-4786f42843cb',
      occurred_at: user.created_at,
      action: 'account.created',
      outcome: 'success',
      by_owner: true,
      session_id: laptop.id,
      details: {},
      address: laptop.address,
      user_agent: firefox,
    }],
  },
  SessionPage: { items: [laptop, phone], next_cursor: null },
  VerifyEmail: { token: oneTimeToken },
  ChangeEmail: { email: 'ada@example.org' },
  RevertEmail: { token: oneTimeToken },
  ForgotPassword: { email: user.email },
  ResetPassword: { token: oneTimeToken, password },
  ChangePassword: { current_password: password, password: 'seven slow herons over the weir' },
  Jwks: {
    keys: [
      { kty: 'OKP', crv: 'Ed25519', x: 'U7V2LoityyuQp4Fwm_l8qOVfzH6XYSU3071bHzSFPxQ', kid: activeKey.kid, alg: 'EdDSA', use: 'sig' },
      { kty: 'OKP', crv: 'Ed25519', x: 'ycE3b5_du7BioTl0hkMwFHSuNo8Y5-3-YDXT-I0S9Vk', kid: nextKey.kid, alg: 'EdDSA', use: 'sig' },
    ],
  },
  ServerMetadata: {
    issuer: 'https://auth.example.com',
    jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
    response_types_supported: [],
    grant_types_supported: [],
  },
  SigningKeyPage: { items: [activeKey, nextKey], next_cursor: null },
  UserDetails: details,
  UserPage: { items: [managed, grace], next_cursor: null },
  UserChange: { status: 'disabled' },
  AuditPage: { items: [event], next_cursor: null },
} satisfies OfSchemas

/** Of the operations that answer what stands at another point of the story. */
const operations = {
  signUp: { answer: { ...signedIn, user: { ...user, email_verified: false }, refresh_token: firstToken } },
  listSessionsOfUser: { answer: { items: [{ ...laptop, is_current: false }, phone], next_cursor: null } },
  patchUser: { answer: disabled },
  rotateKeys: { answer: { items: rotatedKeys, next_cursor: null } },
  withdrawKey: { answer: { items: rotatedKeys.slice(1), next_cursor: null } },
} satisfies Record<string, { answer: SignedIn | contracts.SessionPage | UserDetails | contracts.SigningKeyPage }>

export const examples = { schemas, operations }
