import { type CommonQueryMethods, type DatabasePool, sql } from 'slonik'
import { row } from '@daymark/kit/row'
import { Type } from '@sinclair/typebox'
import type { Sealer } from '../keys/sealer.ts'
import { batchText, beginning, chainDigest, macPurpose, originDigest } from './chain.ts'
import { countEvents, listBatches, listEvents } from './queries.ts'

export interface ChainReport {
  batches: number
  /** In batches; with `pending` that should be all. */
  events: number
  pending: number
  /** The digest of the last batch: whoever keeps it elsewhere can tell later whether the end was cut off. */
  head: string
  /** Of every batch. */
  digests: ReadonlySet<string>
  /** One sentence for each thing that is not as it was sealed. */
  problems: string[]
}

const pageSize = 50

/** Computes the whole chain anew and tells what differs from what was sealed, all as it was at one moment. Changes nothing. */
export const verifyChain = (pool: DatabasePool, sealer: Sealer): Promise<ChainReport> => pool.transaction(async (transaction) => {
  await transaction.query(sql.type(row(Type.Object({})))`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`)
  return await verify(transaction, sealer)
})

async function verify (db: CommonQueryMethods, sealer: Sealer): Promise<ChainReport> {
  const problems: string[] = []
  const digests = new Set<string>()
  let previous = beginning
  let batches = 0
  let events = 0
  for (;;) {
    const page = await listBatches(db, { after: batches, limit: pageSize })
    for (const { number, event_ids: ids, digest: told, mac, key_id: keyId } of page) {
      if (number !== batches + 1) problems.push(`Batches ${batches + 1} to ${number - 1} are missing.`)
      const found = await listEvents(db, { ids })
      const missing = new Set(ids)
      for (const { id, origin_digest, address, user_agent, salt } of found) {
        missing.delete(id)
        if (salt !== null && originDigest(Buffer.from(salt, 'hex'), address ?? '', user_agent).toString('hex') !== origin_digest) problems.push(`The origin of event ${id} was altered.`)
      }
      for (const id of missing) problems.push(`Event ${id} of batch ${number} is missing.`)
      const digest = Buffer.from(told, 'hex')
      if (!chainDigest(previous, found).equals(digest)) problems.push(`Batch ${number} is not what was sealed: an event in it, or what came before it, was altered.`)
      const verdict = sealer.isAuthentic(batchText(number, digest), macPurpose, { mac: Buffer.from(mac, 'hex'), keyId })
      if (verdict === false) problems.push(`Batch ${number} was not sealed by this Daymark.`)
      digests.add(told)
      previous = digest
      batches = number
      events += found.length
    }
    if (page.length < pageSize) break
  }
  const counted = await countEvents(db)
  const strays = counted.events - counted.pending - events
  if (strays > 0) problems.push(`${strays} ${strays === 1 ? 'event is' : 'events are'} in no batch and wait for none.`)
  return { batches, events, pending: counted.pending, head: previous.toString('hex'), digests, problems }
}
