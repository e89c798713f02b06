import { connectionOptions } from '@daymark/kit/database'
import type { TestDatabase } from '@daymark/kit/test-database'
import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** A tenant of many tasks among very many rows of others, and what is theirs that a query can be asked with. */
export interface Crowd {
  user_id: string
  /** Some tasks in no tree; a task with subtasks; some in the trash, the first with a subtask there. */
  tasks: string[]
  parent: string
  trashed: string[]
  list: string
  /** One that half of the tasks carry, and one of a few. */
  label: string
  rareLabel: string
  /** The number of a change of one task, of the first of a group, and of the last. */
  change: number
  group: number
  seq: number
}

/** One client of a superuser, without the time limits of a service. */
async function asSuperuser<T> (database: TestDatabase, work: (run: <R extends pg.QueryResultRow> (text: string, values?: unknown[]) => Promise<R[]>) => Promise<T>): Promise<T> {
  const url = new URL(process.env['TEST_DATABASE_ADMIN_URL'] ?? '')
  url.pathname = `/${database.name}`
  const { query_timeout: _, ...options } = connectionOptions({ DATABASE_URL: url.href, DATABASE_CA_FILE: database.caFile })
  const client = new pg.Client(options)
  await client.connect()
  try {
    return await work(async (text, values) => (await client.query(text, values)).rows as never)
  } finally {
    await client.end()
  }
}

const perNeighbour = 100
/** Tenants with lists and labels, and no task. */
const bare = 3000
const perStatement = 100_000

/**
 * Fills a database with `tasks` of one tenant, and up to `rows` of others. Triggers and foreign keys are off meanwhile, and what the triggers keep is
 * written beside; so are the indexes of the large tables, which are made at the end.
 */
