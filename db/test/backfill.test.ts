import t from 'tap'
import { withConnection } from '../connection.ts'
import { migrate } from '../migrate.ts'
import { addressOf, createEmptyDatabase } from './database.ts'

t.test('FR-220: what was written before the migration is found by its words, and what is in the trash is not', async (t) => {
  const database = await createEmptyDatabase(t)
  const address = addressOf('daymark_owner', database)
  await migrate({ ...address, to: 17 })
  const [user, task, trashed] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000003']
  await withConnection(address, async (client) => {
    await client.query("INSERT INTO auth.users (id, email, email_key, password_hash) VALUES ($1, 'a@example.com', 'a@example.com', 'none')", [user])
    await client.query('INSERT INTO tasks.accounts (user_id) VALUES ($1)', [user])
    await client.query("INSERT INTO tasks.tasks (user_id, id, title, description) VALUES ($1, $2, 'Übung, ÜBUNG', 'macht den Meister ' || repeat('x', 100))", [user, task])
    await client.query("INSERT INTO tasks.tasks (user_id, id, title, deleted_at) VALUES ($1, $2, 'Gone', now())", [user, trashed])
  })
  await migrate(address)
  const { rows } = await withConnection(address, (client) => client.query('SELECT task_id, term FROM tasks.task_terms ORDER BY term'))
  t.same(rows, ['den', 'macht', 'meister', 'ubung', 'x'.repeat(60)].map((term) => ({ task_id: task, term })))
})
