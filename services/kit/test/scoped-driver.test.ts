import t from 'tap'
import { Type } from '@sinclair/typebox'
import { randomUUID } from 'node:crypto'
import { BackendTerminatedError, type CommonQueryMethods, createSqlTag, SchemaValidationError, sql, StatementTimeoutError, UniqueIntegrityConstraintViolationError } from 'slonik'
import { isDatabaseAway } from '../src/database.ts'
import { row } from '../src/row.ts'
import { asUser, asWriter } from '../src/scope.ts'
import { createTestDatabase } from '../src/test-database.ts'
import { addTenant, addTenants, anything, codeOf, openPool, owned, refusal } from './tenants.ts'
import { startWire } from './wire.ts'

const database = await createTestDatabase(t)
const [ada, bob] = await addTenants(database, 2) as [string, string]

// No statement here says whose rows it wants: row-level security alone tells.
const allTasks = sql.type(owned)`SELECT user_id FROM tasks.tasks`
const allTasksPrepared = sql.prepared('all_tasks', owned)`SELECT user_id FROM tasks.tasks WHERE version > ${0}`
const advance = sql.type(owned)`UPDATE tasks.accounts SET seq = seq + 1 RETURNING user_id`
const divideByZero = sql.type(anything)`SELECT 1 / 0`
const pid = row(Type.Object({ pid: Type.Integer() }))
const ownPid = sql.type(pid)`SELECT pg_backend_pid() AS pid`

const owners = (rows: ReadonlyArray<{ user_id: string }>) => [...new Set(rows.map(({ user_id }) => user_id))]
const settings = [{ named: false }, { named: true }]
const called = ({ named }: { named: boolean }) => named ? 'named statements' : 'unnamed statements'

for (const setting of settings) {
  t.test(`FR-030: scope, lock and statement are one round trip, with ${called(setting)}`, async (t) => {
    const wire = await startWire(t, database)
    const pool = await openPool(t, database, { url: wire.url, ...setting })
    const isOneTrip = async (work: () => Promise<unknown>, fromClient: string, what: string) => {
      wire.clear()
      await work()
      t.match(wire.messages.join(''), new RegExp(`^${fromClient}(<[^Z])+<Z$`), what)
    }
    const read = () => asUser(ada, () => pool.any(allTasks))
    const readPrepared = () => asUser(ada, () => pool.any(allTasksPrepared))
    const write = () => asWriter(ada, () => pool.any(advance))
    await pool.any(ownPid) // connects
    // C, P, B, E: close what had the name, parse it, bind and execute, for a prelude; D: describe, in the statement itself, until it is known what one of that name gives; S: Sync, after which the client waits; <Z: the answer's end.
    await isOneTrip(read, setting.named ? 'CPBEPBDES' : 'PBEPBDES', 'a read')
    await isOneTrip(readPrepared, setting.named ? 'BECPBDES' : 'PBEPBDES', 'a prepared read')
    await isOneTrip(write, setting.named ? 'BECPBEPBDES' : 'PBEPBEPBDES', 'a write')
    await isOneTrip(read, setting.named ? 'BEPBDES' : 'PBEPBDES', 'a read again')
    await isOneTrip(readPrepared, setting.named ? 'BEBES' : 'PBEPBDES', 'a prepared read again')
    await isOneTrip(write, setting.named ? 'BEBEPBDES' : 'PBEPBEPBDES', 'a write again')
    t.ok(wire.parsed.every((statement) => statement.startsWith(':')) || setting.named)
  })

  t.test(`FR-031: without a scope tenant data is an error, never all rows and never none, with ${called(setting)}`, async (t) => {
    const pool = await openPool(t, database, setting)
    const unscoped = async (when: string) => {
      for (const statement of [allTasks, allTasksPrepared]) {
        const code = codeOf(await refusal(pool.any(statement)))
        t.ok(['42704', '22P02'].includes(code ?? ''), `${when}: ${code}`)
      }
      t.ok(await refusal(pool.any(advance)), `${when}: a write`)
    }
    await unscoped('on a fresh connection')
    await asUser(ada, () => pool.any(allTasks))
    await unscoped('after another statement in scope')
    await pool.connect(async (connection) => {
      const { pid: before } = await connection.one(ownPid)
      await asUser(ada, () => connection.any(allTasksPrepared))
      await refusal(connection.any(allTasksPrepared))
      await asWriter(ada, () => connection.any(advance))
      t.ok(await refusal(connection.any(allTasks)), 'on the very connection that just had a scope')
      await asUser(ada, () => connection.transaction((tx) => tx.any(allTasks)))
      t.ok(await refusal(connection.any(allTasks)), 'after a transaction in scope')
      t.equal((await connection.one(ownPid)).pid, before)
    })
    t.ok(await refusal(pool.transaction((tx) => tx.any(allTasks))), 'in a transaction')
    t.ok(await refusal(asUser('', () => pool.any(allTasks))), 'an empty user id')
    t.same(await asUser(randomUUID(), () => pool.any(allTasks)), [], 'a user without rows has none')
  })
}

