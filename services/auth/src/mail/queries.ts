import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import { type CommonQueryMethods, sql } from 'slonik'

const nothing = row(Type.Object({}))
const Due = Type.Object({ id: Type.String(), sealed_message: Type.String(), attempts: Type.Integer() })

/** Owes a mail; call it in the transaction that causes it. */
export const insertMail = (db: CommonQueryMethods, mail: { id: string, user_id: string | null, sealed_message: string }) => db.query(sql.type(nothing)`
  INSERT INTO auth.outbox (id, user_id, sealed_message) VALUES (${mail.id}, ${mail.user_id}, ${mail.sealed_message})`)

/**
 * Takes some mails that are due, for this instance alone. Each is due again after a pause that doubles, from a minute to an
 * hour, so that one whose sender dies is not lost.
 */
export const leaseMails = (db: CommonQueryMethods, { limit }: { limit: number }) => db.any(sql.type(row(Due))`
  UPDATE auth.outbox SET attempts = attempts + 1, next_attempt_at = now() + least(interval '1 hour', interval '1 minute' * power(2, least(attempts, 10)))
  WHERE id IN (SELECT id FROM auth.outbox WHERE next_attempt_at <= now() ORDER BY next_attempt_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
  RETURNING id, sealed_message, attempts`)

/** Done with a mail: it was sent, or is given up. */
export const deleteMail = (db: CommonQueryMethods, { id }: { id: string }) => db.query(sql.type(nothing)`DELETE FROM auth.outbox WHERE id = ${id}`)

/** Why a mail could not be sent, for whoever looks. */
export const noteMailError = (db: CommonQueryMethods, { id, error }: { id: string, error: string }) => db.query(sql.type(nothing)`
  UPDATE auth.outbox SET last_error = left(${error}, 500) WHERE id = ${id}`)

/** Seconds until the next mail is due; nothing while none is owed. */
export const nextMailDue = (db: CommonQueryMethods) => db.maybeOne(sql.type(row(Type.Object({ seconds: Type.Number() })))`
  SELECT greatest(0, extract(epoch FROM next_attempt_at - now()))::float8 AS seconds FROM auth.outbox ORDER BY next_attempt_at LIMIT 1`)
