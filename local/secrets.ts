import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Secrets {
  postgres_password: string
  daymark_owner_password: string
  auth_service_password: string
  tasks_service_password: string
  daymark_probe_password: string
  key_encryption_keys: string
  cursor_key: string
  web_session_keys: string
  web_private_key: string
  tasks_private_key: string
  /** Of the callers of auth: name:key, name:key. */
  service_public_keys: string
}

const password = () => randomBytes(32).toString('base64url')
const key = () => randomBytes(32).toString('base64')

function serviceKey (name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'),
    publicKey: `${name}:${publicKey.export({ format: 'jwk' }).x}`,
  }
}

/** The secrets of a new installation. */
export function makeSecrets (): Secrets {
  const [web, tasks] = [serviceKey('web'), serviceKey('tasks')]
  return {
    postgres_password: password(),
    daymark_owner_password: password(),
    auth_service_password: password(),
    tasks_service_password: password(),
    daymark_probe_password: password(),
    key_encryption_keys: `local:${key()}`,
    cursor_key: key(),
    web_session_keys: key(),
    web_private_key: web.privateKey,
    tasks_private_key: tasks.privateKey,
    service_public_keys: `${web.publicKey},${tasks.publicKey}`,
  }
}

/**
 * Gives the secrets of this installation, made on its first run and kept in `folder`, readable by its user alone.
 * They open what is in the database: whoever backs up one must back up the other.
 */
export function ensureSecrets (folder: string): Secrets {
  const file = join(folder, 'secrets.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets
  mkdirSync(folder, { recursive: true })
  const secrets = makeSecrets()
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return secrets
}

/** Closes the data folder to others; as root they may pass through it, since PostgreSQL, inside it, is another user. */
export function closeFolder (folder: string) {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
}
