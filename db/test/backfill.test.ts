import { readFileSync } from 'node:fs'
import t from 'tap'
import { connect, withConnection } from '../connection.ts'
import { migrate, migrationsFolder } from '../migrate.ts'
import { addressOf, createEmptyDatabase } from './database.ts'

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

/** A database at a version, with accounts and tasks of theirs. */
async function databaseWith (t: Parameters<typeof createEmptyDatabase>[0], to: number, accounts: Array<{ user: string, tasks: Array<{ id: string, title: string, description?: string, trashed?: boolean }> }>) {
  const address = addressOf('daymark_owner', await createEmptyDatabase(t))
  await migrate({ ...address, to })
  await withConnection(address, async (client) => {
    for (const { user, tasks } of accounts) {
      await client.query("INSERT INTO auth.users (id, email, email_key, password_hash) VALUES ($1, $2, $2, 'none')", [user, `${user}@example.com`])
      await client.query('INSERT INTO tasks.accounts (user_id) VALUES ($1)', [user])
      for (const { id, title, description = '', trashed = false } of tasks) {
        await client.query('INSERT INTO tasks.tasks (user_id, id, title, description, deleted_at) VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN now() END)', [user, id, title, description, trashed])
      }
    }
  })
  return address
}

const termsIn = (address: Parameters<typeof connect>[0]) => withConnection(address, async (client) =>
  (await client.query<{ task_id: string, term: string }>('SELECT task_id, term FROM tasks.task_terms ORDER BY task_id, term')).rows.map(({ task_id, term }) => `${Number(task_id.slice(-12))} ${term}`))

t.test('FR-220: what was written before the migration is found by its words, and what is in the trash is not', async (t) => {
  const address = await databaseWith(t, 17, [{
    user: id(1),
    tasks: [{ id: id(2), title: 'Übung, ÜBUNG', description: `macht den Meister ${'x'.repeat(100)}` }, { id: id(3), title: 'Gone', trashed: true }],
  }])
  await migrate(address)
  t.same(await termsIn(address), ['den', 'macht', 'meister', 'ubung', 'x'.repeat(60)].map((term) => `2 ${term}`))
})

const several = [
  { user: id(1), tasks: [{ id: id(2), title: 'हिन्दी ५', description: 'room 12' }, { id: id(3), title: 'Übung 5' }, { id: id(4), title: '٣', trashed: true }] },
  { user: id(5), tasks: [{ id: id(6), title: 'Nothing but letters' }] },
]
const before = ['2 12', '2 room', '2 दी', '2 हिन', '3 5', '3 ubung', '6 but', '6 letters', '6 nothing']
const after = ['2 12', '2 5', '2 room', '2 हिन्दी', '3 5', '3 ubung', '6 but', '6 letters', '6 nothing']

t.test('FR-223: what was written before the migration is found by the words of its script, however often that runs, and the undo gives back what was', async (t) => {
  const address = await databaseWith(t, 19, several)
  t.same(await termsIn(address), before)
  await migrate({ ...address, to: 20 })
  await migrate({ ...address, to: 21 })
  t.same(await termsIn(address), after)
  await withConnection(address, (client) => client.query(readFileSync(`${migrationsFolder}/021.do.mend-terms.sql`, 'utf8')))
  t.same(await termsIn(address), after, 'a second run changes nothing')
  await migrate({ ...address, to: 19 })
  t.same(await termsIn(address), before)
})

t.test('FR-223: the migration waits for a write under way and has its words; who has no such tasks writes on meanwhile', async (t) => {
  const address = await databaseWith(t, 20, several)
  const [writer, other] = [await connect(address), await connect(address)]
  t.teardown(() => Promise.all([writer.end(), other.end()]))
  await writer.query('BEGIN')
  await writer.query('SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE', [id(1)])
  await writer.query("UPDATE tasks.tasks SET title = 'कार्यक्रम ६' WHERE user_id = $1 AND id = $2", [id(1), id(2)])
  const migrated = migrate({ ...address, to: 21 })
  for (;;) {
    const { rows: [waiting] } = await other.query("SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE datname = current_database() AND locktype = 'tuple' AND relation = 'tasks.accounts'::regclass")
    if (waiting) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await other.query('BEGIN')
  await other.query('SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE', [id(5)])
  await other.query("INSERT INTO tasks.tasks (user_id, id, title) VALUES ($1, $2, 'Meanwhile')", [id(5), id(7)])
  await other.query('COMMIT')
  await writer.query('COMMIT')
  await migrated
  t.same(await termsIn(address), ['2 12', '2 6', '2 room', '2 कार्यक्रम', ...after.slice(4), '7 meanwhile'])
})