t.test('FR-032: the scope is the one a statement was made in, wherever it is sent from', async (t) => {
  const wire = await startWire(t, database)
  wire.holdReady() // after an error the next statement must wait for ReadyForQuery, and is sent from the socket's own context
  const pool = await asUser(ada, () => openPool(t, database, { url: wire.url })) // opens the socket in the scope of someone
  await pool.connect(async (connection) => {
    for (const [first, second] of [[ada, bob], [bob, ada]] as const) {
      await asUser(first, () => refusal(connection.any(divideByZero)))
      t.same(owners(await asUser(second, () => connection.any(allTasks))), [second])
      await asUser(first, () => refusal(connection.any(divideByZero)))
      t.ok(await refusal(connection.any(allTasks)), 'and none stays none')
    }
  })
})

t.test('FR-033: a connection left inside a transaction is destroyed, and its user is told', async (t) => {
  const pool = await openPool(t, database)
  const { pid: first } = await pool.one(ownPid)
  const title = randomUUID()
  const left = pool.connect(async (connection) => asUser(ada, async () => {
    await connection.query(sql.type(anything)`START TRANSACTION`)
    await connection.query(sql.type(anything)`UPDATE tasks.tasks SET title = ${title}`)
  }))
  t.match(await refusal(left), { message: 'A connection was released inside a transaction' })
  t.not((await pool.one(ownPid)).pid, first)
  t.same(await database.asSuperuser('SELECT 1 FROM tasks.tasks WHERE title = $1', [title]), [], 'what it did is undone')

  const { pid: second } = await pool.one(ownPid)
  await refusal(pool.connect((connection) => connection.query(sql.type(anything)`BEGIN`).then(() => refusal(connection.any(divideByZero)))))
  t.not((await pool.one(ownPid)).pid, second, 'so is one left in a failed transaction')

  const { pid: third } = await pool.one(ownPid)
  await pool.connect((connection) => connection.any(allTasks).catch(() => {}))
  t.equal((await pool.one(ownPid)).pid, third, 'one that is idle is kept')
})

t.test('FR-033: a transaction is scoped once, and its control statements never', async (t) => {
  const wire = await startWire(t, database)
  const pool = await openPool(t, database, { url: wire.url })
  await pool.any(ownPid)
  wire.clear()
  await asWriter(ada, () => pool.transaction(async (tx) => {
    t.same(owners(await tx.any(allTasks)), [ada])
    await tx.transaction((nested) => nested.any(advance))
  }))
  t.same(wire.parsed, [
    ': START TRANSACTION',
    ": SELECT set_config('app.user_id', $1, true)",
    `: ${'SELECT FROM tasks.accounts WHERE user_id = $1 FOR UPDATE'}`,
    ': SELECT user_id FROM tasks.tasks',
    ': SAVEPOINT slonik_savepoint_1',
    ': UPDATE tasks.accounts SET seq = seq + 1 RETURNING user_id',
    ': COMMIT',
  ])
})

t.test('FR-033: a transaction control statement is known behind comments and blanks, too', async (t) => {
  const pool = await openPool(t, database)
  await pool.connect(async (connection) => {
    await asUser(bob, () => connection.transaction((tx) => tx.any(allTasks)))
    await asUser(ada, () => connection.query(sql.type(anything)`/* why */ -- and how
      bEGIN`))
    t.match(await refusal(asUser(bob, () => connection.any(allTasks))), { message: 'The scope changed inside a transaction' })
    t.same(owners(await asUser(ada, () => connection.any(allTasks))), [ada])
    await asUser(ada, () => refusal(connection.any(divideByZero)))
    await asUser(ada, () => connection.query(sql.type(anything)`/* in a failed transaction */ ROLLBACK`))
    t.same(owners(await asUser(bob, () => connection.any(allTasks))), [bob])
  })
})

