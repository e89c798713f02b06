import pg from 'pg'
import { readFlags, runAsCommand } from './command.ts'
import { readAdminSettings, type Passwords, type Role } from './config.ts'
import { withConnection } from './connection.ts'
import { createWithLocale } from './locale.ts'

export interface BootstrapOptions {
  /** A role that may create roles and databases: a superuser, or Neon's console role. */
  adminUrl: string
  ca?: string | undefined
  allowPlaintext?: boolean | undefined
  database?: string
  passwords: Passwords
  waitSeconds?: number
}

/** What each role gets at every log-in; a pooler cannot lose it and a client cannot forget it. */
const roleSettings: Record<Role, Record<string, string>> = {
  // A migration that cannot have its lock gives up, rather than holding up every query behind it.
  daymark_owner: { timezone: 'UTC', lock_timeout: '10s' },
  // Compiling a statement of milliseconds takes longer than running it.
  auth_service: { jit: 'off', timezone: 'UTC', statement_timeout: '5s', idle_in_transaction_session_timeout: '10s' },
  tasks_service: { jit: 'off', timezone: 'UTC', statement_timeout: '5s', idle_in_transaction_session_timeout: '10s' },
  daymark_probe: { timezone: 'UTC', statement_timeout: '5s', idle_in_transaction_session_timeout: '10s', default_transaction_read_only: 'on' },
}
const roles = Object.keys(roleSettings) as Role[]

/** What no role of ours has. INHERIT is off so that a stray GRANT of another role gives nothing unasked. */
const attributes = {
  rolsuper: 'SUPERUSER',
  rolbypassrls: 'BYPASSRLS',
  rolcreatedb: 'CREATEDB',
  rolcreaterole: 'CREATEROLE',
  rolreplication: 'REPLICATION',
  rolinherit: 'INHERIT',
} as const
type RoleRow = { [attribute in keyof typeof attributes]: boolean } & { rolcanlogin: boolean, member_of: string | null }

const name = pg.escapeIdentifier
const literal = pg.escapeLiteral

/** Keeps the passwords out of the server's log and statistics, where the admin may say so (a superuser). */
async function keepStatementsUnlogged (client: pg.ClientBase) {
  const { rows } = await client.query<{ is_superuser: string }>('SHOW is_superuser')
  if (rows[0]?.is_superuser !== 'on') return
  await client.query(`
    SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic';
    SET pg_stat_statements.track_utility = 'off'`)
}

async function findRole (client: pg.ClientBase, role: Role) {
  const { rows } = await client.query<RoleRow>(`
    SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolinherit, rolcanlogin,
           (SELECT string_agg(g.rolname, ', ') FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS member_of
    FROM pg_roles r WHERE rolname = $1`, [role])
  return rows[0]
}

async function makeRole (client: pg.ClientBase, role: Role, password: string) {
  const found = await findRole(client, role)
  if (!found) {
    const without = Object.values(attributes).map((attribute) => `NO${attribute}`).join(' ')
    await client.query(`CREATE ROLE ${name(role)} LOGIN ${without} PASSWORD ${literal(password)}`)
  } else {
    if (found.member_of !== null) {
      throw new Error(`The role ${role} is a member of ${found.member_of}, as roles made in a hosting console are. Drop it and run this again: Daymark makes its own roles by SQL.`)
    }
    // An admin who is no superuser may not even mention an attribute it does not have: name only what differs.
    const without = (Object.keys(attributes) as (keyof typeof attributes)[]).filter((attribute) => found[attribute]).map((attribute) => `NO${attributes[attribute]}`)
    await client.query(`ALTER ROLE ${name(role)} LOGIN ${without.join(' ')} PASSWORD ${literal(password)}`)
  }
  for (const [setting, value] of Object.entries(roleSettings[role])) {
    await client.query(`ALTER ROLE ${name(role)} SET ${name(setting)} = ${literal(value)}`)
  }
}

/**
 * Gives a database its access list: only our four roles connect, and nobody makes temporary tables or schemas but
 * the owner. To be run by the owner or a superuser, also after CREATE DATABASE … TEMPLATE, which does not copy it.
 */
export async function grantDatabase (client: pg.ClientBase, database: string) {
  const services = roles.filter((role) => role !== 'daymark_owner').map(name).join(', ')
  await client.query(`
    REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC, ${services};
    GRANT CONNECT ON DATABASE ${name(database)} TO ${services}`)
}

async function makeDatabase (client: pg.ClientBase, database: string) {
  const { rows } = await client.query<{ owner: string }>(
    'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [database])
  const owner = rows[0]?.owner
  if (owner === undefined) {
    await createWithLocale(client, `CREATE DATABASE ${name(database)} OWNER daymark_owner TEMPLATE template0 ENCODING 'UTF8'`)
  } else if (owner !== 'daymark_owner') {
    await client.query(`ALTER DATABASE ${name(database)} OWNER TO daymark_owner`)
  }
}

/** Runs `work` able to act as daymark_owner, which a superuser always is and Neon's console role must be made. */
async function asMemberOfOwner (client: pg.ClientBase, work: () => Promise<void>) {
  const { rows } = await client.query<{ is_member: boolean }>("SELECT pg_has_role('daymark_owner', 'MEMBER') AS is_member")
  // From PostgreSQL 16 on, whoever makes a role is a member that may grant it, but may not yet SET ROLE to it.
  const superuser = (await client.query<{ is_superuser: string }>('SHOW is_superuser')).rows[0]?.is_superuser === 'on'
  if (!superuser) await client.query('GRANT daymark_owner TO CURRENT_USER')
  await work()
  if (!superuser && !rows[0]?.is_member) await client.query('REVOKE daymark_owner FROM CURRENT_USER')
}

/**
 * Makes the four roles and the database, or brings them to what they should be; running it again changes nothing
 * but the passwords, to those given. Works as superuser and as Neon's console role, on PostgreSQL 15 to 18.
 */
export async function bootstrap ({ adminUrl, ca, allowPlaintext, database = 'daymark', passwords, waitSeconds = 30 }: BootstrapOptions) {
  await withConnection({ url: adminUrl, ca, allowPlaintext }, async (client) => {
    await keepStatementsUnlogged(client)
    await client.query("SELECT pg_advisory_lock(hashtext('daymark bootstrap'))")
    for (const role of roles) await makeRole(client, role, passwords[role])
    await asMemberOfOwner(client, async () => {
      await makeDatabase(client, database)
      await client.query('SET ROLE daymark_owner')
      await grantDatabase(client, database)
      await client.query('RESET ROLE')
    })
  }, { waitSeconds })
}

await runAsCommand(import.meta.url, `Usage: npm run db:bootstrap [-- --database NAME]

Makes the roles ${roles.join(', ')} and the database (daymark, unless named).
Reads DATABASE_ADMIN_URL, DATABASE_CA_FILE, DAYMARK_ENV and the four passwords from the environment.`, async () => {
  const { database } = readFlags({ database: { type: 'string', default: 'daymark' } })
  const { admin, passwords } = readAdminSettings(process.env)
  await bootstrap({ adminUrl: admin.url, ca: admin.ca, allowPlaintext: admin.allowPlaintext, database, passwords })
  console.log(`Roles ${roles.join(', ')} and database ${database} are ready.`)
})
