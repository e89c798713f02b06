import { type Static, type TString, Type } from '@sinclair/typebox'

/** What the auth service takes and gives. The web app derives its forms from these schemas. */

const closed = { additionalProperties: false }

/** Text that can be stored and given back exactly: no NUL and no half of a surrogate pair. */
const storable = '(?:[^\\u0000\\uD800-\\uDFFF]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])*$'
const unstorable = 'has a character that cannot be stored: NUL or half of a surrogate pair'

export const Email = Type.String({ format: 'email', minLength: 3, maxLength: 254, description: 'An e-mail address, compared without regard to case' })

/** As received: never trimmed, folded or truncated (SEC-2). Lengths count code points. */
export const Password = Type.String({ minLength: 8, maxLength: 256, pattern: `^${storable}`, 'x-detail': unstorable, description: 'Any 8 to 256 characters' })

export const DisplayName = Type.String({
  minLength: 1, maxLength: 100, pattern: `^(?=[^]*\\S)${storable}`, 'x-detail': `is blank or ${unstorable}`, description: 'How the owner is addressed',
})

/** The name of a zone in the IANA database. Which ones there are the service asks its runtime: the list changes every year. */
export const TimeZone = Type.String({
  minLength: 1, maxLength: 64, pattern: '^[A-Za-z][\\w+-]*(/[\\w+-]+)*$', 'x-detail': 'must be the name of a time zone, such as Europe/Berlin', description: 'An IANA time zone',
})

export const RefreshToken = Type.String({ minLength: 1, maxLength: 512 })

export const SignUp = Type.Object({ email: Email, password: Password, display_name: Type.Optional(DisplayName) }, { ...closed, $id: 'SignUp' })
export type SignUp = Static<typeof SignUp>

/** Nothing here says what a valid password looks like: a log-in attempt is right or wrong, never malformed by policy. */
export const LogIn = Type.Object({
  email: Type.String({ minLength: 1, maxLength: 254 }),
  password: Type.String({ minLength: 1, maxLength: 256 }),
}, { ...closed, $id: 'LogIn' })
export type LogIn = Static<typeof LogIn>

export const StepUp = Type.Object({
  password: Type.String({ minLength: 1, maxLength: 256 }),
}, { ...closed, $id: 'StepUp' })
export type StepUp = Static<typeof StepUp>

const OneTimeToken = Type.String({ minLength: 1, maxLength: 200, description: 'The token of a mailed link' })

export const VerifyEmail = Type.Object({ token: OneTimeToken }, { ...closed, $id: 'VerifyEmail' })
export type VerifyEmail = Static<typeof VerifyEmail>

export const ChangeEmail = Type.Object({ email: Email }, { ...closed, $id: 'ChangeEmail' })
export type ChangeEmail = Static<typeof ChangeEmail>

/** Takes the account back, by the link that the address got when another took its place. */
export const RevertEmail = Type.Object({ token: OneTimeToken }, { ...closed, $id: 'RevertEmail' })
export type RevertEmail = Static<typeof RevertEmail>

/** The answer is the same whether there is such an account or not. */
export const ForgotPassword = Type.Object({ email: Email }, { ...closed, $id: 'ForgotPassword' })
export type ForgotPassword = Static<typeof ForgotPassword>

export const ResetPassword = Type.Object({ token: OneTimeToken, password: Password }, { ...closed, $id: 'ResetPassword' })
export type ResetPassword = Static<typeof ResetPassword>

export const ChangePassword = Type.Object({
  current_password: Type.String({ minLength: 1, maxLength: 256 }),
  password: Password,
}, { ...closed, $id: 'ChangePassword' })
export type ChangePassword = Static<typeof ChangePassword>

export const Refresh = Type.Object({ refresh_token: RefreshToken }, { ...closed, $id: 'Refresh' })
export type Refresh = Static<typeof Refresh>

