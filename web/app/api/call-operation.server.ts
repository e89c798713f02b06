import { createHash, randomUUID } from 'node:crypto'
import type { Static, TSchema } from '@sinclair/typebox'
import { accountPath, named, type Operation } from '@daymark/tasks/operations'
import { type Bearer, withBearer } from './bearer.server.ts'
import { contractCheck } from './contract-check.server.ts'
import type { CallOrigin, Service, ServiceCall } from './service.server.ts'

type Schema<O extends Operation> = O['schema']
type PathOf<O extends Operation> = Omit<Static<Schema<O>['params']>, 'user_id'>

/** What an operation is asked with, as its schema has it; the account is that of who asks. */
export type Asked<O extends Operation> =
  & Pick<ServiceCall, 'file' | 'timeoutMs'>
  & (keyof PathOf<O> extends never ? unknown : { params: PathOf<O> })
  & (Schema<O> extends { querystring: infer Query extends TSchema } ? { query?: Static<Query> } : unknown)
  & (Schema<O> extends { body: infer Body extends TSchema } ? { body: Static<Body> } : unknown)
  & (Schema<O> extends { headers: { properties: { 'if-match': unknown } } } ? { etag?: string } : unknown)

type Good<Response> = Response extends { 200: infer Answer } | { 201: infer Answer } | { 204: infer Answer } ? Answer : never

/** What an operation answers when all goes well. */
export type AnswerOf<O extends Operation> = Good<Schema<O>['response']> extends infer Answer extends TSchema ? Static<Answer> : never

export interface Answered<T> {
  body: T
  /** By it a write says that it was made from this very version. */
  etag: string | null
  /** The number of the change that a write made, by which it can be taken back; null where it changed nothing. */
  change: number | null
}

export type CallOperation = <O extends Operation>(operation: O, asked: Asked<O>) => Promise<Answered<AnswerOf<O>>>

/**
 * Gives the function that calls any operation of the tasks service on behalf of one browser request. A refused token is renewed once and the
 * call made again. Every write has an Idempotency-Key: of the form that asked for it, so that a form sent twice has one effect, or of its own.
 */
export function operationCaller (tasks: Service, bearer: Bearer, origin: CallOrigin, formKey: () => string | null): CallOperation {
  const keyFor = (method: string, path: string) => {
    const form = formKey()
    return form === null ? randomUUID() : createHash('sha256').update(JSON.stringify([form, method, path])).digest('base64url')
  }
  return async <O extends Operation>(operation: O, asked: Asked<O>) => {
    const { params = {}, query = {}, body, etag, ...more } = asked as Pick<ServiceCall, 'file' | 'timeoutMs' | 'body'> & { params?: Record<string, unknown>, query?: Record<string, unknown>, etag?: string }
    const { method } = operation
    const path = filled(operation.url, params) + search(query)
    const key = method === 'GET' ? undefined : keyFor(method, path) // one for the call and its repetition
    const { body: answer, headers } = await withBearer(bearer, (authorization) => tasks({
      method,
      path: filled(accountPath, { user_id: bearer.userId() }) + path,
      headers: { ...etag !== undefined && { 'if-match': etag }, ...key !== undefined && { 'idempotency-key': key }, ...authorization },
      ...body !== undefined && { body },
      ...more,
    }, origin))
    const change = headers.get('daymark-change')
    return { body: answerCheck(operation)(answer), etag: headers.get('etag'), change: change === null ? null : Number(change) }
  }
}

const filled = (url: string, params: Record<string, unknown>) => url.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])))

const search = (query: Record<string, unknown>) => {
  const given = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]]))
  return given.size === 0 ? '' : `?${given}`
}

const checks = new Map<Operation, (answer: unknown) => unknown>()

/**
 * The function that hands on what an operation answered if it is what it promises; made when it is first needed.
 * @throws {ContractBroken} for any other answer
 */
export function answerCheck<O extends Operation> (operation: O): (answer: unknown) => AnswerOf<O> {
  let check = checks.get(operation)
  if (!check) {
    const { 200: found, 201: made } = operation.schema.response
    const schema = (found ?? made) as TSchema | undefined
    check = schema === undefined ? () => null : contractCheck(schema, named.filter(({ $id }) => $id !== schema.$id))
    checks.set(operation, check)
  }
  return check as (answer: unknown) => AnswerOf<O>
}
