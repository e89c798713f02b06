import t from 'tap'
import { migrate } from '../migrate.ts'
import { verify } from '../verify.ts'
import { addressOf, caFile, createEmptyDatabase, createMigratedDatabase, urlFor } from './database.ts'
import { runCommand } from './command.ts'

t.test('a database made by bootstrap and the migrations is what it should be', async (t) => {
  const name = await createEmptyDatabase(t)
  await migrate(addressOf('daymark_owner', name))
  const answer = await runCommand('verify.ts', [], { DAYMARK_ENV: 'development', DATABASE_CA_FILE: caFile, DATABASE_DIRECT_URL: urlFor('daymark_owner', name) })
  t.equal(answer.code, 0, answer.stderr)
  t.notMatch(answer.stdout, '✗')
  t.match(answer.stdout, /✓ row-level security is enabled and forced: \d+ tables\n/)
  t.match(answer.stdout, /✓ privileges are exactly those meant: tasks.changes to tasks_service: SELECT, INSERT\n/)
  t.match(answer.stdout, /\nAll \d+ checks hold.\n$/)
})

t.test('what differs is told, and the command fails', async (t) => {
  const { name, admin } = await createMigratedDatabase(t)
  await admin.query('ALTER TABLE tasks.tasks NO FORCE ROW LEVEL SECURITY')
  const answer = await runCommand('verify.ts', [], { DAYMARK_ENV: 'development', DATABASE_CA_FILE: caFile, DATABASE_DIRECT_URL: urlFor('daymark_owner', name) })
  t.match(answer, { code: 1, stdout: /✗ row-level security is enabled and forced: tasks.tasks: not forced on the owner\n/ })
})

t.test('an empty database is told as such', async (t) => {
  const name = await createEmptyDatabase(t)
  const answer = await runCommand('verify.ts', [], { DAYMARK_ENV: 'development', DATABASE_CA_FILE: caFile, DATABASE_DIRECT_URL: urlFor('daymark_owner', name) })
  t.match(answer, { code: 1, stdout: /✗ the schema is as recorded: the schemas auth and tasks are not there\n/ })
})

const scope = "user_id = current_setting('app.user_id')::uuid"
const newTable = 'CREATE TABLE tasks.notes (user_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (user_id, id)); ALTER TABLE tasks.notes OWNER TO daymark_owner;'

