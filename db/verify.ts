import { readFileSync } from 'node:fs'
import type pg from 'pg'
import { readFlags, runAsCommand } from './command.ts'
import { readOwnerAddress } from './config.ts'
import { withConnection } from './connection.ts'
import { readLocaleProblem } from './locale.ts'
import { readApplied, readMigrations } from './migrate.ts'
import { expectedPrivileges, readPrivileges } from './privileges.ts'
import { readSchema } from './schema.ts'

/** One line of the report. `check` names the rule, and stays the same however many lines it gives. */
export interface Finding { check: string, ok: boolean, detail: string }

/** What a rule's query gives for each thing it looked at: what is wrong with it, or null. */
interface Verdict { subject: string, problem: string | null }
interface Rule { check: string, of: string, query: string }

export const schemaFile = `${import.meta.dirname}/schema.txt`

/** Tables of the schema tasks that hold no tenant's data. */
const sharedTables: string[] = []
/** The SECURITY DEFINER functions there may be, as schema.name(argument types). */
const definerFunctions = ['auth.erase_some(uuid,bigint,uuid,integer)', 'tasks.last_changes(uuid[])', 'tasks.purge_trashed(uuid[])']

const list = (names: string[]) => `ARRAY[${names.map((name) => `'${name}'`).join(', ')}]::text[]`
const services = "('auth_service', 'tasks_service', 'daymark_probe')"
const scope = "(user_id = (current_setting('app.user_id'::text))::uuid)"

const tenantTables = `
  tenant AS (
    SELECT c.oid, c.relname, 'tasks.' || c.relname AS name, c.relrowsecurity, c.relforcerowsecurity, a.attnum AS user_id
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'tasks'::regnamespace AND c.relkind IN ('r', 'p') AND 'tasks.' || c.relname <> ALL (${list(sharedTables)})
  )`
const foreignKeys = `
  fk AS (
    SELECT k.*, n.nspname || '.' || c.relname || ' ' || conname AS name, n.nspname AS from_schema, c.relname AS from_table,
           rn.nspname AS to_schema, rc.relname AS to_table
    FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class rc ON rc.oid = confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
    WHERE contype = 'f' AND (n.nspname IN ('auth', 'tasks') OR rn.nspname IN ('auth', 'tasks'))
  ),
  user_column AS (SELECT attrelid, attnum FROM pg_attribute WHERE attname = 'user_id' AND NOT attisdropped)`
/** Every relation and function outside PostgreSQL's own schemas that no extension brought along. */
const notOfExtensions = (catalog: string, oid: string) => `
  NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`

