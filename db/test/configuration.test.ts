import { createConnection, createServer, type AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import t from 'tap'
import { clientSettings, connect } from '../connection.ts'
import { readAdminSettings, readOwnerAddress } from '../config.ts'
import { adminUrl, ca, caFile, urlFor } from './database.ts'
import { runCommand } from './command.ts'

const long = 'a-long-secret-of-more-than-32-bytes-0'

t.test('every wrong and missing name is told together, and no secret with them', async (t) => {
  const answer = await runCommand('bootstrap.ts', [], {
    DAYMARK_ENV: 'prod',
    DATABASE_ADMIN_URL: `postgresql://admin:${long}@localhost/postgres?sslmode=require`,
    DATABASE_CA_FILE: '/nowhere/ca.crt',
    DAYMARK_OWNER_PASSWORD: 'changeme-changeme-changeme-changeme',
    AUTH_SERVICE_PASSWORD: 'short',
    DAYMARK_PROBE_PASSWORD: long,
  })
  t.equal(answer.code, 1)
  for (const line of [
    'DAYMARK_ENV must be one of development, staging, production',
    'DATABASE_ADMIN_URL must say sslmode=verify-full',
    'DATABASE_CA_FILE cannot be read',
    'DAYMARK_OWNER_PASSWORD is a placeholder',
    'AUTH_SERVICE_PASSWORD is shorter than 32 bytes',
    'TASKS_SERVICE_PASSWORD is missing',
  ]) t.match(answer.stderr, line)
  t.notMatch(answer.stderr, long)
})

t.test('database URLs', async (t) => {
  const base = 'postgresql://daymark_owner:p%40ss@db.example.org'
  for (const { why, url, message, allowPlaintext = false } of [
    { why: 'no sslmode', url: `${base}/daymark`, message: /sslmode=verify-full/ },
    { why: 'sslmode=require', url: `${base}/daymark?sslmode=require`, message: /sslmode=verify-full/ },
    { why: 'sslmode=disable', url: `${base}/daymark?sslmode=disable`, message: /sslmode=verify-full/ },
    { why: 'sslmode=prefer, plaintext allowed', url: `${base}/daymark?sslmode=prefer`, message: /not sslmode=prefer/, allowPlaintext: true },
    { why: 'no database', url: `${base}/?sslmode=verify-full`, message: /a role, a host and a database/ },
    { why: 'no role', url: 'postgresql://localhost/daymark?sslmode=verify-full', message: /a role, a host and a database/ },
    { why: 'another protocol', url: 'mysql://a:b@localhost/daymark', message: /postgresql:\/\// },
    { why: 'no URL', url: 'localhost', message: /not a URL/ },
    { why: 'an unknown parameter', url: `${base}/daymark?sslmode=verify-full&sslmod=x`, message: /does not know: sslmod/ },
  ]) t.throws(() => clientSettings({ url, allowPlaintext }), message, `${why} is refused`)

  t.match(clientSettings({ url: `${base}:6432/day%20mark?sslmode=verify-full&channel_binding=require`, ca: 'PEM' }), {
    host: 'db.example.org', port: 6432, user: 'daymark_owner', password: 'p@ss', database: 'day mark', ssl: { ca: 'PEM', rejectUnauthorized: true },
  })
  t.match(clientSettings({ url: `${base}/daymark`, allowPlaintext: true }), { ssl: false, port: 5432 })
})

t.test('plaintext is for development, and a pooler is not for migrations', async (t) => {
  const url = 'postgresql://daymark_owner:x@localhost/daymark'
  t.match(readOwnerAddress({ DAYMARK_ENV: 'development', ALLOW_PLAINTEXT_DATABASE: 'true', DATABASE_DIRECT_URL: url }), { url, allowPlaintext: true })
  t.throws(() => readOwnerAddress({ DAYMARK_ENV: 'production', ALLOW_PLAINTEXT_DATABASE: 'true', DATABASE_DIRECT_URL: url }), /in development only/)
  t.throws(() => readOwnerAddress({ DAYMARK_ENV: 'production', DATABASE_DIRECT_URL: 'postgresql://o:x@ep-cool-pooler.eu.aws.neon.tech/daymark?sslmode=verify-full' }), /names a pooler/)
  t.throws(() => readOwnerAddress({ DAYMARK_ENV: 'production', DATABASE_DIRECT_URL: 'postgresql://daymark_owner:<password>@localhost/daymark?sslmode=verify-full' }), /holds a placeholder/)
  t.throws(() => readAdminSettings({}), /DAYMARK_ENV[^]*DATABASE_ADMIN_URL is missing[^]*DAYMARK_PROBE_PASSWORD is missing/)
})

t.test('the server must prove who it is', { skip: ca ? false : 'the test server is not ours to check' }, async (t) => {
  const elsewhere = new URL(adminUrl)
  elsewhere.hostname = '127.0.0.1'
  await (await connect({ url: elsewhere.href, ca })).end()
  await t.rejects(connect({ url: adminUrl }), /certificate/, 'an unknown authority is refused')

  // The same server under an address that its certificate does not name.
  const port = Number(elsewhere.port)
  const forwarder = createServer((socket) => {
    const server = createConnection(port, 'localhost')
    pipeline(socket, server, () => {})
    pipeline(server, socket, () => {})
  })
  await new Promise<void>((resolve) => { forwarder.listen(0, '::', resolve) })
  t.teardown(() => forwarder.close())
  elsewhere.hostname = '[::ffff:127.0.0.1]'
  elsewhere.port = String((forwarder.address() as AddressInfo).port)
  await t.rejects(connect({ url: elsewhere.href, ca }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'a name that is not in the certificate is refused')
})

t.test('a wrong password is told without a stack', async (t) => {
  const answer = await runCommand('verify.ts', [], { DAYMARK_ENV: 'production', DATABASE_DIRECT_URL: urlFor('daymark_owner', 'postgres', 'wrong'), DATABASE_CA_FILE: caFile })
  t.equal(answer.code, 1)
  t.equal(answer.stderr, 'password authentication failed for user "daymark_owner"\n')
})