t.test('FR-033: a failing transaction reports its own error, and the next one starts clean', async (t) => {
  for (const named of [false, true]) {
    const wire = await startWire(t, database)
    const pool = await openPool(t, database, { url: wire.url, named })
    wire.holdReady()
    const fail = (statement: typeof divideByZero) => refusal(asUser(ada, () => pool.transaction(async (tx) => {
      await tx.any(allTasks)
      await tx.any(statement)
    })))
    t.equal(codeOf(await fail(divideByZero)), '22012')
    t.match(await refusal(asUser(ada, () => pool.transaction(async () => { throw new Error('mine') }))), { message: 'mine' })
    t.equal(codeOf(await refusal(asWriter('no-uuid', () => pool.transaction((tx) => tx.any(allTasks))))), '22P02', 'of its prelude')
    t.same(owners(await asUser(bob, () => pool.transaction((tx) => tx.any(allTasks)))), [bob])
    await asUser(ada, () => pool.transaction(async (tx) => {
      t.equal(codeOf(await refusal(tx.transaction((nested) => nested.any(divideByZero)))), '22012')
      t.same(owners(await tx.any(allTasks)), [ada], 'a savepoint brings the scope back')
    }))
  }
})

t.test('FR-033: a statement lost inside a transaction is not run again in it, and says so itself', async (t) => {
  const wire = await startWire(t, database)
  const pool = await openPool(t, database, { url: wire.url, named: true })
  wire.holdReady()
  await pool.connect(async (connection) => {
    await asUser(ada, () => connection.any(allTasksPrepared))
    await connection.query(sql.type(anything)`DEALLOCATE ALL`)
    const error = await refusal(asUser(ada, () => connection.transaction((tx) => tx.any(allTasksPrepared))))
    t.equal(codeOf(error), '26000')
    t.same(owners(await asUser(bob, () => connection.transaction((tx) => tx.any(allTasksPrepared)))), [bob])
  })
})

t.test('FR-032: the scope cannot change inside a transaction', async (t) => {
  const pool = await openPool(t, database)
  const inside = (outer: (work: () => Promise<unknown>) => Promise<unknown>, inner: (work: () => Promise<unknown>) => Promise<unknown>) =>
    refusal(outer(() => pool.transaction((tx) => inner(() => tx.any(allTasks)))))
  const message = 'The scope changed inside a transaction'
  t.match(await inside((work) => asUser(ada, work), (work) => asUser(bob, work)), { message })
  t.match(await inside((work) => asUser(ada, work), (work) => asWriter(ada, work)), { message }, 'a lock would come too late')
  t.match(await inside((work) => work(), (work) => asUser(bob, work)), { message })
})

for (const setting of settings) {
  t.test(`FR-032: an error in a prelude harms no later statement, with ${called(setting)}`, async (t) => {
    const pool = await openPool(t, database, setting)
    await pool.connect(async (connection) => { // on one connection, which Slonik would otherwise throw away
      const { pid: before } = await connection.one(ownPid)
      t.equal(codeOf(await refusal(asWriter('no-uuid', () => connection.any(allTasksPrepared)))), '22P02', 'the lock is refused')
      t.equal(codeOf(await refusal(asUser('\0', () => connection.any(allTasksPrepared)))), '22021', 'the scope is refused')
      for (let time = 1; time <= 2; time++) {
        t.same(owners(await asWriter(ada, () => connection.any(advance))), [ada], 'the lock works afterwards')
        t.same(owners(await asUser(bob, () => connection.any(allTasksPrepared))), [bob], 'so does the statement, by its name')
        t.same(owners(await asUser(bob, () => connection.transaction((tx) => tx.any(allTasksPrepared)))), [bob], 'also in a transaction')
      }
      t.equal((await connection.one(ownPid)).pid, before)
    })
  })

  t.test(`an error of the statement itself undoes its preludes, and harms no later statement, with ${called(setting)}`, async (t) => {
    const pool = await openPool(t, database, setting)
    const divide = (by: number) => sql.prepared('divide', anything)`SELECT 1 / ${by}::integer AS quotient FROM tasks.accounts`
    await pool.connect(async (connection) => {
      t.equal(codeOf(await refusal(asWriter(ada, () => connection.any(divide(0))))), '22012')
      t.same(await asWriter(ada, () => connection.any(divide(1))), [{ quotient: 1 }])
      t.equal(codeOf(await refusal(asWriter(ada, () => connection.any(divide(0))))), '22012')
      t.ok(await refusal(connection.any(allTasks)))
    })
    const mistaken = sql.prepared('mistaken', anything)`SELECT no_such_column FROM tasks.tasks`
    await pool.connect(async (connection) => {
      for (let time = 1; time <= 2; time++) t.equal(codeOf(await refusal(asUser(ada, () => connection.any(mistaken)))), '42703', 'its own error, each time')
    })
  })
}

