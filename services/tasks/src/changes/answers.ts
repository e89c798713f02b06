import { Type } from '@sinclair/typebox'
import type { Answer } from '../idempotency/answer-once.ts'
import type { Written } from './written.ts'

const idempotencyKey = {
  'idempotency-key': Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,255}$', 'x-detail': 'must be 1 to 255 printable characters', description: 'Sent again with the same key, the request has one effect and one answer, for 24 hours' })),
}

/** The headers of a write that makes something. */
export const idempotent = Type.Object(idempotencyKey)
/** The headers of a write to something that is there. */
export const unlessStale = Type.Object({ ...idempotencyKey, 'if-match': Type.Optional(Type.String({ description: 'The ETag it must still have; else 412' })) })

/** 200, with what was written. */
export const ok = <T>({ object, headers }: Written<T>): Answer<T> => ({ status: 200, headers, body: object })

/** 204: there is nothing left to show. */
export const gone = ({ headers: { etag: _, ...headers } }: Written<unknown>): Answer<null> => ({ status: 204, headers, body: null })
