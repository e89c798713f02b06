import { type JsonText, sendText } from '@daymark/kit/json-text'
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CommonQueryMethods, DatabasePool, SerializableValue } from 'slonik'
import { keyReused } from '../../problems.ts'
import { NoAccountYet, writeInTurn } from '../accounts/write-in-turn.ts'
import { findAnswer, keepAnswer } from './queries.ts'

/** What a write answers: an object, or the text of one. */
export type Answer<T> = { status: number, headers?: Record<string, string> } & ({ body: T } | { json: JsonText<T> })

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
): Promise<T | FastifyReply> {
  const key = request.headers['idempotency-key']
  const answer = await writeInTurn(pool, request, async () => {
    if (typeof key === 'string') return await once(pool, request, reply, key, write)
    return isOneStatement ? await write(pool) : await pool.transaction(write)
  })
  reply.code(answer.status).headers(answer.headers ?? {})
  return 'json' in answer ? sendText(reply, answer.json) : answer.body
}

async function once<T> (pool: DatabasePool, request: FastifyRequest, reply: FastifyReply, key: string, write: (db: CommonQueryMethods) => Promise<Answer<T>>): Promise<Answer<T>> {
  const { method, url, routeOptions, body, user } = request
  const keyed = {
    user_id: user.sub,
    key,
    operation: `${method} ${routeOptions.url ?? ''}`,
    digest: hash('sha256', JSON.stringify([url, body ?? null]), 'buffer'),
  }
  return await pool.transaction(async (transaction) => {
    const earlier = await findAnswer(transaction, keyed)
    if (earlier && !earlier.is_same_request) throw keyReused({ detail: 'Send a new key with each new request, and the same one only to repeat it.' })
    if (earlier) {
      reply.header('idempotency-replayed', 'true')
      return earlier.answer as Answer<T>
    }
    const answer = await write(transaction)
    // The lock keeps repetitions apart, but for those of a first write, which have no account to lock yet: the key does.
    if (!await keepAnswer(transaction, keyed, kept(answer))) throw new NoAccountYet()
    return answer
  })
}

/** Kept as an object, of which what is deleted for good can be taken out (tasks.purge_trashed). */
const kept = <T>(answer: Answer<T>) => ('json' in answer
  ? { status: answer.status, headers: answer.headers, body: JSON.parse(answer.json) as unknown }
  : answer) as SerializableValue
