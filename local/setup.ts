import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { ensureCertificates } from './certificates.ts'
import { loadLocalConfig } from './config.ts'
import { databaseEnvironment, environmentsOf } from './environments.ts'
import { ensureSecrets } from './secrets.ts'

// The one-shot `setup` of docker-compose.yml: makes what `npm start` makes on its first run, and hands each container
// what is its own, in a volume of its own. What is there already stays; the rest is written again.

const folder = '/secrets'
const { ports } = loadLocalConfig(process.env)
const secrets = ensureSecrets(`${folder}/setup`)
const certificates = await ensureCertificates(`${folder}/setup/tls`)

const databaseCaFile = `${folder}/ca.crt` // as each container sees its volume
const urlOf = (role: string, password: string, database: string) => `postgresql://${role}:${password}@postgres:5432/${database}?sslmode=verify-full`
const passwords = { auth_service: secrets.auth_service_password, tasks_service: secrets.tasks_service_password }
const environments = {
  ...environmentsOf({
    origins: { web: `http://localhost:${ports.WEB_PORT}`, auth: `http://localhost:${ports.AUTH_PORT}`, tasks: `http://localhost:${ports.TASKS_PORT}` },
    addresses: { auth: 'http://auth:3001', tasks: 'http://tasks:3002' },
    authInternal: 'http://auth:3101',
    smtpUrl: 'smtp://mailpit:1025',
    databaseCaFile,
    databaseUrlOf: (role) => urlOf(role, passwords[role], 'daymark'),
  }, secrets),
  migrate: databaseEnvironment({ databaseCaFile, urlOf }, secrets),
}

/** The user `node` of our images; the database's own container reads its files as root first. */
const nodeUser = 1000

function hand (part: string, file: string, write: (path: string) => void, owner: number) {
  const path = `${folder}/${part}/${file}`
  mkdirSync(`${folder}/${part}`, { recursive: true })
  write(path)
  chmodSync(path, 0o400)
  chownSync(path, owner, owner)
}

for (const [part, environment] of Object.entries(environments)) {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`)
  hand(part, 'env', (path) => writeFileSync(path, lines.join(''), { mode: 0o400 }), nodeUser)
  hand(part, 'ca.crt', (path) => copyFileSync(certificates.caFile, path), nodeUser)
}
hand('database', 'password', (path) => writeFileSync(path, secrets.postgres_password, { mode: 0o400 }), 0)
hand('database', 'server.crt', (path) => copyFileSync(certificates.certificateFile, path), 0)
hand('database', 'server.key', (path) => copyFileSync(certificates.keyFile, path), 0)
console.log('Secrets and certificates are in place.')
