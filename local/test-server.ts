import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bootstrap } from '@daymark/db/bootstrap'
import { withConnection } from '@daymark/db/connection'
import { migrate } from '@daymark/db/migrate'
import { ensureCertificates } from './certificates.ts'
import { findFreePort } from './ports.ts'
import { removeFolder } from './postgres-account.ts'
import { startPostgres } from './postgres.ts'

interface Server { adminUrl: string, caFile: string, stop: () => Promise<void> }

const template = 'daymark_template'

async function startEmbedded (folder: string): Promise<Server> {
  const certificates = await ensureCertificates(`${folder}/tls`)
  const place = `${folder}/postgres`
  const server = await startPostgres({
    folder: place,
    port: await findFreePort(),
    password: randomBytes(24).toString('base64url'),
    certificates,
    logFile: `${folder}/postgres.log`,
    disposable: true,
  })
  return {
    adminUrl: server.adminUrl,
    caFile: certificates.caFile,
    async stop () {
      await server.stop()
      removeFolder(place)
    },
  }
}

async function startContainer (folder: string): Promise<Server> {
  const certificates = await ensureCertificates(`${folder}/tls`)
  const { GenericContainer, Wait } = await import('testcontainers')
  const password = randomBytes(24).toString('base64url')
  const container = await new GenericContainer('postgres:17-alpine')
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCopyFilesToContainer([
      { source: certificates.certificateFile, target: '/tls/server.crt' },
      { source: certificates.keyFile, target: '/tls/server.key' },
    ])
    // The files arrive as root's, and the key must be the server's own, whose number differs from image to image.
    .withEntrypoint(['sh', '-c', 'chown -R postgres /tls && chmod 600 /tls/server.key && exec docker-entrypoint.sh postgres "$@"', 'sh'])
    .withCommand(['ssl=on', 'ssl_cert_file=/tls/server.crt', 'ssl_key_file=/tls/server.key', 'max_connections=300', 'fsync=off'].flatMap((setting) => ['-c', setting]))
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start()
  return {
    adminUrl: `postgresql://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres?sslmode=verify-full`,
    caFile: certificates.caFile,
    stop: async () => { await container.stop() },
  }
}

function findServer (env: NodeJS.ProcessEnv): Server | undefined {
  const adminUrl = env['TEST_SERVER_URL']
  if (!adminUrl) return undefined
  return { adminUrl, caFile: env['TEST_SERVER_CA_FILE'] ?? '', stop: async () => {} }
}

/** Makes the migrated database that every test file copies, and leaves no connection to it, or copying would fail. */
async function makeTemplate ({ adminUrl, caFile }: Server, password: string) {
  const ca = caFile ? readFileSync(caFile, 'utf8') : undefined
  const passwords = { daymark_owner: password, auth_service: password, tasks_service: password, daymark_probe: password }
  await withConnection({ url: adminUrl, ca }, (admin) => admin.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`), { waitSeconds: 30 })
  await bootstrap({ adminUrl, ca, database: template, passwords })
  const url = new URL(adminUrl)
  url.username = 'daymark_owner'
  url.password = password
  url.pathname = `/${template}`
  await migrate({ url: url.href, ca })
}

/**
 * Gives the tests a PostgreSQL of their own with the migrated template database: the embedded one, a container with
 * TEST_CONTAINER=1, or the one that TEST_SERVER_URL names (a superuser's URL; TEST_SERVER_CA_FILE beside it).
 */
export async function ensureTestServer (folder: string, env: NodeJS.ProcessEnv) {
  const server = findServer(env) ?? (env['TEST_CONTAINER'] === '1' ? await startContainer(folder) : await startEmbedded(folder))
  const password = randomBytes(24).toString('base64url')
  try {
    await makeTemplate(server, password)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    environment: {
      TEST_DATABASE_ADMIN_URL: server.adminUrl,
      ...(server.caFile ? { TEST_DATABASE_CA_FILE: server.caFile } : {}),
      TEST_DATABASE_TEMPLATE: template,
      TEST_DATABASE_PASSWORD: password,
    },
    stop: server.stop,
  }
}