t.test('one name with two texts is an error, never the other text\'s rows', async (t) => {
  const pool = await openPool(t, database, { named: true })
  await pool.connect(async (connection) => {
    await asUser(ada, () => connection.any(sql.prepared('twice', anything)`SELECT title FROM tasks.tasks`))
    const other = () => connection.any(sql.prepared('twice', anything)`SELECT name FROM tasks.lists`)
    t.match(await refusal(asUser(ada, other)), { message: /stands for another statement/ })
    t.same(await asUser(ada, other), [{ name: 'Inbox' }], 'and is then parsed anew')
  })
})

t.test('26000: a statement deallocated behind our back is run again, once and unnamed', async (t) => {
  const wire = await startWire(t, database)
  const pool = await openPool(t, database, { url: wire.url, named: true })
  const write = sql.prepared('advance', owned)`UPDATE tasks.accounts SET seq = seq + ${1} RETURNING user_id`
  const seq = async () => Number((await database.asSuperuser<{ seq: string }>('SELECT seq FROM tasks.accounts WHERE user_id = $1', [ada]))[0]!.seq)
  await pool.connect(async (connection) => {
    const before = await seq()
    await asWriter(ada, () => connection.any(write))
    await asUser(ada, () => connection.any(allTasksPrepared))
    for (const lost of [sql.type(anything)`DEALLOCATE ALL`, sql.type(anything)`DEALLOCATE daymark_scope`, sql.type(anything)`DEALLOCATE daymark_lock`, sql.type(anything)`DEALLOCATE advance`]) {
      await connection.query(lost)
      wire.clear()
      t.same(owners(await asWriter(ada, () => connection.any(write))), [ada], lost.sql)
      t.equal(wire.messages.filter((type) => type === 'S').length, 2, 'two attempts')
      t.ok(wire.parsed.includes(': UPDATE tasks.accounts SET seq = seq + $1 RETURNING user_id'))
      await asWriter(ada, () => connection.any(write))
      wire.clear()
      await asWriter(ada, () => connection.any(write))
      t.equal(wire.messages.filter((type) => type === 'S').length, 1, 'and then as ever')
      t.same(wire.parsed, [])
      t.same(owners(await asUser(bob, () => connection.any(allTasksPrepared))), [bob])
      t.same(owners(await asUser(bob, () => connection.any(allTasks))), [bob], 'also a statement that has no name')
    }
    t.equal(await seq(), before + 1 + 4 * 3, 'no write was made twice')
  })
})

t.test('26000: a statement without a name is run again when its preludes were lost', async (t) => {
  const pool = await openPool(t, database, { named: true })
  await pool.connect(async (connection) => {
    await asUser(ada, () => connection.any(allTasks))
    await connection.query(sql.type(anything)`DEALLOCATE ALL`)
    t.same(owners(await asUser(ada, () => connection.any(allTasks))), [ada])
  })
})

