import type { Secrets } from './secrets.ts'

type Part = 'web' | 'auth' | 'tasks'

export interface Places {
  /** Where people and their programs reach each part. */
  origins: Record<Part, string>
  /** Where the parts reach each other, if that is elsewhere. */
  addresses?: Record<'auth' | 'tasks', string> | undefined
  /** The auth service's internal listener, as the tasks service reaches it. */
  authInternal: string
  /** Where the auth service hands its mail. */
  smtpUrl: string
  databaseCaFile: string
  databaseUrlOf: (role: 'auth_service' | 'tasks_service') => string
}

/** What each part is told besides its ports: the same on one machine and in containers. */
export function environmentsOf ({ origins, addresses = origins, authInternal, smtpUrl, databaseCaFile, databaseUrlOf }: Places, secrets: Secrets) {
  const common = { DAYMARK_ENV: 'development' } // plain http on localhost
  const database = { DATABASE_CA_FILE: databaseCaFile, DATABASE_NAMED_STATEMENTS: 'true' } // no pooler in between
  return {
    auth: {
      ...common,
      ...database,
      DATABASE_URL: databaseUrlOf('auth_service'),
      AUTH_ISSUER: origins.auth,
      KEY_ENCRYPTION_KEYS: secrets.key_encryption_keys,
      SERVICE_PUBLIC_KEYS: secrets.service_public_keys,
      PUBLIC_ORIGIN: origins.web,
      SMTP_URL: smtpUrl,
      MAIL_FROM: 'Daymark <daymark@localhost>',
    },
    tasks: {
      ...common,
      ...database,
      DATABASE_URL: databaseUrlOf('tasks_service'),
      DATABASE_LISTEN_URL: databaseUrlOf('tasks_service'),
      AUTH_ISSUER: origins.auth,
      JWKS_URL: `${addresses.auth}/.well-known/jwks.json`,
      REVOCATIONS_URL: `${authInternal}/internal/revocations`,
      SERVICE_PRIVATE_KEY: secrets.tasks_private_key,
      CURSOR_KEY: secrets.cursor_key,
    },
    web: {
      ...common,
      PUBLIC_ORIGIN: origins.web,
      AUTH_URL: addresses.auth,
      TASKS_URL: addresses.tasks,
      SERVICE_PRIVATE_KEY: secrets.web_private_key,
      WEB_SESSION_KEYS: secrets.web_session_keys,
    },
  }
}

/** What `db` is told, for bootstrap and for migrations. */
export function databaseEnvironment ({ databaseCaFile, urlOf }: { databaseCaFile: string, urlOf: (role: string, password: string, database: string) => string }, secrets: Secrets) {
  return {
    DAYMARK_ENV: 'development',
    DATABASE_CA_FILE: databaseCaFile,
    DATABASE_ADMIN_URL: urlOf('postgres', secrets.postgres_password, 'postgres'),
    DATABASE_DIRECT_URL: urlOf('daymark_owner', secrets.daymark_owner_password, 'daymark'),
    DAYMARK_OWNER_PASSWORD: secrets.daymark_owner_password,
    AUTH_SERVICE_PASSWORD: secrets.auth_service_password,
    TASKS_SERVICE_PASSWORD: secrets.tasks_service_password,
    DAYMARK_PROBE_PASSWORD: secrets.daymark_probe_password,
  }
}