const rules: Rule[] = [
  {
    check: 'tenant tables carry user_id',
    of: 'tables',
    query: `WITH ${tenantTables} SELECT name AS subject, CASE WHEN user_id IS NULL THEN 'has no user_id, and is not known as shared' END AS problem FROM tenant`,
  },
  {
    check: 'row-level security is enabled and forced',
    of: 'tables',
    query: `WITH ${tenantTables} SELECT name AS subject,
      CASE WHEN NOT relrowsecurity THEN 'row-level security is off' WHEN NOT relforcerowsecurity THEN 'not forced on the owner' END AS problem FROM tenant`,
  },
  {
    check: 'tenants are kept apart by a strict policy',
    of: 'tables',
    query: `WITH ${tenantTables},
      policy AS (SELECT polrelid, polcmd, polpermissive, polroles, pg_get_expr(polqual, polrelid) AS seen, pg_get_expr(polwithcheck, polrelid) AS written FROM pg_policy)
      SELECT name AS subject, CASE
        WHEN NOT EXISTS (SELECT FROM policy p WHERE polrelid = tenant.oid AND 'tasks_service'::regrole = ANY (polroles)) THEN 'no policy for tasks_service'
        WHEN EXISTS (SELECT FROM policy p WHERE polrelid = tenant.oid AND ('tasks_service'::regrole = ANY (polroles) OR 0 = ANY (polroles)) AND polpermissive
          AND (0 = ANY (polroles) OR polcmd <> '*' OR seen IS DISTINCT FROM $scope$${scope}$scope$ OR written IS DISTINCT FROM $scope$${scope}$scope$))
          THEN 'a policy for tasks_service or PUBLIC is something else than user_id = current_setting(''app.user_id'')::uuid, read and written'
      END AS problem FROM tenant`,
  },
  {
    check: 'the owner sees every row by a policy of its own',
    of: 'tables',
    query: `WITH ${tenantTables} SELECT name AS subject, CASE WHEN NOT EXISTS (
        SELECT FROM pg_policy WHERE polrelid = tenant.oid AND polroles = ARRAY['daymark_owner'::regrole::oid] AND polcmd = '*' AND polpermissive
        AND pg_get_expr(polqual, polrelid) = 'true' AND coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true'
      ) THEN 'no policy TO daymark_owner USING (true)' END AS problem FROM tenant`,
  },
  {
    check: 'no policy is for anyone else',
    of: 'policies',
    query: `SELECT 'tasks.' || c.relname || ' ' || polname AS subject,
      CASE WHEN NOT polroles <@ ARRAY['tasks_service'::regrole::oid, 'daymark_owner'::regrole::oid]
        THEN 'is for ' || (SELECT string_agg(coalesce(pg_get_userbyid(nullif(role, 0)), 'PUBLIC'), ', ') FROM unnest(polroles) role) END AS problem
      FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE c.relnamespace = 'tasks'::regnamespace`,
  },
  {
    check: 'primary keys begin with user_id',
    of: 'tables',
    query: `WITH ${tenantTables} SELECT name AS subject, CASE
        WHEN k.oid IS NULL THEN 'has no primary key' WHEN k.conkey[1] IS DISTINCT FROM tenant.user_id THEN 'begins otherwise' END AS problem
      FROM tenant LEFT JOIN pg_constraint k ON k.conrelid = tenant.oid AND k.contype = 'p'`,
  },
  {
    check: 'foreign keys of tenants begin with user_id',
    of: 'foreign keys',
    query: `WITH ${foreignKeys} SELECT name AS subject, CASE WHEN f.attnum IS NULL OR t.attnum IS NULL THEN 'does not begin with user_id on both sides' END AS problem
      FROM fk LEFT JOIN user_column f ON f.attrelid = conrelid AND f.attnum = conkey[1]
      LEFT JOIN user_column t ON t.attrelid = confrelid AND t.attnum = confkey[1]
      WHERE from_schema = 'tasks' AND to_schema = 'tasks'`,
  },
  {
    check: 'tenant tables follow tasks.accounts',
    of: 'tables',
    query: `WITH RECURSIVE ${tenantTables}, ${foreignKeys}, following AS (
        SELECT 'tasks.accounts'::regclass::oid AS oid
        UNION SELECT conrelid FROM following JOIN fk ON confrelid = following.oid JOIN user_column u ON attrelid = conrelid AND attnum = conkey[1]
        WHERE from_schema = 'tasks' AND confdeltype = 'c' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = conrelid AND a.attnum = ANY (conkey) AND NOT attnotnull)
      )
      SELECT name AS subject, CASE WHEN oid NOT IN (SELECT oid FROM following)
        THEN 'user_id references neither tasks.accounts nor a table that follows it, ON DELETE CASCADE' END AS problem FROM tenant WHERE relname <> 'accounts'`,
  },
  {
    check: 'only tasks.accounts crosses between the schemas',
    of: 'foreign keys',
    query: `WITH ${foreignKeys} SELECT name AS subject, CASE WHEN NOT (from_schema = 'tasks' AND from_table = 'accounts' AND to_schema = 'auth' AND to_table = 'users')
        THEN 'references ' || to_schema || '.' || to_table END AS problem
      FROM fk WHERE from_schema <> to_schema`,
  },
  {
    check: 'foreign keys let go or follow',
    of: 'foreign keys',
    query: `WITH ${foreignKeys} SELECT name AS subject, CASE
        WHEN confdeltype = 'c' THEN NULL
        WHEN confdeltype <> 'n' THEN 'neither ON DELETE CASCADE nor SET NULL'
        WHEN from_schema = 'tasks' AND (confdelsetcols IS NULL OR conkey[1] = ANY (confdelsetcols)) THEN 'SET NULL names no columns, and would clear user_id' END AS problem
      FROM fk`,
  },
  {
    check: 'foreign keys are indexed where they point from',
    of: 'foreign keys',
    query: `WITH ${foreignKeys} SELECT name AS subject, CASE WHEN NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = conrelid AND indisvalid AND indpred IS NULL
        AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
      ) THEN 'no index begins with its columns' END AS problem FROM fk`,
  },
  {
    check: 'foreign keys and checks are validated',
    of: 'constraints',
    query: `SELECT n.nspname || '.' || c.relname || ' ' || conname AS subject, CASE WHEN NOT convalidated THEN 'is NOT VALID' END AS problem
      FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('auth', 'tasks') AND contype IN ('f', 'c')`,
  },
  {
    check: 'indexes are valid',
    of: 'indexes',
    query: `SELECT indexrelid::regclass::text AS subject, CASE WHEN NOT indisvalid THEN 'was left half-made: drop it and make it again' END AS problem
      FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('auth', 'tasks')`,
  },
  {
    check: 'views ask as their caller',
    of: 'views',
    query: `SELECT c.oid::regclass::text AS subject, CASE WHEN NOT coalesce(
        (SELECT option_value::boolean FROM pg_options_to_table(reloptions) WHERE option_name = 'security_invoker'), false) THEN 'is not security_invoker' END AS problem
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind = 'v' AND nspname NOT IN ('pg_catalog', 'information_schema') AND ${notOfExtensions('pg_class', 'c.oid')}`,
  },
  {
    check: 'there is no materialized view',
    of: 'materialized views',
    query: `SELECT c.oid::regclass::text AS subject, 'keeps rows out of reach of row-level security' AS problem FROM pg_class c
      WHERE relkind = 'm' AND ${notOfExtensions('pg_class', 'c.oid')}`,
  },
  {
    check: 'SECURITY DEFINER functions are known and pinned',
    of: 'functions',
    query: `SELECT p.oid::regprocedure::text AS subject, CASE
        WHEN p.oid::regprocedure::text <> ALL (${list(definerFunctions)}) THEN 'is not on the list of db/verify.ts'
        WHEN NOT EXISTS (SELECT FROM unnest(proconfig) setting WHERE setting LIKE 'search\\_path=%') THEN 'has no search_path of its own' END AS problem
      FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
      WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema') AND ${notOfExtensions('pg_proc', 'p.oid')}`,
  },
  {
    check: 'everything belongs to daymark_owner',
    of: 'objects',
    query: `WITH ours AS (SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname IN ('auth', 'tasks', 'migrations')),
      object AS (
        SELECT 'database ' || datname AS name, datdba AS owner FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT 'schema ' || nspname, nspowner FROM ours
        UNION ALL SELECT c.oid::regclass::text, relowner FROM pg_class c JOIN ours ON ours.oid = relnamespace WHERE relkind <> 'i'
        UNION ALL SELECT p.oid::regprocedure::text, proowner FROM pg_proc p JOIN ours ON ours.oid = pronamespace
      )
      SELECT name AS subject, CASE WHEN owner <> 'daymark_owner'::regrole THEN 'belongs to ' || pg_get_userbyid(owner) END AS problem FROM object`,
  },
  {
    check: 'our roles have no power of their own',
    of: 'roles',
    query: `SELECT rolname AS subject, CASE
        WHEN rolsuper THEN 'is superuser' WHEN rolbypassrls THEN 'bypasses row-level security'
        WHEN rolcreaterole OR rolcreatedb OR rolreplication THEN 'may create roles or databases, or replicate'
        WHEN EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) THEN 'is a member of another role' END AS problem
      FROM pg_roles r WHERE rolname IN ('daymark_owner', 'auth_service', 'tasks_service', 'daymark_probe')`,
  },
  {
    check: 'nobody can become daymark_owner',
    of: 'service roles',
    query: `SELECT rolname AS subject, CASE WHEN pg_has_role(oid, 'daymark_owner', 'MEMBER') THEN 'is a member of daymark_owner' END AS problem
      FROM pg_roles WHERE rolname IN ${services}`,
  },
  {
    check: 'services create nothing',
    of: 'schemas and roles',
    query: `SELECT rolname || ' in ' || nspname AS subject, CASE WHEN has_schema_privilege(r.oid, n.oid, 'CREATE') THEN 'may create' END AS problem
      FROM pg_roles r, pg_namespace n WHERE rolname IN ${services} AND nspname !~ '^pg_(toast|temp)'`,
  },
  {
    check: 'the database is closed to PUBLIC',
    of: 'privileges',
    query: `SELECT privilege AS subject, CASE WHEN EXISTS (
        SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a
        WHERE datname = current_database() AND a.grantee = 0 AND a.privilege_type = privilege) THEN 'is PUBLIC''s' END AS problem
      FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) privilege`,
  },
  {
    check: 'services may connect, and no more',
    of: 'service roles',
    query: `SELECT rolname AS subject, CASE
        WHEN NOT has_database_privilege(oid, current_database(), 'CONNECT') THEN 'may not connect'
        WHEN has_database_privilege(oid, current_database(), 'CREATE') OR has_database_privilege(oid, current_database(), 'TEMPORARY') THEN 'may create schemas or temporary tables' END AS problem
      FROM pg_roles WHERE rolname IN ${services}`,
  },
  {
    check: 'instants are timestamptz(3)',
    of: 'columns',
    query: `SELECT attrelid::regclass || '.' || attname AS subject, CASE WHEN format_type(atttypid, atttypmod) <> 'timestamp(3) with time zone' THEN 'is ' || format_type(atttypid, atttypmod) END AS problem
      FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname IN ('auth', 'tasks') AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)`,
  },
  {
    check: 'the change log is only added to',
    of: 'privileges',
    query: `SELECT privilege AS subject, CASE
        WHEN has_table_privilege('tasks_service', 'tasks.changes', privilege) THEN 'is tasks_service''s'
        WHEN privilege = 'UPDATE' AND has_any_column_privilege('tasks_service', 'tasks.changes', 'UPDATE') THEN 'is tasks_service''s on some column' END AS problem
      FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) privilege`,
  },
]

