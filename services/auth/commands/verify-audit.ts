import { parseArgs } from 'node:util'
import { openDatabase } from '@daymark/kit/database'
import { main } from '@daymark/kit/run-service'
import { keyEncryptionKeys, loadConfig } from '../config.ts'
import { verifyChain } from '../src/audit/verify-chain.ts'
import { Sealer } from '../src/keys/sealer.ts'

const usage = `Usage: npm run audit:verify [-- --after DIGEST]

Computes the chain of the audit log anew, and tells what differs from what was sealed; the exit status is 1 if anything does.
The digest it ends with is worth keeping elsewhere: given to a later run with --after, it shows whether the end was cut off.
Reads the settings of the auth service.`

await main(async () => {
  const { values: { after, help } } = parseArgs({ options: { after: { type: 'string' }, help: { type: 'boolean' } } })
  if (help === true) return console.log(usage)
  const config = loadConfig()
  const pool = await openDatabase(config)
  try {
    const { batches, events, pending, head, problems, digests } = await verifyChain(pool, new Sealer(keyEncryptionKeys(config), config.SEALING_KEY_ID))
    if (after !== undefined && !digests.has(after)) problems.push(`The chain does not go on from ${after}: what came up to there is gone.`)
    for (const problem of problems) console.log(`✗ ${problem}`)
    console.log(`${events} events in ${batches} batches, ${pending} waiting for one. The chain ends with ${head}`)
    if (problems.length > 0) process.exitCode = 1
    else console.log('The audit log is as it was sealed.')
  } finally {
    await pool.end()
  }
})
