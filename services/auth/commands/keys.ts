import { openDatabase } from '@daymark/kit/database'
import { Problem } from '@daymark/kit/problem'
import { main } from '@daymark/kit/run-service'
import { parseArgs } from 'node:util'
import { keyEncryptionKeys, loadConfig } from '../config.ts'
import { AuditLog } from '../src/audit/audit-log.ts'
import { nobody } from '../src/callers/caller.ts'
import { keyTimes, rotateKeys, withdrawKey } from '../src/keys/change-keys.ts'
import { listSigningKeys } from '../src/keys/queries.ts'
import { resealAll } from '../src/keys/reseal.ts'
import { Sealer } from '../src/keys/sealer.ts'

const usage = `Usage: npm run keys -- list
       npm run keys -- rotate          sign with the next key from now on
       npm run keys -- withdraw KID    in an emergency: refuse whatever the key signed, within two seconds
       npm run keys -- reseal          seal everything anew under SEALING_KEY_ID

Works on the database, beside running instances. Reads the settings of the auth service.`

const whatIsDue = { next: 'may sign from', active: 'replaced from', retired: 'deleted from' }

/** The keys, for who runs the service. */
await main(async () => {
  const { positionals: [command = '', ...rest], values: { help } } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', default: false } } })
  const isUnderstood = command === 'withdraw' ? rest.length === 1 : ['list', 'rotate', 'reseal'].includes(command) && rest.length === 0
  if (help || !isUnderstood) {
    if (!help) process.exitCode = 2
    return console.log(usage)
  }
  const config = loadConfig()
  const pool = await openDatabase(config)
  const sealer = new Sealer(keyEncryptionKeys(config), config.SEALING_KEY_ID)
  const audit = new AuditLog({ pool, sealer, log: { warn: () => console.error('What was done is on record, but not sealed yet: an instance will, with its next event.') } })
  const deps = { pool, config, sealer, audit }
  const occasion = { caller: nobody('command') }
  try {
    if (command === 'reseal') {
      const counts = await resealAll(deps, occasion.caller)
      for (const [kind, { done, left }] of Object.entries(counts)) console.log(`${kind}: ${done} sealed anew, ${left} left`)
      if (Object.values(counts).some(({ left }) => left > 0)) {
        process.exitCode = 1
        console.log('Run it again. What stays left was sealed by an instance that seals under another key, or under a key not among KEY_ENCRYPTION_KEYS: keep the old key until nothing is left.')
      }
      return
    }
    if (command === 'rotate') await rotateKeys(deps, occasion)
    if (command === 'withdraw') await withdrawKey(deps, rest[0] ?? '', occasion)
    for (const { kid, state, state_since: since, due_at: due } of await listSigningKeys(pool, keyTimes(config))) console.log(`${kid}  ${state.padEnd(7)}  since ${since}  ${whatIsDue[state]} ${due}`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    process.exitCode = 1
    console.error(error.options.detail ?? error.message)
  } finally {
    if (command !== 'list') await audit.close()
    await pool.end()
  }
})
