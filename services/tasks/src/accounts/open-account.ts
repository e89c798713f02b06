import { asUser } from '@daymark/kit/scope'
import { notSignedIn } from '@daymark/kit/problem'
import { type DatabasePool, ForeignKeyIntegrityConstraintViolationError } from 'slonik'
import { uuidv7 } from 'uuidv7'
import { insertAccount } from './queries.ts'

/** What an access token that outlives its user is answered. */
export const accountGone = (cause?: unknown) => notSignedIn({ cause, detail: 'The account is gone.' })

/** Makes what a user's first request finds: the account and its Inbox. Done twice, it changes nothing. @throws {Problem} accountGone */
export async function openAccount (pool: DatabasePool, user_id: string, request_id: string): Promise<void> {
  try {
    await asUser(user_id, () => insertAccount(pool, { user_id, inbox_id: uuidv7(), request_id }))
  } catch (cause) {
    throw violates(cause, /^accounts_user$/) ? accountGone(cause) : cause
  }
}

/**
 * Whether something was written for an account that is not there: opened by another request after this one had looked for it to
 * lock it, and deleted before this one was done.
 */
export const isAccountMissing = (error: unknown): boolean => violates(error, /_account$/)

const violates = (error: unknown, constraint: RegExp) =>
  error instanceof ForeignKeyIntegrityConstraintViolationError && constraint.test(error.constraint ?? '')
