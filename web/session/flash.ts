import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { openText, sealText } from './sealed-text.ts'

/** What was done to a task, or to some; or to a list or a label. */
export const TaskFlash = Type.Object({
  did: Type.Union([
    Type.Literal('added'), Type.Literal('completed'), Type.Literal('reopened'), Type.Literal('saved'), Type.Literal('moved'), Type.Literal('deleted'), Type.Literal('restored'),
    Type.Literal('purged'), Type.Literal('changed'), Type.Literal('archived'), Type.Literal('unarchived'), Type.Literal('imported'),
  ]),
  /** Of the task; empty where `count` says that it was more than one. */
  title: Type.String(),
  count: Type.Optional(Type.Integer()),
  /** Which were left as they were, and why. */
  left: Type.Optional(Type.String()),
  /** The change, where it can be taken back. */
  change: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  /** A time that was asked for and does not exist: clocks are set forward past it. */
  skipped: Type.Optional(Type.String()),
  /** Whether it was itself the taking back of this, or the doing again. */
  again: Type.Optional(Type.Union([Type.Literal('undone'), Type.Literal('redone')])),
})
const AccountFlash = Type.Object({
  did: Type.Union([
    Type.Literal('profile-saved'), Type.Literal('mail-sent'), Type.Literal('email-confirmed'), Type.Literal('password-changed'), Type.Literal('password-reset'),
    Type.Literal('session-ended'), Type.Literal('email-change-asked'), Type.Literal('email-changed'), Type.Literal('account-taken-back'), Type.Literal('other-sessions-ended'),
    Type.Literal('user-disabled'), Type.Literal('user-enabled'), Type.Literal('admin-made'), Type.Literal('admin-unmade'), Type.Literal('user-logged-out'), Type.Literal('reset-sent'),
    Type.Literal('key-rotated'), Type.Literal('key-withdrawn'), Type.Literal('trash-emptied'), Type.Literal('logged-out'),
  ]),
})
const Flash = Type.Union([TaskFlash, AccountFlash])

export type TaskFlash = Static<typeof TaskFlash>
export type AccountFlash = Static<typeof AccountFlash>
/** What the page before did, told once on the next one. */
export type Flash = Static<typeof Flash>

const purpose = 'flash'

/** The value of the flash cookie. */
export const sealFlash = (keys: readonly Buffer[], flash: Flash): string => sealText(keys, purpose, JSON.stringify(flash))

/** The flash in a cookie's value, or null where there is none of ours. */
export function openFlash (keys: readonly Buffer[], sealed: string | undefined): Flash | null {
  const text = sealed === undefined ? null : openText(keys, purpose, sealed)
  if (text === null) return null
  const flash: unknown = JSON.parse(text)
  return Value.Check(Flash, flash) ? flash : null
}
