import { asUser } from '@daymark/kit/scope'
import { notSignedIn } from '@daymark/kit/problem'
import { type DatabasePool, ForeignKeyIntegrityConstraintViolationError } from 'slonik'
import { uuidv7 } from 'uuidv7'
import { insertAccount } from './queries.ts'

/** Makes what a user's first request finds: the account and its Inbox. Done twice, it changes nothing. */
export async function openAccount (pool: DatabasePool, user_id: string, request_id: string): Promise<void> {
  try {
    await asUser(user_id, () => insertAccount(pool, { user_id, inbox_id: uuidv7(), request_id }))
  } catch (cause) {
    throw violates(cause, 'accounts_user') ? notSignedIn({ cause, detail: 'The account is gone.' }) : cause
  }
}

/** Runs a write, opening the account first where the write finds that there is none yet: later writes pay nothing for it. */
export async function withAccount<T> (pool: DatabasePool, user_id: string, request_id: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!violates(error, 'tasks_account')) throw error
    await openAccount(pool, user_id, request_id)
    return await write()
  }
}

/** Whether an error is the violation of a certain foreign key. */
export const violates = (error: unknown, constraint: string): boolean =>
  error instanceof ForeignKeyIntegrityConstraintViolationError && error.constraint === constraint
