import type { Account, SignedIn } from '@daymark/auth/contracts'
import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { openText, sealText } from './sealed-text.ts'

const SessionContents = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  /** When the access token expires, in milliseconds since 1970. */
  expires_at: Type.Integer(),
  refresh_token: Type.String({ minLength: 1 }),
  session_id: Type.String({ minLength: 1 }),
  /** False from a refresh until auth has seen the access token that came of it. */
  is_confirmed: Type.Boolean(),
  user: Type.Object({
    id: Type.String({ minLength: 1 }),
    email: Type.String(),
    display_name: Type.Union([Type.String(), Type.Null()]),
    role: Type.Union([Type.Literal('user'), Type.Literal('admin')]),
    /** The zone they chose; missing until auth has told. */
    time_zone: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
})

/** All that the web app knows of a session; the browser keeps it, sealed. */
export type SessionContents = Static<typeof SessionContents>
export type SessionUser = SessionContents['user']

const check = TypeCompiler.Compile(SessionContents)

/** What to keep of the answer to a sign-up, a log-in, a step-up or (not yet confirmed) a refresh, which does not tell the zone. */
export function sessionFrom (signedIn: SignedIn, now: Date, isConfirmed: boolean, known: SessionUser | null): SessionContents {
  return {
    access_token: signedIn.access_token,
    expires_at: now.getTime() + signedIn.expires_in * 1000,
    refresh_token: signedIn.refresh_token,
    session_id: signedIn.session_id,
    is_confirmed: isConfirmed,
    user: { ...sessionUser(signedIn.user), ...known?.id === signedIn.user.id && known.time_zone !== undefined && { time_zone: known.time_zone } },
  }
}

/** The part of a user that pages show. */
export function sessionUser ({ id, email, display_name, role, ...account }: SignedIn['user'] | Account): SessionUser {
  return { id, email, display_name, role, ...'time_zone' in account && { time_zone: account.time_zone } }
}

const purpose = 'session'

/** The value of the session cookie. */
export function sealSession (keys: readonly Buffer[], contents: SessionContents): string {
  return sealText(keys, purpose, JSON.stringify(contents))
}

/** The session in a cookie's value; null for one that we did not seal. */
export function openSession (keys: readonly Buffer[], sealed: string): SessionContents | null {
  const text = openText(keys, purpose, sealed)
  if (text === null) return null
  const contents: unknown = JSON.parse(text)
  return check.Check(contents) ? contents : null
}
