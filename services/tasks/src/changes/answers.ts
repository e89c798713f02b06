import type { Answer } from '../idempotency/answer-once.ts'
import type { Written } from './written.ts'

/** 200, with what was written. */
export const ok = <T>({ json, headers }: Written<T>): Answer<T> => ({ status: 200, headers, json })

/** 204: there is nothing left to show. */
export const gone = ({ headers: { etag: _, ...headers } }: Written<unknown>): Answer<null> => ({ status: 204, headers, body: null })
