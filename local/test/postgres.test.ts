import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { withConnection } from '@daymark/db/connection'
import { ensureCertificates } from '../certificates.ts'
import { findFreePort } from '../ports.ts'
import { removeFolder } from '../postgres-account.ts'
import { startPostgres } from '../postgres.ts'
import { closeFolder, ensureSecrets } from '../secrets.ts'

function makeFolder (t: { teardown: (work: () => void) => void }) {
  const folder = mkdtempSync(join(tmpdir(), 'daymark-postgres-'))
  t.teardown(() => {
    removeFolder(join(folder, 'postgres'))
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

async function optionsIn (folder: string) {
  return {
    folder: join(folder, 'postgres'),
    port: await findFreePort(),
    password: 'a password of the superuser alone',
    certificates: await ensureCertificates(join(folder, 'tls')),
    logFile: join(folder, 'log'),
    disposable: true,
  }
}

t.test('a home that is closed to others stays closed, and PostgreSQL runs nevertheless', { skip: process.getuid?.() === 0 ? false : 'only root runs PostgreSQL as another user' }, async (t) => {
  const home = makeFolder(t)
  chmodSync(home, 0o700)
  const options = await optionsIn(home)
  const server = await startPostgres(options)
  const ca = readFileSync(options.certificates.caFile, 'utf8')
  await withConnection({ url: server.adminUrl, ca }, (client) => client.query('CREATE TABLE kept ()'))
  await server.stop()
  t.equal(statSync(home).mode & 0o777, 0o700)
  t.ok(lstatSync(options.folder).isSymbolicLink())
  const place = readlinkSync(options.folder)

  const again = await startPostgres(options)
  await withConnection({ url: again.adminUrl, ca }, async (client) => t.equal((await client.query('SELECT FROM kept')).rowCount, 0, 'and finds its data again'))
  await again.stop()
  removeFolder(options.folder)
  t.notOk(existsSync(place))
})

t.test('a first start that was interrupted is begun again', async (t) => {
  const folder = makeFolder(t)
  closeFolder(folder)
  const options = await optionsIn(folder)
  const server = await startPostgres(options)
  await server.stop()
  const files = join(options.folder, 'data')
  rmSync(files, { recursive: true })
  writeFileSync(`${files}.new`, 'half')
  await (await startPostgres(options)).stop()
  t.ok(existsSync(files))
})

t.test('a process number that another program has by now does not stop a start, nor is that program stopped', async (t) => {
  const folder = makeFolder(t)
  closeFolder(folder)
  const options = await optionsIn(folder)
  await (await startPostgres(options)).stop()
  writeFileSync(join(options.folder, 'data/postmaster.pid'), `${process.pid}\n${join(options.folder, 'data')}\n1\n1\n\nlocalhost\n1 1\nready\n`)
  await (await startPostgres(options)).stop()
  t.pass('we are still here')
})

t.test('a port that is taken, and a password of another installation, are told', async (t) => {
  const folder = makeFolder(t)
  closeFolder(folder)
  const options = await optionsIn(folder)
  const server = await startPostgres(options)
  t.teardown(() => server.stop())
  await t.rejects(startPostgres({ ...options, folder: join(folder, 'other') }), /PostgreSQL did not start[^]*Address already in use/)
  await server.stop()
  await t.rejects(startPostgres({ ...options, password: 'another' }), /another password than the one kept beside it/)
  await t.rejects(withConnection({ url: server.adminUrl }, (client) => client.query('SELECT 1')), { code: 'ECONNREFUSED' }, 'and it is not left running')
})

t.test('unencrypted connections are refused', async (t) => {
  const folder = makeFolder(t)
  closeFolder(folder)
  const server = await startPostgres(await optionsIn(folder))
  t.teardown(() => server.stop())
  const url = server.adminUrl.replace('verify-full', 'disable')
  await t.rejects(withConnection({ url, allowPlaintext: true }, (client) => client.query('SELECT 1')), /no pg_hba.conf entry.*no encryption/)
})

t.test('certificates stay while they are good, and name this machine', async (t) => {
  const folder = makeFolder(t)
  const { caFile, certificateFile, keyFile } = await ensureCertificates(join(folder, 'tls'))
  const first = readFileSync(certificateFile, 'utf8')
  await ensureCertificates(join(folder, 'tls'))
  t.equal(readFileSync(certificateFile, 'utf8'), first)
  const certificate = new X509Certificate(first)
  for (const name of ['localhost', 'postgres']) t.ok(certificate.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1']) t.ok(certificate.checkIP(address), address)
  t.notOk(certificate.ca)
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  rmSync(caFile)
  await ensureCertificates(join(folder, 'tls'))
  t.not(readFileSync(certificateFile, 'utf8'), first, 'a lost authority means a new one')
})

t.test('secrets are made once, differ, and are nobody else\'s to read', async (t) => {
  const folder = makeFolder(t)
  const secrets = ensureSecrets(folder)
  t.same(ensureSecrets(folder), secrets)
  t.equal(new Set(Object.values(secrets)).size, Object.keys(secrets).length)
  t.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)
})