async function judge (client: pg.ClientBase, { check, of, query }: Rule): Promise<Finding> {
  const { rows } = await client.query<Verdict>(query)
  const wrong = rows.filter(({ problem }) => problem !== null)
  if (wrong.length === 0) return { check, ok: true, detail: `${rows.length} ${of}` }
  return { check, ok: false, detail: wrong.map(({ subject, problem }) => `${subject}: ${problem}`).join('; ') }
}

async function verifyMigrations (client: pg.ClientBase): Promise<Finding[]> {
  const check = 'migrations are those of this release'
  const files = readMigrations()
  const applied = await readApplied(client)
  const findings = files.map(({ version, filename, md5 }) => {
    const row = applied.find((each) => each.version === version)
    const problem = !row ? 'is not applied' : row.md5 !== md5 ? 'was changed after it was applied' : undefined
    return { check, ok: problem === undefined, detail: `${filename} ${problem ?? 'is applied'}` }
  })
  const unknown = applied.filter(({ version }) => version > files.length)
  return [...findings, ...unknown.map(({ version, name }) => ({ check, ok: false, detail: `${version} ${name} is applied, but not of this release` }))]
}

async function verifyLocale (client: pg.ClientBase): Promise<Finding> {
  const problem = await readLocaleProblem(client)
  return { check: 'the locale folds letters of every script', ok: problem === undefined, detail: problem ?? 'it does' }
}