export async function gather (database: TestDatabase, { tasks, rows }: { tasks: number, rows: number }): Promise<Crowd> {
  const user_id = randomUUID()
  return await asSuperuser(database, async (run) => {
    await run("SET session_replication_role = 'replica'")
    await run("SET maintenance_work_mem = '256MB'; SET synchronous_commit = off")
    const indexes = await run<{ name: string, definition: string }>(`
      SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
      WHERE i.indrelid IN ('tasks.tasks'::regclass, 'tasks.task_terms'::regclass, 'tasks.task_labels'::regclass, 'tasks.changes'::regclass) AND NOT i.indisprimary`)
    for (const { name } of indexes) await run(`DROP INDEX ${name}`)

    const neighbours = Math.ceil((rows - tasks) / perNeighbour)
    await run('CREATE TABLE public.tenants AS SELECT n, CASE n WHEN 0 THEN $1::uuid ELSE gen_random_uuid() END AS user_id FROM generate_series(0, $2::integer) n', [user_id, neighbours + bare])
    await run("INSERT INTO auth.users (id, email, email_key, password_hash) SELECT user_id, user_id || '@example.com', user_id || '@example.com', 'none' FROM public.tenants")
    await run('INSERT INTO tasks.accounts (user_id, seq) SELECT user_id, 0 FROM public.tenants')
    await run("INSERT INTO tasks.lists (user_id, id, name, is_inbox) SELECT user_id, gen_random_uuid(), 'List ' || g, g = 0 FROM public.tenants, generate_series(0, 9) g")
    await run("INSERT INTO tasks.labels (user_id, id, name) SELECT user_id, gen_random_uuid(), 'label ' || g FROM public.tenants, generate_series(0, 9) g")
    await run('CREATE TABLE public.of AS SELECT user_id, (SELECT array_agg(id ORDER BY name) FROM tasks.lists l WHERE l.user_id = t.user_id) AS lists, (SELECT array_agg(id ORDER BY name) FROM tasks.labels l WHERE l.user_id = t.user_id) AS labels, n FROM public.tenants t')

    // Others' tasks lie between the tenant's own, as they would if all had been written over the years. The divisors share no factor, so that every mixture is there.
    const total = Math.max(tasks, rows)
    for (let n = 0; n < total; n += perStatement) {
      await run(`
        INSERT INTO tasks.tasks (user_id, id, list_id, title, priority, due_date, start_date, position, label_ids, completed_at, deleted_at, created_at, updated_at)
        SELECT o.user_id, md5($1 || '/' || k)::uuid, o.lists[1 + k / 2 % 10],
          (ARRAY['Buy', 'Call', 'Write', 'Mend'])[1 + k / 3 % 4] || ' ' || (ARRAY['bread', 'mother', 'report', 'fence', 'garden', 'letter', 'bicycle'])[1 + k % 7] || ' item' || k % 4999 || CASE WHEN k % 307 = 7 THEN ' rare' ELSE '' END,
          (ARRAY['none', 'low', 'medium', 'high', 'urgent'])[1 + k / 11 % 5], CASE WHEN k % 3 > 0 THEN date '2026-01-01' + k % 701 END, CASE WHEN k % 13 = 0 THEN date '2026-01-01' + k % 300 END,
          tasks.newest_position(now() - k * interval '1 second'), CASE WHEN k % 2 = 0 THEN o.labels[1:1] WHEN k % 17 = 3 THEN ARRAY[o.labels[2 + k % 9]] ELSE '{}' END,
          CASE WHEN k % 5 < 2 THEN now() - k * interval '1 minute' END, CASE WHEN k % 19 = 4 THEN now() - k * interval '1 second' END, now() - k * interval '1 minute', now() - k * interval '1 minute'
        FROM (
            SELECT g, is_own, CASE WHEN is_own THEN g::bigint * $4 / $5 ELSE $4 + g END::integer AS k
            FROM generate_series($2::integer, $3::integer - 1) g, LATERAL (SELECT (g::bigint + 1) * $4 / $5 > g::bigint * $4 / $5 AS is_own) o
          ) k
          JOIN public.of o ON o.n = CASE WHEN is_own THEN 0 ELSE 1 + g % $6::integer END`,
      [user_id, n, Math.min(n + perStatement, total), tasks, total, Math.max(neighbours, 1)])
    }
    // Of each twenty three are parts of the first.
    await run(`
      WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS r FROM tasks.tasks WHERE user_id = $1)
      UPDATE tasks.tasks t SET parent_id = p.id FROM numbered c JOIN numbered p ON p.r = c.r - c.r % 20 WHERE t.user_id = $1 AND t.id = c.id AND c.r % 20 BETWEEN 1 AND 3`, [user_id])
    await run("INSERT INTO tasks.task_terms (user_id, task_id, term) SELECT user_id, id, term FROM tasks.tasks, unnest(string_to_array(lower(title), ' ')) term WHERE deleted_at IS NULL")
    await run('INSERT INTO tasks.task_labels (user_id, label_id, task_id) SELECT user_id, unnest(label_ids), id FROM tasks.tasks')
    await run(`
      INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id, group_seq)
      SELECT user_id, seq, 'task', id, 'created', '{}', '{"title": "As it was"}', user_id, 'request', CASE WHEN seq BETWEEN 101 AND 150 THEN 101 END
      FROM (SELECT user_id, id, row_number() OVER (PARTITION BY user_id ORDER BY id) AS seq FROM tasks.tasks) t`)
    await run('UPDATE tasks.accounts a SET seq = (SELECT count(*) FROM tasks.changes c WHERE c.user_id = a.user_id)')
    await run(`
      INSERT INTO tasks.idempotency_keys (user_id, key, operation, request_digest, answer, created_at)
      SELECT user_id, 'key ' || g, 'POST /api/:user_id/tasks', sha256(g::text::bytea), '{"body": {"title": "As it was"}}', now() - g * interval '1 minute' FROM public.tenants t, generate_series(1, CASE n WHEN 0 THEN 500 ELSE 5 END) g`)
    for (const { definition } of indexes) await run(definition)
    // Again where a snapshot was held meanwhile, by an automatic ANALYZE for instance: pages not marked visible to all make an index-only scan look dear.
    do await run('VACUUM (ANALYZE) tasks.tasks, tasks.task_terms, tasks.task_labels, tasks.changes, tasks.lists, tasks.labels, tasks.idempotency_keys, tasks.accounts')
    while ((await run("SELECT FROM pg_class WHERE oid = 'tasks.tasks'::regclass AND relallvisible < relpages")).length > 0)

    const idsWhere = async (condition: string) => (await run<{ id: string }>(`SELECT id FROM tasks.tasks t WHERE user_id = $1 AND ${condition} ORDER BY id LIMIT 1000`, [user_id])).map(({ id }) => id)
    const hasBelow = (condition: string) => `EXISTS (SELECT FROM tasks.tasks c WHERE c.user_id = t.user_id AND c.parent_id = t.id AND c.deleted_at IS ${condition})`
    const [list] = await run<{ id: string }>('SELECT id FROM tasks.lists WHERE user_id = $1 AND NOT is_inbox ORDER BY name LIMIT 1', [user_id])
    const [label, rareLabel] = await run<{ id: string }>('SELECT id FROM tasks.labels WHERE user_id = $1 ORDER BY name LIMIT 2', [user_id])
    const [account] = await run<{ seq: string }>('SELECT seq FROM tasks.accounts WHERE user_id = $1', [user_id])
    return {
      user_id,
      tasks: await idsWhere('deleted_at IS NULL AND NOT completed AND parent_id IS NULL'),
      parent: (await idsWhere(`deleted_at IS NULL AND NOT completed AND ${hasBelow('NULL')}`))[0]!,
      trashed: await idsWhere('deleted_at IS NOT NULL'),
      list: list!.id,
      label: label!.id,
      rareLabel: rareLabel!.id,
      change: 20,
      group: 101,
      seq: Number(account!.seq),
    }
  })
}