t.test('0A000: a plan that a migration made stale is run again, unnamed', async (t) => {
  const wire = await startWire(t, database)
  const pool = await openPool(t, database, { url: wire.url, named: true })
  const seqs = sql.prepared('seqs', anything)`SELECT seq FROM tasks.accounts`
  await pool.connect(async (connection) => {
    await asUser(ada, () => connection.any(seqs))
    await database.asSuperuser('ALTER TABLE tasks.accounts ALTER COLUMN seq TYPE numeric')
    t.teardown(() => database.asSuperuser('ALTER TABLE tasks.accounts ALTER COLUMN seq TYPE bigint'))
    wire.clear()
    t.equal((await asUser(ada, () => connection.any(seqs))).length, 1)
    t.equal(wire.messages.filter((type) => type === 'S').length, 2, 'two attempts')
    await asUser(ada, () => connection.any(seqs))
    wire.clear()
    t.equal((await asUser(ada, () => connection.any(seqs))).length, 1)
    t.equal(wire.messages.filter((type) => type === 'S').length, 1, 'and then as ever')
  })
})

t.test('a name that a pooler gave another shape is described anew, and no row is read by the old one', async (t) => {
  const pool = await openPool(t, database, { named: true })
  const numbers = sql.prepared('numbers', anything)`SELECT * FROM public.numbers`
  await database.asSuperuser('CREATE TABLE public.numbers AS SELECT 1 AS one')
  await database.asSuperuser('GRANT SELECT ON public.numbers TO PUBLIC')
  await pool.connect(async (connection) => {
    t.same(await connection.any(numbers), [{ one: 1 }])
    await database.asSuperuser('ALTER TABLE public.numbers ADD COLUMN two integer DEFAULT 2')
    await connection.query(sql.type(anything)`DEALLOCATE numbers`)
    await connection.query(sql.type(anything)`PREPARE numbers AS SELECT * FROM public.numbers`)
    t.match(await refusal(connection.any(numbers)), { message: /other columns/ })
    t.same(await connection.any(numbers), [{ one: 1, two: 2 }])
  })
})

t.test('COPY and streams are refused, and leave the connection usable', async (t) => {
  const pool = await openPool(t, database)
  await asUser(ada, () => pool.connect(async (connection) => {
    for (const copy of [sql.type(anything)`COPY tasks.tasks TO STDOUT`, sql.type(anything)` copy tasks.tasks FROM STDIN`, sql.type(anything)`/* why */ COPY tasks.tasks FROM STDIN`]) {
      t.match(await refusal(connection.query(copy)), { message: 'COPY cannot be scoped' }, copy.sql)
    }
    t.same(owners(await connection.any(allTasks)), [ada])
  }))
  t.match(await refusal(asUser(ada, () => pool.stream(allTasks, () => {}))), { message: /Streams cannot be scoped/ })
  t.same(owners(await asUser(bob, () => pool.any(allTasks))), [bob])
})

t.test('a value that cannot be read fails its own statement alone, named or not, and each time', async (t) => {
  const pool = await openPool(t, database, { named: true })
  await pool.connect(async (connection) => {
    const { pid: before } = await connection.one(ownPid)
    for (const endless of [sql.type(anything)`SELECT 'infinity'::timestamptz AS at`, sql.prepared('endless', anything)`SELECT 'infinity'::timestamptz AS at UNION ALL SELECT now()`]) {
      for (const time of ['first', 'second']) {
        t.match(await refusal(asUser(ada, () => connection.any(endless))), { message: /Invalid time value/ }, time)
        t.same(owners(await asUser(ada, () => connection.any(allTasksPrepared))), [ada])
      }
    }
    t.equal((await connection.one(ownPid)).pid, before)
  })
})

t.test('a value that cannot be sent fails its own statement alone', async (t) => {
  const pool = await openPool(t, database, { named: true })
  await pool.connect(async (connection) => {
    for (let time = 1; time <= 2; time++) {
      t.equal(codeOf(await refusal(asWriter(ada, () => connection.any(sql.prepared('by_title', owned)`SELECT user_id FROM tasks.tasks WHERE title = ${'\0'}`)))), '22021')
    }
    t.equal((await asUser(ada, () => connection.any(sql.prepared('by_title', owned)`SELECT user_id FROM tasks.tasks WHERE title = ${ada}`))).length, 2)
  })
})