export const LogOut = Type.Object({ refresh_token: RefreshToken }, { ...closed, $id: 'LogOut' })
export type LogOut = Static<typeof LogOut>

const Instant = Type.String({ format: 'date-time' })
const oneOf = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: 'string', enum: values })

export const Role = Type.Union([Type.Literal('user'), Type.Literal('admin')])
export type Role = Static<typeof Role>

export const User = Type.Object({
  id: Type.String({ format: 'uuid' }),
  email: Type.String(),
  display_name: Type.Union([Type.String(), Type.Null()]),
  role: Role,
  email_verified: Type.Boolean(),
  created_at: Instant,
}, closed)
export type User = Static<typeof User>

/** The account as its owner sees it: who they are, how they want to be met, and which version of that it is. */
export const Account = Type.Object({
  ...User.properties,
  time_zone: Type.Union([Type.String(), Type.Null()], { description: 'The zone that times are shown in; null for that of the device' }),
  version: Type.Integer({ minimum: 1, description: 'Grows with every change; also in the ETag' }),
}, { ...closed, $id: 'Account' })
export type Account = Static<typeof Account>

/** The same schema, or null. As one schema, so that what is wrong is told once. */
const nullable = (schema: TString) => Type.Unsafe<string | null>({ ...schema, type: ['string', 'null'] })

/** A JSON merge patch (RFC 7396) of what owners set themselves; null takes a value away. */
export const ProfilePatch = Type.Object({
  display_name: Type.Optional(nullable(DisplayName)),
  time_zone: Type.Optional(nullable(TimeZone)),
}, { ...closed, $id: 'ProfilePatch', minProperties: 1 })
export type ProfilePatch = Static<typeof ProfilePatch>

