import t from 'tap'
import { bootstrap } from '../bootstrap.ts'
import { connect, withConnection } from '../connection.ts'
import { migrate } from '../migrate.ts'
import { verify } from '../verify.ts'
import { addressOf, adminUrl, ca, caFile, createEmptyDatabase, newName, password, passwords } from './database.ts'
import { runCommand } from './command.ts'
import { passwordVariables } from '../config.ts'

t.test('it can be run again, and at the same time', async (t) => {
  const name = await createEmptyDatabase(t)
  await Promise.all([1, 2, 3].map(() => bootstrap({ adminUrl, ca, database: name, passwords })))
  await migrate(addressOf('daymark_owner', name))
  await withConnection(addressOf('daymark_owner', name), async (client) => {
    t.same((await verify(client)).filter(({ ok }) => !ok), [])
  })
})

t.test('the command says what it made, and nothing secret', async (t) => {
  const name = await createEmptyDatabase(t)
  const answer = await runCommand('bootstrap.ts', ['--database', name], {
    DAYMARK_ENV: 'development',
    DATABASE_ADMIN_URL: adminUrl,
    DATABASE_CA_FILE: caFile,
    ...Object.fromEntries(Object.values(passwordVariables).map((variable) => [variable, password])),
  })
  t.match(answer, { code: 0, stdout: new RegExp(`database ${name} are ready`), stderr: '' })
  t.notMatch(answer.stdout, password)
})

t.test('roles get their settings at every log-in', async (t) => {
  const name = await createEmptyDatabase(t)
  await withConnection(addressOf('tasks_service', name), async (client) => {
    const { rows } = await client.query("SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('TimeZone') AS zone")
    t.same(rows, [{ statement: '5s', idle: '10s', zone: 'UTC' }])
  })
  await withConnection(addressOf('daymark_probe', name), async (client) => {
    await t.rejects(client.query('CREATE TABLE public.x ()'), /read-only/)
  })
})

t.test('only our roles connect to the database', async (t) => {
  const name = await createEmptyDatabase(t)
  const stranger = newName()
  await withConnection({ url: adminUrl, ca }, (admin) => admin.query(`CREATE ROLE ${stranger} LOGIN PASSWORD '${password}'`))
  t.teardown(() => withConnection({ url: adminUrl, ca }, (admin) => admin.query(`DROP ROLE ${stranger}`)))
  await t.rejects(connect(addressOf(stranger, name)), /permission denied for database/)
  await (await connect(addressOf('daymark_probe', name))).end()
})

t.test('a database of someone else becomes daymark_owner\'s', async (t) => {
  const name = await createEmptyDatabase(t)
  await withConnection({ url: adminUrl, ca }, (admin) => admin.query(`ALTER DATABASE ${name} OWNER TO CURRENT_USER; GRANT ALL ON DATABASE ${name} TO PUBLIC, tasks_service`))
  await bootstrap({ adminUrl, ca, database: name, passwords })
  await migrate(addressOf('daymark_owner', name))
  await withConnection(addressOf('daymark_owner', name), async (client) => {
    t.same((await verify(client)).filter(({ ok }) => !ok), [])
  })
})
