import pg from 'pg'
import { serialize } from 'pg-protocol/dist/serializer'
import { ScopedQuery } from '@daymark/kit/scoped-query'
import type { TestDatabase } from '@daymark/kit/test-database'

/** What pg's connection offers, and its types leave out. */
interface Connection { startup (config: { user: string }): void, query (text: string): void }
const connection = (pg as unknown as { Connection: { prototype: Connection } }).Connection.prototype

const isParameter = /\b(?:\w+\.)?user_id\s*=\s*(\$\d+)(?:::uuid)?/g
const isColumn = /\b(?:\w+\.)?user_id\s*=\s*\w+(?:\.user_id)?\b/gi
const namesRows = /\b(?:FROM|JOIN|UPDATE)\s+tasks\.\w+\s+(?!\()/

/** A statement without what it says of whose rows it is about, and how often it said so. */
function unguarded (text: string): { text: string, removed: number } {
  let removed = 0
  const without = text
    .replaceAll(isParameter, (_, parameter: string) => { removed++; return `(${parameter}::uuid IS NOT NULL)` })
    .replaceAll(isColumn, () => { removed++; return '(true)' })
  return { text: without, removed }
}

/**
 * Takes the tenant predicates out of the statements that the tasks service of this process sends, on the wire: whoever wrote them, in
 * whatever way. Connections that are opened from now on obey; their statements must have no names, so that each is sent anew.
 */
export function predicatesOnTheWire (t: { teardown: (end: () => unknown) => void }) {
  const { startup, query } = connection
  const { parse } = serialize
  const { submit } = ScopedQuery.prototype
  const services = new WeakSet<Connection>()
  const statements = new Map<string, number>()
  let isRemoving = false
  let isOurs = false
  const take = (given: string) => {
    if (!isRemoving) return given
    const { text, removed } = unguarded(given)
    statements.set(given, removed)
    return text
  }
  connection.startup = function (config) {
    if (config.user === 'tasks_service') services.add(this)
    return startup.call(this, config)
  }
  ScopedQuery.prototype.submit = function (sender) {
    isOurs = services.has(sender as unknown as Connection)
    const refusal = submit.call(this, sender)
    isOurs = false
    return refusal
  }
  serialize.parse = (message) => parse(isOurs ? { ...message, text: take(message.text) } : message)
  connection.query = function (text) {
    return query.call(this, services.has(this) ? take(text) : text)
  }
  t.teardown(() => {
    Object.assign(connection, { startup, query })
    Object.assign(serialize, { parse })
    Object.assign(ScopedQuery.prototype, { submit })
  })

  return {
    statements,
    /** Begins, with the functions of the database as well, but for those that run as its owner; gives their names. */
    async remove (database: TestDatabase): Promise<string[]> {
      const functions = await database.asSuperuser<{ name: string, definition: string }>(`
        SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS definition FROM pg_proc p
        WHERE p.pronamespace = 'tasks'::regnamespace AND NOT p.prosecdef AND p.prosrc ~* 'user_id\\s*='`)
      for (const { definition } of functions) await database.asSuperuser(unguarded(definition).text)
      isRemoving = true
      return functions.map(({ name }) => name)
    },
    /** Leaves the predicates where they are meanwhile. */
    async keepDuring<T> (work: () => Promise<T>): Promise<T> {
      isRemoving = false
      return await work().finally(() => { isRemoving = true })
    },
    /** The statements that name a tenant's rows and had nothing that says whose: all they rest upon is row-level security. */
    without: () => [...statements].filter(([text, removed]) => removed === 0 && namesRows.test(text)).map(([text]) => text),
    left: () => [...statements.keys()].filter((text) => /user_id\s*=/.test(unguarded(text).text)),
  }
}

/** Lifts row-level security from every table of the tasks service; gives how many. */
export async function liftRowSecurity (database: TestDatabase): Promise<number> {
  const tables = await database.asSuperuser<{ name: string }>("SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'tasks'::regnamespace AND c.relrowsecurity")
  for (const { name } of tables) await database.asSuperuser(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`)
  return tables.length
}
