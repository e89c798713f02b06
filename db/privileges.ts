import type pg from 'pg'

/** Who may do what, beside the owner: by object, then by role. Whatever is not said here must not be granted. */
export const expectedPrivileges: Record<string, Record<string, string>> = {
  'schema auth': { auth_service: 'USAGE', daymark_probe: 'USAGE' },
  'schema tasks': { tasks_service: 'USAGE', daymark_probe: 'USAGE' },
  'auth.users': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'auth.sessions': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'auth.signing_keys': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'auth.revocation_feed': { auth_service: 'SELECT, UPDATE (position)' },
  'auth.revocations': { auth_service: 'SELECT, INSERT, DELETE' },
  'auth.one_time_tokens': { auth_service: 'SELECT, INSERT, DELETE' },
  'auth.outbox': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'auth.login_back_offs': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'auth.audit_events': { auth_service: 'SELECT, INSERT' },
  'auth.audit_origins': { auth_service: 'SELECT, INSERT' },
  'auth.audit_pending': { auth_service: 'SELECT, INSERT, DELETE' },
  'auth.audit_batches': { auth_service: 'SELECT, INSERT' },
  'auth.limits': { auth_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'tasks.accounts': { tasks_service: 'SELECT, INSERT, UPDATE (seq)' },
  'tasks.lists': { tasks_service: 'SELECT, INSERT, UPDATE' },
  'tasks.labels': { tasks_service: 'SELECT, INSERT, UPDATE' },
  'tasks.idempotency_keys': { tasks_service: 'SELECT, INSERT, UPDATE, DELETE' },
  'tasks.task_labels': { tasks_service: 'SELECT, INSERT, DELETE' },
  'tasks.task_terms': { tasks_service: 'SELECT, INSERT, DELETE' },
  'function tasks.words_of': { tasks_service: 'EXECUTE' },
  'function tasks.words_apart': { tasks_service: 'EXECUTE' },
  'function tasks.folded_digits': { tasks_service: 'EXECUTE' },
  'function tasks.newest_position': { tasks_service: 'EXECUTE' },
  'function tasks.folded': { tasks_service: 'EXECUTE' },
  'function auth.erase_some': { auth_service: 'EXECUTE' },
  'function tasks.purge_trashed': { tasks_service: 'EXECUTE' },
  'function tasks.last_changes': { tasks_service: 'EXECUTE' },
  'tasks.tasks': { tasks_service: 'SELECT, INSERT, UPDATE' },
  'tasks.changes': { tasks_service: 'SELECT, INSERT' },
}

const order = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN', 'USAGE', 'CREATE', 'EXECUTE']

interface Grant { object: string, grantee: string, privilege: string, columns: string | null }

/**
 * Reads what is granted on our schemas and everything in them to anyone but the owner, in the form of
 * `expectedPrivileges`; `PUBLIC` is a role here too. Functions count where they are more than everybody's.
 */
export async function readPrivileges (client: pg.ClientBase): Promise<Record<string, Record<string, string>>> {
  const { rows } = await client.query<Grant>(`
    WITH ours AS (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname IN ('auth', 'tasks', 'migrations')),
    grants AS (
      SELECT 'schema ' || nspname AS object, a.grantee, a.privilege_type, NULL AS column_name
      FROM ours, aclexplode(nspacl) a WHERE a.grantee <> nspowner
      UNION ALL
      SELECT ours.nspname || '.' || relname, a.grantee, a.privilege_type, NULL
      FROM ours JOIN pg_class c ON c.relnamespace = ours.oid, aclexplode(relacl) a WHERE a.grantee <> relowner
      UNION ALL
      SELECT ours.nspname || '.' || relname, a.grantee, a.privilege_type, attname::text
      FROM ours JOIN pg_class c ON c.relnamespace = ours.oid JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(attacl) a
      WHERE a.grantee <> relowner AND NOT attisdropped
      UNION ALL
      SELECT 'function ' || ours.nspname || '.' || proname, a.grantee, a.privilege_type, NULL
      FROM ours JOIN pg_proc p ON p.pronamespace = ours.oid,
           aclexplode(coalesce(proacl, acldefault('f', proowner))) a
      WHERE a.grantee <> proowner
    )
    SELECT object, coalesce(pg_get_userbyid(nullif(grantee, 0)), 'PUBLIC') AS grantee, privilege_type AS privilege,
           string_agg(column_name, ', ' ORDER BY column_name) AS columns
    FROM grants GROUP BY object, grantee, privilege_type, column_name IS NULL ORDER BY object, grantee`)
  rows.sort((a, b) => order.indexOf(a.privilege) - order.indexOf(b.privilege))

  const found: Record<string, Record<string, string>> = {}
  for (const { object, grantee, privilege, columns } of rows) {
    const byRole = found[object] ??= {}
    const told = columns === null ? privilege : `${privilege} (${columns})`
    byRole[grantee] = byRole[grantee] === undefined ? told : `${byRole[grantee]}, ${told}`
  }
  return found
}