/** The answer to sign-up, log-in, refresh and step-up: who is signed in, and the two tokens that prove it. */
export const SignedIn = Type.Object({
  user: User,
  session_id: Type.String({ format: 'uuid' }),
  access_token: Type.String({ description: 'An at+jwt (RFC 9068), signed with Ed25519' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds until the access token expires' }),
  refresh_token: Type.String({ description: 'Exchanged at /auth/refresh for the next pair' }),
}, { ...closed, $id: 'SignedIn' })
export type SignedIn = Static<typeof SignedIn>

/** One device that is logged in. Ending it ends the access to its account within two seconds, everywhere. */
export const Session = Type.Object({
  id: Type.String({ format: 'uuid' }),
  is_current: Type.Boolean({ description: 'Whether it is the one that asks' }),
  device: Type.String({ description: 'Its browser and system, as far as it says so itself' }),
  address: Type.Union([Type.String(), Type.Null()], { description: 'Where it was logged in from' }),
  created_at: Type.String({ format: 'date-time' }),
  last_seen_at: Type.String({ format: 'date-time' }),
  expires_at: Type.String({ format: 'date-time', description: 'When it ends by itself, if it is not used' }),
}, { ...closed, $id: 'Session' })
export type Session = Static<typeof Session>

export const SessionPage = Type.Object({
  items: Type.Array(Type.Unsafe<Session>(Type.Ref('Session'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'SessionPage' })
export type SessionPage = Static<typeof SessionPage>

/** A key that signs access tokens, or did, or will. Its private half leaves the service in no form. */
export const SigningKey = Type.Object({
  kid: Type.String(),
  state: Type.Union([Type.Literal('next'), Type.Literal('active'), Type.Literal('retired')]),
  created_at: Type.String({ format: 'date-time' }),
  state_since: Type.String({ format: 'date-time' }),
  due_at: Type.String({ format: 'date-time', description: 'From when on a next key may sign, an active one is replaced, a retired one is deleted' }),
}, { ...closed, $id: 'SigningKey' })
export type SigningKey = Static<typeof SigningKey>

export const SigningKeyPage = Type.Object({
  items: Type.Array(Type.Unsafe<SigningKey>(Type.Ref('SigningKey'))),
  next_cursor: Type.Null(),
}, { ...closed, $id: 'SigningKeyPage' })
export type SigningKeyPage = Static<typeof SigningKeyPage>

/** A public key as the JWKS gives it out (RFC 8037). */
export const PublicJwk = Type.Object({
  kty: Type.Literal('OKP'), crv: Type.Literal('Ed25519'), x: Type.String(), kid: Type.String(), alg: Type.Literal('EdDSA'), use: Type.Literal('sig'),
}, closed)

/** The public keys (RFC 7517). */
export const Jwks = Type.Object({ keys: Type.Array(PublicJwk) }, { ...closed, $id: 'Jwks' })
export type Jwks = Static<typeof Jwks>

/** Where the public keys are (RFC 8414). */
export const ServerMetadata = Type.Object({
  issuer: Type.String(),
  jwks_uri: Type.String(),
  response_types_supported: Type.Array(Type.String()),
  grant_types_supported: Type.Array(Type.String()),
}, { $id: 'ServerMetadata' })
export type ServerMetadata = Static<typeof ServerMetadata>

/** An account as admins see it: who may log in, and as what. Never its password, and never what is in its lists. */
export const ManagedUser = Type.Object({
  ...User.properties,
  status: Type.Union([Type.Literal('active'), Type.Literal('disabled')]),
  version: Type.Integer({ minimum: 1, description: 'Grows with every change; also in the ETag' }),
}, { ...closed, $id: 'ManagedUser' })
export type ManagedUser = Static<typeof ManagedUser>

export const UserDetails = Type.Object({
  ...ManagedUser.properties,
  live_sessions: Type.Integer({ description: 'On how many devices they are logged in' }),
  last_login_at: Type.Union([Instant, Type.Null()], { description: 'null where it is not on record' }),
}, { ...closed, $id: 'UserDetails' })
export type UserDetails = Static<typeof UserDetails>

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most' }))
const cursor = Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: '`next_cursor` of the page before' }))

export const UserQuery = Type.Object({
  q: Type.Optional(Type.String({ minLength: 1, maxLength: 254, pattern: `^${storable}`, 'x-detail': unstorable, description: 'The beginnings of words of the address or the name, all of which must be there' })),
  status: Type.Optional({ ...oneOf('active', 'disabled'), description: 'The status they have' }),
  role: Type.Optional({ ...oneOf('user', 'admin'), description: 'The role they have' }),
  limit,
  cursor,
}, { ...closed, $id: 'UserQuery' })
export type UserQuery = Static<typeof UserQuery>

/** Newest first. `next_cursor` is null on the last page. */
export const UserPage = Type.Object({
  items: Type.Array(Type.Unsafe<ManagedUser>(Type.Ref('ManagedUser'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'UserPage' })
export type UserPage = Static<typeof UserPage>

/** All that an admin may set. Either ends every session of the account; `active` lets its owner log in again. */
export const UserChange = Type.Object({
  status: Type.Optional(oneOf('active', 'disabled')),
  role: Type.Optional(oneOf('user', 'admin')),
}, { ...closed, $id: 'UserChange', minProperties: 1 })
export type UserChange = Static<typeof UserChange>

/** What is audited (SEC-87). A new kind of event gets its name here, and its sentence in the web app. */
export const auditActions = [
  'account.created', 'account.exported', 'account.deleted', 'account.disabled', 'account.enabled', 'account.role_changed', 'account.changed',
  'session.started', 'session.refused', 'session.stepped_up', 'session.ended', 'session.token_reused',
  'password.reset_requested', 'password.reset', 'password.changed', 'password.hash_renewed',
  'email.verified', 'email.change_requested', 'email.changed', 'email.change_reverted',
  'users.read', 'audit.read',
  'key.created', 'key.activated', 'key.withdrawn', 'key.resealed',
] as const
export type AuditAction = typeof auditActions[number]

const Id = Type.String({ format: 'uuid', maxLength: 36 })
const moment = (description: string) => Type.Optional(Type.String({
  format: 'date-time', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$', 'x-detail': 'must be an instant, such as 2026-11-24T09:30:00Z', description,
}))

export const AuditQuery = Type.Object({
  user_id: Type.Optional({ ...Id, description: 'Whose account it is about; also one that is gone' }),
  actor_id: Type.Optional({ ...Id, description: 'Who did it' }),
  action: Type.Optional({ ...oneOf(...auditActions), description: 'What was done' }),
  outcome: Type.Optional({ ...oneOf('success', 'failure'), description: 'Whether it came about' }),
  since: moment('The first instant that counts'),
  until: moment('The first instant that counts no more'),
  limit,
  cursor,
}, { ...closed, $id: 'AuditQuery' })
export type AuditQuery = Static<typeof AuditQuery>

/** One thing that happened. Addresses are those the accounts have now; null where the account is gone, or nobody's. */
export const AuditEvent = Type.Object({
  id: Id,
  occurred_at: Instant,
  action: Type.String({ description: 'One of those that can be asked for; a newer release may know more' }),
  outcome: Type.Union([Type.Literal('success'), Type.Literal('failure')]),
  user_id: Type.Union([Id, Type.Null()]),
  user_email: Type.Union([Type.String(), Type.Null()]),
  actor_id: Type.Union([Id, Type.Null()], { description: 'null for who runs the service, by a command, and for the service itself' }),
  actor_email: Type.Union([Type.String(), Type.Null()]),
  session_id: Type.Union([Id, Type.Null()]),
  request_id: Type.String(),
  details: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
  address: Type.Union([Type.String(), Type.Null()], { description: 'Where it came from; erased with the account of who did it' }),
  device: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'AuditEvent' })
export type AuditEvent = Static<typeof AuditEvent>

/** A session as its owner's export has it, with the address and the device it came from, and without its secrets. */
const ExportedSession = Type.Object({
  id: Id,
  address: Type.Union([Type.String(), Type.Null()]),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  created_at: Instant,
  authenticated_at: Instant,
  last_seen_at: Instant,
  expires_at: Instant,
  ended_at: Type.Union([Instant, Type.Null()]),
  ended_reason: Type.Union([Type.String(), Type.Null()]),
})

/** An address that a mailed link would make the account's: a new one, or one from before a change. */
const ExportedAddress = Type.Object({
  purpose: Type.Union([Type.Literal('change_email'), Type.Literal('revert_email')]),
  email: Type.String(),
  created_at: Instant,
  expires_at: Instant,
})

/** What happened to the account. Of what somebody else did, such as an admin, it does not say who and from where. */
const ExportedEvent = Type.Object({
  id: Id,
  occurred_at: Instant,
  action: Type.String(),
  outcome: Type.Union([Type.Literal('success'), Type.Literal('failure')]),
  by_owner: Type.Boolean(),
  session_id: Type.Union([Id, Type.Null()]),
  details: Type.Record(Type.String(), Type.Unknown()),
  address: Type.Union([Type.String(), Type.Null()]),
  user_agent: Type.Union([Type.String(), Type.Null()]),
})

/** All that this service keeps of an account, but for what is secret. Readers go by `format` and `version`. */
export const AccountExport = Type.Object({
  format: Type.Literal('daymark.account'),
  version: Type.Literal(1),
  exported_at: Instant,
  account: Account,
  sessions: Type.Array(ExportedSession),
  addresses: Type.Array(ExportedAddress),
  events: Type.Array(ExportedEvent, { description: 'Oldest first' }),
}, { $id: 'AccountExport' })
export type AccountExport = Static<typeof AccountExport>

/** Newest first. `next_cursor` is null on the last page. */
export const AuditPage = Type.Object({
  items: Type.Array(Type.Unsafe<AuditEvent>(Type.Ref('AuditEvent'))),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
}, { ...closed, $id: 'AuditPage' })
export type AuditPage = Static<typeof AuditPage>
