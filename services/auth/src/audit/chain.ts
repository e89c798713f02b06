import { createHash } from 'node:crypto'
import type { Static } from '@sinclair/typebox'
import type { SealedEvent } from './queries.ts'

/** What the first batch goes on from. */
export const beginning = Buffer.alloc(32)

/** SHA-256 over the digest before and each event in the order of their ids, one line of JSON each. */
export function chainDigest (previous: Buffer, events: ReadonlyArray<Static<typeof SealedEvent>>): Buffer {
  const hash = createHash('sha256').update(previous)
  for (const { id, occurred_at, action, outcome, user_id, actor_id, session_id, request_id, details, origin_digest } of events) {
    hash.update(`${JSON.stringify([id, occurred_at, action, outcome, user_id, actor_id, session_id, request_id, details, origin_digest])}\n`)
  }
  return hash.digest()
}

/** Binds an event to where it came from, and says nothing about it without the salt. */
export const originDigest = (salt: Buffer, address: string, userAgent: string | null): Buffer =>
  createHash('sha256').update(salt).update(JSON.stringify([address, userAgent])).digest()

/** What a batch's MAC is over: its place in the chain and the digest there. */
export const batchText = (number: number, digest: Buffer): Buffer => Buffer.from(`${number}:${digest.toString('hex')}`)
export const macPurpose = 'audit batch'
