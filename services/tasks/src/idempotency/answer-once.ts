import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CommonQueryMethods, DatabasePool, SerializableValue } from 'slonik'
import { keyReused } from '../../problems.ts'
import { NoAccountYet, writeInTurn } from '../accounts/write-in-turn.ts'
import { findAnswer, keepAnswer } from './queries.ts'

/** What a write answers. */
export interface Answer<T> { status: number, headers?: Record<string, string>, body: T }

/**
 * Carries a write out behind the tenant's lock, and answers. Under an Idempotency-Key it is carried out once in a day,
 * however often it is sent: the answer is kept in the write's own transaction and looked up before anything else, so that a
 * retry whose original is still under way waits for it, and one after a lost answer does not meet its own change as a
 * conflict (draft-ietf-httpapi-idempotency-key-header). What was refused is not kept: it had no effect.
 * @param options.isOneStatement whether `write` is a single statement, which needs no transaction of its own
 * @throws {Problem} keyReused for a key that was used for another request
 */
export async function answerOnce<T> (
  pool: DatabasePool, request: FastifyRequest, reply: FastifyReply, write: (db: CommonQueryMethods) => Promise<Answer<T>>,
  { isOneStatement = true } = {},
): Promise<T> {
  const key = request.headers['idempotency-key']
  const { status, headers = {}, body } = await writeInTurn(pool, request, async () => {
    if (typeof key === 'string') return await once(pool, request, reply, key, write)
    return isOneStatement ? await write(pool) : await pool.transaction(write)
  })
  reply.code(status).headers(headers)
  return body
}

async function once<T> (pool: DatabasePool, request: FastifyRequest, reply: FastifyReply, key: string, write: (db: CommonQueryMethods) => Promise<Answer<T>>): Promise<Answer<T>> {
  const { method, url, routeOptions, body, user } = request
  const keyed = {
    user_id: user.sub,
    key,
    operation: `${method} ${routeOptions.url ?? ''}`,
    digest: createHash('sha256').update(JSON.stringify([url, body ?? null])).digest(),
  }
  return await pool.transaction(async (transaction) => {
    const kept = await findAnswer(transaction, keyed)
    if (kept && !kept.is_same_request) throw keyReused({ detail: 'Send a new key with each new request, and the same one only to repeat it.' })
    if (kept) {
      reply.header('idempotency-replayed', 'true')
      return kept.answer as Answer<T>
    }
    const answer = await write(transaction)
    // The lock keeps repetitions apart, but for those of a first write, which have no account to lock yet: the key does.
    if (!await keepAnswer(transaction, keyed, answer as unknown as SerializableValue)) throw new NoAccountYet()
    return answer
  })
}
