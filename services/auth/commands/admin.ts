import { openDatabase } from '@daymark/kit/database'
import { Problem } from '@daymark/kit/problem'
import { main } from '@daymark/kit/run-service'
import { parseArgs } from 'node:util'
import { keyEncryptionKeys, loadConfig } from '../config.ts'
import { userNotFound } from '../problems.ts'
import { emailKey } from '../src/accounts/email-key.ts'
import { changeUser } from '../src/admin/change-user.ts'
import { findUserId, listUsers } from '../src/admin/queries.ts'
import { AuditLog } from '../src/audit/audit-log.ts'
import { nobody } from '../src/callers/caller.ts'
import { Sealer } from '../src/keys/sealer.ts'

const usage = `Usage: npm run admin -- list
       npm run admin -- grant ADDRESS              make the account an administrator
       npm run admin -- revoke ADDRESS [--force]   make it an ordinary one again; --force: even the last administrator

A change ends the sessions of the account: its owner logs in anew. Works on the database, beside running instances. Reads the
settings of the auth service.`

const roles = { grant: 'admin', revoke: 'user' } as const

/** Who administers, for who runs the service. */
await main(async () => {
  const { positionals: [command = '', ...rest], values: { help, force } } = parseArgs({
    allowPositionals: true, options: { help: { type: 'boolean', default: false }, force: { type: 'boolean', default: false } },
  })
  const [address] = rest
  const isUnderstood = command === 'list' ? rest.length === 0 && !force : Object.hasOwn(roles, command) && rest.length === 1 && (command === 'revoke' || !force)
  if (help || !isUnderstood) {
    if (!help) process.exitCode = 2
    return console.log(usage)
  }
  const config = loadConfig()
  const pool = await openDatabase(config)
  const sealer = new Sealer(keyEncryptionKeys(config), config.SEALING_KEY_ID)
  const audit = new AuditLog({ pool, sealer, log: { warn: () => console.error('What was done is on record, but not sealed yet: an instance will, with its next event.') } })
  try {
    if (address === undefined) {
      const admins = await listUsers(pool, { words: null, status: null, role: 'admin', after: null, limit: 1000 })
      for (const { email, status } of admins) console.log(status === 'disabled' ? `${email}  (disabled)` : email)
      if (admins.length === 0) console.log('There is no administrator. Make one: npm run admin -- grant ADDRESS')
      return
    }
    const id = await findUserId(pool, { email_key: emailKey(address) })
    if (id === null) throw userNotFound({ detail: `Nobody has signed up with ${address}.` })
    const role = roles[command as keyof typeof roles]
    await changeUser({ pool, audit }, { id, role, versions: null, isForced: force }, null, nobody('command'))
    console.log(role === 'admin' ? `${address} is an administrator.` : `${address} is no administrator.`)
    await audit.close()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    process.exitCode = 1
    console.error(`${error.message}. ${error.options.detail ?? ''}${error.slug === 'last-admin' ? ' Or go ahead with --force.' : ''}`)
  } finally {
    await pool.end()
  }
})
