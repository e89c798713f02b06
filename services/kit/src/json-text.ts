import type { FastifyReply } from 'fastify'

declare const told: unique symbol

/** The JSON text of a T as the database wrote it, to be passed on: neither parsed nor written anew. */
export type JsonText<T> = string & { readonly [told]?: T }

/** A page of the texts of its items, joined by commas, and of what else belongs to it. */
export const pageText = <T>(items: string, rest: object): JsonText<{ items: T[] }> => `{"items":[${items}],${JSON.stringify(rest).slice(1)}`

/** Answers with text that is JSON already; its shape is the statement's promise. */
export function sendText (reply: Pick<FastifyReply, 'type' | 'send'>, text: JsonText<unknown>): FastifyReply {
  return (reply.type('application/json; charset=utf-8') as FastifyReply).send(text)
}