function byObject (lines: string[]) {
  const objects = new Map<string, string[]>()
  for (const line of lines) {
    const [object = '', rest = ''] = line.split(/: (.*)/s)
    objects.set(object, [...objects.get(object) ?? [], rest])
  }
  return objects
}

async function verifySchema (client: pg.ClientBase): Promise<Finding[]> {
  const check = 'the schema is as recorded'
  const recorded = byObject(readFileSync(schemaFile, 'utf8').split(/\r?\n/).filter(Boolean))
  const found = byObject(await readSchema(client))
  return [...new Set([...recorded.keys(), ...found.keys()])].sort().map((object) => {
    const expected = recorded.get(object) ?? []
    const actual = found.get(object) ?? []
    const differences = [
      ...expected.filter((line) => !actual.includes(line)).map((line) => `missing: ${line}`),
      ...actual.filter((line) => !expected.includes(line)).map((line) => `unexpected: ${line}`),
    ]
    return { check, ok: differences.length === 0, detail: `${object}${differences.length > 0 ? `: ${differences.join('; ')}` : `, ${actual.length} lines`}` }
  })
}

async function verifyPrivileges (client: pg.ClientBase): Promise<Finding[]> {
  const check = 'privileges are exactly those meant'
  const found = await readPrivileges(client)
  return [...new Set([...Object.keys(expectedPrivileges), ...Object.keys(found)])].sort().flatMap((object) => {
    const expected = expectedPrivileges[object] ?? {}
    const actual = found[object] ?? {}
    return [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort().map((role) => {
      const ok = expected[role] === actual[role]
      return { check, ok, detail: `${object} to ${role}: ${actual[role] ?? 'nothing'}${ok ? '' : `, but meant is ${expected[role] ?? 'nothing'}`}` }
    })
  })
}

/** Compares the database with what Daymark promises of it, and changes nothing. Any role may ask that can connect. */
export async function verify (client: pg.ClientBase): Promise<Finding[]> {
  const findings = [...await verifyMigrations(client), await verifyLocale(client)]
  const { rows: [schemas] } = await client.query<{ there: boolean }>("SELECT to_regnamespace('auth') IS NOT NULL AND to_regnamespace('tasks') IS NOT NULL AS there")
  if (!schemas?.there) return [...findings, { check: 'the schema is as recorded', ok: false, detail: 'the schemas auth and tasks are not there' }]
  findings.push(...await verifySchema(client))
  for (const rule of rules) findings.push(await judge(client, rule))
  return [...findings, ...await verifyPrivileges(client)]
}

await runAsCommand(import.meta.url, `Usage: npm run db:verify

Tells line by line whether the database is what Daymark promises; the exit status is 1 if anything is not.
Reads DATABASE_DIRECT_URL, DATABASE_CA_FILE and DAYMARK_ENV from the environment.`, async () => {
  readFlags({})
  const findings = await withConnection(readOwnerAddress(process.env), verify, { waitSeconds: 30 })
  for (const { check, ok, detail } of findings) console.log(`${ok ? '✓' : '✗'} ${check}: ${detail}`)
  const wrong = findings.filter(({ ok }) => !ok).length
  console.log(wrong === 0 ? `All ${findings.length} checks hold.` : `${wrong} of ${findings.length} checks do not hold.`)
  if (wrong > 0) process.exitCode = 1
})
