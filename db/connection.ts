import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface DatabaseAddress {
  url: string
  /** PEM of the authority that signed the server's certificate; the system's authorities without it. */
  ca?: string | undefined
  allowPlaintext?: boolean | undefined
}

const understoodParameters = ['sslmode', 'channel_binding', 'application_name', 'options']

/**
 * Turns our kind of PostgreSQL URL into pg's settings, or throws saying what is wrong with it, never quoting it:
 * it holds a password. We read it ourselves, because pg takes `sslmode=require` for verify-full today and for
 * "encrypt to anyone" in its next major version.
 */
export function clientSettings ({ url, ca, allowPlaintext = false }: DatabaseAddress): pg.ClientConfig {
  if (!URL.canParse(url)) throw new Error('is not a URL')
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw new Error('must begin with postgresql://')
  const database = decodeURIComponent(pathname.slice(1))
  if (!hostname || !username || !database) throw new Error('must name a role, a host and a database')

  const unknown = [...searchParams.keys()].filter((name) => !understoodParameters.includes(name))
  if (unknown.length > 0) throw new Error(`has parameters that Daymark does not know: ${unknown.join(', ')}`)

  const sslmode = searchParams.get('sslmode')
  const plaintext = sslmode !== 'verify-full'
  if (plaintext && !allowPlaintext) throw new Error('must say sslmode=verify-full')
  if (plaintext && sslmode !== null && sslmode !== 'disable') {
    throw new Error(`must say sslmode=verify-full or sslmode=disable, not sslmode=${sslmode}`)
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
    ssl: plaintext ? false : { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
    application_name: searchParams.get('application_name') ?? 'daymark',
    ...(searchParams.has('options') ? { options: searchParams.get('options') ?? '' } : {}),
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  }
}

// Not there yet, or still waking up: refused, reset, unreachable, "the database system is starting up".
const passingErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03'])

function codeOf (error: unknown): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** One connection. A server that is still starting gets `waitSeconds` to answer; any other failure is thrown at once. */
export async function connect (address: DatabaseAddress, { waitSeconds = 0 } = {}): Promise<pg.Client> {
  const settings = clientSettings(address)
  const deadline = Date.now() + waitSeconds * 1000
  for (;;) {
    const client = new pg.Client(settings)
    // An unheard 'error' event would end the process; the next query on the lost connection rejects anyway.
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => {})
      if (!passingErrors.has(codeOf(error) ?? '') || Date.now() >= deadline) throw error
      await sleep(250)
    }
  }
}

/** Runs `work` on a connection of its own and closes it whatever happens. */
export async function withConnection<T> (address: DatabaseAddress, work: (client: pg.Client) => Promise<T>, options = {}): Promise<T> {
  const client = await connect(address, options)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
