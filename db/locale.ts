import type pg from 'pg'

interface LocaleRow { database: string, locale: string, knows_letters: boolean }

/** The ways to say a locale that folds the letters of every script, the first of which the server has is taken. */
const clauses = [
  { since: 17, sql: "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" },
  { since: 15, sql: "LOCALE_PROVIDER libc LOCALE 'C.UTF-8'" },
  { since: 15, sql: "LOCALE_PROVIDER icu ICU_LOCALE 'und'" },
]
/** 42809, 22023, 0A000: a locale that the server does not know, or was not built with. */
const unknownLocale = ['42809', '22023', '0A000']

/** Runs a CREATE DATABASE with the first locale for Daymark that the server has; throws what it said of the last. */
export async function createWithLocale (client: pg.ClientBase, statement: string): Promise<void> {
  const { rows: [server] } = await client.query<{ major: number }>("SELECT current_setting('server_version_num')::integer / 10000 AS major")
  const known = clauses.filter(({ since }) => (server?.major ?? 0) >= since)
  for (const [index, { sql }] of known.entries()) {
    try {
      await client.query(`${statement} ${sql}`)
      return
    } catch (error) {
      if (index === known.length - 1 || !unknownLocale.includes((error as { code?: string }).code ?? '')) throw error
    }
  }
}

/**
 * What is wrong with the locale of the database that `client` is connected to, and what to do; undefined where nothing is.
 * It looks at what the locale does, not at its name. Any role may ask.
 */
export async function readLocaleProblem (client: pg.ClientBase): Promise<string | undefined> {
  const { rows: [found] } = await client.query<LocaleRow>(`
    SELECT datname AS database, coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', datctype) AS locale,
           lower('ÉЖ') = 'éж' AND 'éжकسテ' ~ '^[[:alnum:]]+$' AS knows_letters
    FROM pg_database d WHERE datname = current_database()`)
  if (found?.knows_letters !== false) return undefined
  return `the locale of the database ${found.database}, ${found.locale}, knows the letters of ASCII alone: a search does not find words with others, ` +
    'and the names of labels take É and é for two letters. A database keeps its locale: make another by npm run db:bootstrap -- --database NAME, ' +
    'which has C.UTF-8, and move there what is in this one (specs/database/neon-migration.md, "The locale")'
}
