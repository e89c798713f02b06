import type { Secrets } from './secrets.ts'

export interface Places {
  /** Where each part is reached: by browsers, and by the other parts. */
  origins: { web: string, auth: string, tasks: string }
  databaseCaFile: string
  databaseUrlOf: (role: 'auth_service' | 'tasks_service') => string
}

/** What each part is told besides its ports: the same on one machine and in containers. */
export function environmentsOf ({ origins, databaseCaFile, databaseUrlOf }: Places, secrets: Secrets) {
  const common = { DAYMARK_ENV: 'development' }
  const database = { DATABASE_CA_FILE: databaseCaFile, DATABASE_NAMED_STATEMENTS: 'true' } // no pooler in between
  return {
    auth: {
      ...common,
      ...database,
      DATABASE_URL: databaseUrlOf('auth_service'),
      AUTH_ISSUER: origins.auth,
      KEY_ENCRYPTION_KEYS: secrets.key_encryption_keys,
      SERVICE_PUBLIC_KEYS: secrets.service_public_keys,
    },
    tasks: {
      ...common,
      ...database,
      DATABASE_URL: databaseUrlOf('tasks_service'),
      AUTH_ISSUER: origins.auth,
      JWKS_URL: `${origins.auth}/.well-known/jwks.json`,
      SERVICE_PRIVATE_KEY: secrets.tasks_private_key,
      CURSOR_KEY: secrets.cursor_key,
    },
    web: {
      ...common,
      PUBLIC_ORIGIN: origins.web,
      AUTH_URL: origins.auth,
      TASKS_URL: origins.tasks,
      SERVICE_PRIVATE_KEY: secrets.web_private_key,
      WEB_SESSION_KEYS: secrets.web_session_keys,
    },
  }
}
