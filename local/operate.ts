import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { ensureCertificates } from './certificates.ts'
import { root } from './children.ts'
import { type LocalConfig, loadLocalConfig } from './config.ts'
import { environmentsOf } from './environments.ts'
import { ensureSecrets } from './secrets.ts'

// Runs a command of the auth service with that service's settings: those in the environment, or where there are none
// those of the installation that `npm start` made, which has to be running.

async function settingsOf ({ ports, folder }: LocalConfig) {
  if (!existsSync(`${folder}/secrets.json`)) {
    throw new Error(`There is no Daymark in ${folder}: start it with "npm start", or give the settings of the auth service in the environment (DATABASE_URL and those beside it in .env.example).`)
  }
  const secrets = ensureSecrets(folder)
  const { caFile } = await ensureCertificates(`${folder}/tls`)
  return environmentsOf({
    origins: { web: `http://localhost:${ports.WEB_PORT}`, auth: `http://localhost:${ports.AUTH_PORT}`, tasks: `http://localhost:${ports.TASKS_PORT}` },
    authInternal: `http://127.0.0.1:${ports.AUTH_INTERNAL_PORT}`,
    smtpUrl: `smtp://127.0.0.1:${ports.SMTP_PORT}`,
    databaseCaFile: caFile,
    databaseUrlOf: (role) => `postgresql://${role}:${secrets[`${role}_password`]}@localhost:${ports.POSTGRES_PORT}/daymark?sslmode=verify-full`,
  }, secrets).auth
}

try {
  const [file = '', ...parameters] = process.argv.slice(2)
  const settings = process.env['DATABASE_URL'] ? {} : { DATABASE_CONNECT_SECONDS: '3', ...await settingsOf(loadLocalConfig(process.env)) }
  const command = spawn(process.execPath, [`${root}/${file}`, ...parameters], { stdio: 'inherit', env: { ...process.env, ...settings } })
  const [code] = await once(command, 'close') as [number | null]
  process.exitCode = code ?? 1
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