const sabotages: { check: string, by: string }[] = [
  { check: 'row-level security is enabled and forced', by: 'ALTER TABLE tasks.lists DISABLE ROW LEVEL SECURITY' },
  { check: 'row-level security is enabled and forced', by: 'ALTER TABLE tasks.changes NO FORCE ROW LEVEL SECURITY' },
  { check: 'row-level security is enabled and forced', by: newTable },
  { check: 'tenant tables carry user_id', by: 'CREATE TABLE tasks.notes (id uuid PRIMARY KEY)' },
  { check: 'tenants are kept apart by a strict policy', by: 'DROP POLICY tenant ON tasks.tasks' },
  { check: 'tenants are kept apart by a strict policy', by: `ALTER POLICY tenant ON tasks.tasks USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid) WITH CHECK (${scope})` },
  { check: 'tenants are kept apart by a strict policy', by: 'ALTER POLICY tenant ON tasks.tasks WITH CHECK (true)' },
  { check: 'tenants are kept apart by a strict policy', by: `DROP POLICY tenant ON tasks.tasks; CREATE POLICY tenant ON tasks.tasks TO tasks_service USING (${scope})` },
  { check: 'tenants are kept apart by a strict policy', by: `DROP POLICY tenant ON tasks.tasks; CREATE POLICY tenant ON tasks.tasks USING (${scope}) WITH CHECK (${scope})` },
  { check: 'tenants are kept apart by a strict policy', by: 'CREATE POLICY more ON tasks.tasks FOR SELECT TO PUBLIC USING (true)' },
  { check: 'the owner sees every row by a policy of its own', by: 'DROP POLICY owner ON tasks.accounts' },
  { check: 'the owner sees every row by a policy of its own', by: `ALTER POLICY owner ON tasks.accounts USING (${scope})` },
  { check: 'no policy is for anyone else', by: 'CREATE POLICY probe ON tasks.tasks FOR SELECT TO daymark_probe USING (true)' },
  { check: 'primary keys begin with user_id', by: 'ALTER TABLE tasks.changes DROP CONSTRAINT changes_pkey, ADD PRIMARY KEY (seq, user_id)' },
  { check: 'primary keys begin with user_id', by: 'ALTER TABLE tasks.changes DROP CONSTRAINT changes_pkey' },
  { check: 'foreign keys of tenants begin with user_id', by: 'CREATE UNIQUE INDEX lists_id ON tasks.lists (id); ALTER TABLE tasks.tasks ADD CONSTRAINT loose FOREIGN KEY (list_id) REFERENCES tasks.lists (id) ON DELETE CASCADE' },
  { check: 'tenant tables follow tasks.accounts', by: newTable },
  { check: 'tenant tables follow tasks.accounts', by: 'ALTER TABLE tasks.task_terms DROP CONSTRAINT task_terms_task' },
  { check: 'tenant tables follow tasks.accounts', by: `${newTable} ALTER TABLE tasks.notes ADD COLUMN task_id uuid, ADD CONSTRAINT notes_task FOREIGN KEY (user_id, task_id) REFERENCES tasks.tasks (user_id, id) ON DELETE CASCADE` },
  { check: 'only tasks.accounts crosses between the schemas', by: 'ALTER TABLE tasks.lists ADD CONSTRAINT stray FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE' },
  { check: 'foreign keys let go or follow', by: 'ALTER TABLE tasks.tasks DROP CONSTRAINT tasks_list, ADD CONSTRAINT tasks_list FOREIGN KEY (user_id, list_id) REFERENCES tasks.lists (user_id, id)' },
  { check: 'foreign keys let go or follow', by: 'ALTER TABLE tasks.tasks DROP CONSTRAINT tasks_list, ADD CONSTRAINT tasks_list FOREIGN KEY (user_id, list_id) REFERENCES tasks.lists (user_id, id) ON DELETE SET NULL' },
  { check: 'foreign keys are indexed where they point from', by: 'DROP INDEX auth.sessions_user_id' },
  { check: 'foreign keys are indexed where they point from', by: 'DROP INDEX tasks.tasks_list_id; CREATE INDEX ON tasks.tasks (user_id, id, list_id)' },
  { check: 'foreign keys and checks are validated', by: 'ALTER TABLE tasks.tasks ADD CONSTRAINT later CHECK (version > 0) NOT VALID' },
  { check: 'indexes are valid', by: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tasks.tasks_list_id'::regclass" },
  { check: 'views ask as their caller', by: 'CREATE VIEW tasks.open_tasks AS SELECT title FROM tasks.tasks' },
  { check: 'views ask as their caller', by: 'CREATE VIEW public.open_tasks WITH (security_invoker = off) AS SELECT title FROM tasks.tasks' },
  { check: 'there is no materialized view', by: 'CREATE MATERIALIZED VIEW public.titles AS SELECT title FROM tasks.tasks' },
  { check: 'SECURITY DEFINER functions are known and pinned', by: "CREATE FUNCTION tasks.all_titles() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS 'SELECT title FROM tasks.tasks'" },
  { check: 'everything belongs to daymark_owner', by: 'ALTER TABLE tasks.tasks OWNER TO tasks_service' },
  { check: 'everything belongs to daymark_owner', by: 'ALTER SCHEMA auth OWNER TO auth_service' },
  { check: 'our roles have no power of their own', by: 'ALTER ROLE tasks_service BYPASSRLS' },
  { check: 'our roles have no power of their own', by: 'ALTER ROLE daymark_owner SUPERUSER' },
  { check: 'our roles have no power of their own', by: 'GRANT pg_read_all_data TO daymark_probe' },
  { check: 'nobody can become daymark_owner', by: 'GRANT daymark_owner TO tasks_service' },
  { check: 'services create nothing', by: 'GRANT CREATE ON SCHEMA public TO PUBLIC' },
  { check: 'the database is closed to PUBLIC', by: 'DO $$ BEGIN EXECUTE format(\'GRANT TEMP ON DATABASE %I TO PUBLIC\', current_database()); END $$' },
  { check: 'services may connect, and no more', by: 'DO $$ BEGIN EXECUTE format(\'GRANT CREATE ON DATABASE %I TO auth_service\', current_database()); END $$' },
  { check: 'instants are timestamptz(3)', by: 'ALTER TABLE auth.users ADD COLUMN seen_at timestamptz' },
  { check: 'instants are timestamptz(3)', by: 'ALTER TABLE auth.users ADD COLUMN seen_at timestamp(3)' },
  { check: 'the change log is only added to', by: 'GRANT UPDATE (after) ON tasks.changes TO tasks_service' },
  { check: 'the change log is only added to', by: 'GRANT DELETE ON tasks.changes TO tasks_service' },
  { check: 'privileges are exactly those meant', by: 'GRANT USAGE ON SCHEMA auth TO tasks_service' },
  { check: 'privileges are exactly those meant', by: 'GRANT SELECT ON auth.users TO PUBLIC' },
  { check: 'privileges are exactly those meant', by: 'GRANT SELECT (email) ON auth.users TO tasks_service' },
  { check: 'privileges are exactly those meant', by: 'REVOKE INSERT ON tasks.tasks FROM tasks_service' },
  { check: 'privileges are exactly those meant', by: 'GRANT ALL ON migrations.schema_version TO daymark_probe' },
  { check: 'the schema is as recorded', by: 'ALTER TABLE tasks.tasks DROP CONSTRAINT tasks_title_length' },
  { check: 'the schema is as recorded', by: 'ALTER TABLE auth.users ALTER COLUMN display_name SET NOT NULL' },
  { check: 'the schema is as recorded', by: 'DROP INDEX tasks.tasks_by_position' },
  { check: 'the schema is as recorded', by: 'CREATE FUNCTION auth.now() RETURNS timestamptz LANGUAGE sql RETURN pg_catalog.now()' },
  { check: 'migrations are those of this release', by: "UPDATE migrations.schema_version SET md5 = 'edited' WHERE version = 2" },
  { check: 'migrations are those of this release', by: 'DELETE FROM migrations.schema_version WHERE version = (SELECT max(version) FROM migrations.schema_version)' },
  { check: 'migrations are those of this release', by: "INSERT INTO migrations.schema_version (version, name, md5) VALUES (999, 'from-tomorrow', 'x')" },
]

t.test('each sabotage is caught', async (t) => {
  const { admin } = await createMigratedDatabase(t)
  const failing = async () => (await verify(admin)).filter(({ ok }) => !ok)
  t.same(await failing(), [], 'before')
  for (const { check, by } of sabotages) {
    // Roles are shared by all the test files, which never see what is not committed.
    await admin.query('BEGIN')
    await admin.query(by)
    const found = await failing()
    t.ok(found.some((finding) => finding.check === check), `${check}: ${by}`, { found })
    await admin.query('ROLLBACK')
  }
  t.same(await failing(), [], 'after')
})