for (const setting of settings) {
  t.test(`asWriter: 200 racing writers lose nothing and number without a gap, with ${called(setting)}`, async (t) => {
    const pool = await openPool(t, database, { size: 4, ...setting })
    const tenants = await addTenants(database, 2)
    // Right only if the lock was taken by an earlier statement: the snapshot of this one is then younger than the wait.
    const append = (id: string) => sql.prepared('append', owned)`
      WITH account AS (UPDATE tasks.accounts SET seq = (SELECT count(*) FROM tasks.changes) + 1 RETURNING user_id, seq)
      INSERT INTO tasks.changes (user_id, seq, object_type, object_id, action, before, after, actor_id, request_id)
      SELECT user_id, seq, 'task', ${id}::uuid, 'created', '{}', '{}', user_id, 'test' FROM account RETURNING user_id`
    const seen = await Promise.all(Array.from({ length: 200 }, (_, i) => {
      const tenant = tenants[i % 2]!
      return asWriter(tenant, async () => owners(await pool.any(append(randomUUID())))[0] === tenant)
    }))
    t.ok(seen.every(Boolean))
    for (const tenant of tenants) {
      const rows = await database.asSuperuser<{ seq: string }>('SELECT seq FROM tasks.changes WHERE user_id = $1 ORDER BY seq', [tenant])
      t.same(rows.map(({ seq }) => Number(seq)), Array.from({ length: 100 }, (_, i) => i + 1))
    }
  })
}

t.test('a database without a lock statement has no writers', async (t) => {
  const { createScopedDriver } = await import('../src/scoped-driver.ts')
  const { createPool } = await import('slonik')
  const { connectionOptions } = await import('../src/database.ts')
  const pool = await createPool('postgresql://', {
    driverFactory: createScopedDriver({ connection: connectionOptions({ DATABASE_URL: database.urlFor('tasks_service'), DATABASE_CA_FILE: database.caFile }), namedStatements: false }),
  })
  t.teardown(() => pool.end())
  t.match(await refusal(asWriter(ada, () => pool.any(allTasks))), { message: 'This database has no tenant to lock' })
})

t.test('a row that does not fit its schema is an error without the row\'s data', async (t) => {
  const pool = await openPool(t, database)
  const typed = createSqlTag({ typeAliases: { wrong: row(Type.Object({ user_id: Type.Integer() })) } })
  const error = await refusal(asUser(ada, () => pool.any(typed.typeAlias('wrong')`SELECT user_id FROM tasks.tasks`)))
  t.ok(error instanceof SchemaValidationError)
  t.notMatch(`${error.message} ${error.stack} ${JSON.stringify((error as SchemaValidationError).issues)}`, ada)
  t.match((error as SchemaValidationError).issues, [{ message: '/user_id Expected integer' }])
})

t.test('errors of the database come as Slonik\'s, and as "away" where it is', async (t) => {
  const pool = await openPool(t, database)
  const inbox = () => pool.query(sql.type(anything)`INSERT INTO tasks.lists (user_id, id, name, is_inbox) SELECT user_id, gen_random_uuid(), 'Inbox', true FROM tasks.accounts`)
  t.ok(await refusal(asUser(ada, inbox)) instanceof UniqueIntegrityConstraintViolationError)
  const slow = (db: CommonQueryMethods) => asUser(ada, () => db.transaction(async (tx) => {
    await tx.query(sql.type(anything)`SET LOCAL statement_timeout = 20`)
    await tx.query(sql.type(anything)`SELECT pg_sleep(30)`)
  }))
  const timeout = await refusal(slow(pool))
  t.ok(timeout instanceof StatementTimeoutError)
  t.notOk(isDatabaseAway(timeout), 'it is there, and busy')
  const terminated = await refusal(asUser(ada, () => pool.any(sql.type(anything)`SELECT pg_terminate_backend(pg_backend_pid())`)))
  t.ok(terminated instanceof BackendTerminatedError)
  t.ok(isDatabaseAway(terminated))
  t.same(owners(await asUser(ada, () => pool.any(allTasks))), [ada], 'the next connection serves')
  t.notOk(isDatabaseAway(await refusal(asUser(ada, () => pool.any(divideByZero)))))
})

t.test('values come in the shape of the wire', async (t) => {
  const pool = await openPool(t, database)
  const given = await pool.one(sql.type(anything)`SELECT '2024-02-29 12:00:00.123+02'::timestamptz AS at, '2024-02-29'::date AS day, 9007199254740991::bigint AS big, NULL::timestamptz AS never`)
  t.same(given, { at: '2024-02-29T10:00:00.123Z', day: '2024-02-29', big: 9007199254740991, never: null })
  await addTenant(database)
})
