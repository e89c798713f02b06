import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ensureCertificates } from '../../local/certificates.ts'
import { findFreePort } from '../../local/ports.ts'
import { removeFolder } from '../../local/postgres-account.ts'
import { startPostgres } from '../../local/postgres.ts'
import { closeFolder } from '../../local/secrets.ts'
import { bootstrap } from '../bootstrap.ts'
import { connect, withConnection } from '../connection.ts'
import { migrate, readMigrations } from '../migrate.ts'
import { verify } from '../verify.ts'

const password = 'it\'s a "password" of \\ 32 bytes, ä and more'
const passwords = { daymark_owner: password, auth_service: password, tasks_service: password, daymark_probe: password }

const debian = '/usr/lib/postgresql/15/bin'
const servers = [
  { name: 'PostgreSQL 18 from npm', programs: {}, skip: false },
  { name: "Debian's PostgreSQL 15", programs: { programsFolder: debian }, skip: existsSync(debian) ? false : `${debian} is not there: apt-get install postgresql-15` },
]

for (const { name, programs, skip } of servers) {
  t.test(`${name}: the whole way, by a console role as Neon has it and by a superuser`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'daymark-server-'))
    closeFolder(folder)
    t.teardown(() => rmSync(folder, { recursive: true }))
    const certificates = await ensureCertificates(`${folder}/tls`)
    const server = await startPostgres({
      folder: `${folder}/with a space`, port: await findFreePort(), password, certificates, logFile: `${folder}/log`, disposable: true, ...programs,
    })
    t.teardown(async () => {
      await server.stop()
      removeFolder(`${folder}/with a space`)
    })
    const ca = readFileSync(certificates.caFile, 'utf8')
    const urlOf = (role: string, database: string) => {
      const url = new URL(server.adminUrl)
      url.username = role
      url.password = encodeURIComponent(password)
      url.pathname = `/${database}`
      return url.href
    }
    await withConnection({ url: server.adminUrl, ca }, (admin) => admin.query("CREATE ROLE console LOGIN CREATEDB CREATEROLE BYPASSRLS PASSWORD 'console'"))
    const consoleUrl = urlOf('console', 'postgres').replace(/:[^:@]*@/, ':console@')

    for (const { why, adminUrl, database } of [
      { why: 'by the console role', adminUrl: consoleUrl, database: 'daymark' },
      { why: 'by the console role once more', adminUrl: consoleUrl, database: 'daymark' },
      { why: 'by the superuser, on the same database', adminUrl: server.adminUrl, database: 'daymark' },
      { why: 'by the superuser', adminUrl: server.adminUrl, database: 'other' },
    ]) {
      await bootstrap({ adminUrl, ca, database, passwords })
      const owner = { url: urlOf('daymark_owner', database), ca }
      await migrate(owner)
      await migrate({ ...owner, to: 0 })
      t.equal((await migrate(owner)).length, readMigrations().length, why)
      await withConnection(owner, async (client) => {
        t.same((await verify(client)).filter(({ ok }) => !ok), [], `${why}: everything is as it should be`)
      })
    }
    await t.rejects(connect({ url: urlOf('daymark_owner', 'daymark').replace(/:[^:@]*@/, ':wrong@'), ca }), /password authentication failed/)

    await withConnection({ url: server.adminUrl, ca }, (admin) => admin.query('GRANT pg_read_all_data TO tasks_service'))
    await t.rejects(bootstrap({ adminUrl: server.adminUrl, ca, passwords }), /tasks_service is a member of pg_read_all_data.*Drop it/)
    t.notMatch(readFileSync(`${folder}/log`, 'utf8'), password, 'no password is in the log')
  })
}
