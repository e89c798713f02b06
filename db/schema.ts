import type pg from 'pg'

/**
 * Describes the schemas auth and tasks, object by object and line by line, in words that are the same on PostgreSQL
 * 15 to 18: `db/schema.txt` holds what the migrations give, so that a drift from it can be told.
 */
export async function readSchema (client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('auth', 'tasks')),
    relations AS (
      SELECT c.*, ours.nspname || '.' || c.relname AS name FROM ours JOIN pg_class c ON c.relnamespace = ours.oid
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    ),
    lines AS (
      SELECT nspname AS object, 0 AS rank, 0 AS place, 'schema' AS line FROM ours
      UNION ALL
      SELECT name, 1, 0, CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
             WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'sequence' END
             || CASE WHEN relrowsecurity THEN ', row-level security' ELSE '' END || CASE WHEN relforcerowsecurity THEN ' forced' ELSE '' END
             || coalesce(', with ' || array_to_string(reloptions, ', '), '')
      FROM relations
      UNION ALL
      SELECT r.name, 2, a.attnum, 'column ' || attname || ' ' || format_type(atttypid, atttypmod)
             || CASE WHEN attnotnull THEN ' not null' ELSE '' END
             || CASE WHEN attcollation NOT IN (0, (SELECT oid FROM pg_collation WHERE collname = 'default')) THEN ' collate ' || attcollation::regcollation ELSE '' END
             || CASE attidentity WHEN '' THEN '' ELSE ' identity' END
             || CASE WHEN d.adbin IS NULL THEN '' WHEN attgenerated = 's' THEN ' generated stored ' WHEN attgenerated = 'v' THEN ' generated virtual ' ELSE ' default ' END || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE r.relkind <> 'S'
      UNION ALL
      SELECT r.name, 3, 0, 'constraint ' || conname || ' ' || pg_get_constraintdef(k.oid)
             || CASE WHEN NOT convalidated THEN ' (not validated)' ELSE '' END
      FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid
      WHERE contype <> 'n' -- PostgreSQL 18 lists NOT NULL here; it stands with the column above
      UNION ALL
      SELECT r.name, 4, 0, 'index ' || regexp_replace(pg_get_indexdef(indexrelid), '^CREATE (UNIQUE )?INDEX (\\S+) ON \\S+ ', '\\1\\2 ')
             || CASE WHEN NOT indisvalid THEN ' (invalid)' ELSE '' END
      FROM relations r JOIN pg_index i ON i.indrelid = r.oid
      UNION ALL
      SELECT r.name, 5, 0, 'policy ' || polname || ' for ' || CASE polcmd WHEN '*' THEN 'all' WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' ELSE 'delete' END
             || CASE WHEN polpermissive THEN '' ELSE ' restrictive' END
             || ' to ' || (SELECT string_agg(coalesce(pg_get_userbyid(nullif(role, 0)), 'PUBLIC'), ', ' ORDER BY role) FROM unnest(polroles) role)
             || coalesce(' using ' || pg_get_expr(polqual, polrelid), '') || coalesce(' with check ' || pg_get_expr(polwithcheck, polrelid), '')
      FROM relations r JOIN pg_policy p ON p.polrelid = r.oid
      UNION ALL
      SELECT r.name, 6, 0, 'trigger ' || pg_get_triggerdef(t.oid) FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT tgisinternal
      UNION ALL
      SELECT r.name, 7, 0, 'definition ' || regexp_replace(pg_get_viewdef(r.oid), '\\s+', ' ', 'g') FROM relations r WHERE relkind IN ('v', 'm')
      UNION ALL
      SELECT ours.nspname || '.' || proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', 8, 0,
             'function returns ' || pg_get_function_result(p.oid) || CASE WHEN prosecdef THEN ' security definer' ELSE '' END
             || coalesce(' set ' || array_to_string(proconfig, ', '), '') || ' body ' || md5(coalesce(prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), ''))
      FROM ours JOIN pg_proc p ON p.pronamespace = ours.oid AND prokind <> 'a'
      UNION ALL
      SELECT ours.nspname || '.' || typname, 9, 0, CASE typtype WHEN 'e' THEN 'enum ' || (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = y.oid) ELSE 'domain ' || format_type(typbasetype, typtypmod) END
      FROM ours JOIN pg_type y ON y.typnamespace = ours.oid AND typtype IN ('e', 'd')
    )
    SELECT object || ': ' || line AS line FROM lines ORDER BY object COLLATE "C", rank, place, line COLLATE "C"`)
  return rows.map(({ line }) => line)
}
