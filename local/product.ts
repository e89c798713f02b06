import { startChild, type Child, type ChildOptions } from './children.ts'
import { environmentsOf, type Places } from './environments.ts'
import { findFreePort } from './ports.ts'
import { makeSecrets, type Secrets } from './secrets.ts'

export interface Ports { web: number, auth: number, tasks: number, webInternal: number, authInternal: number, tasksInternal: number }
export type Part = 'web' | 'auth' | 'tasks'

export interface ProductOptions {
  databaseUrlOf: Places['databaseUrlOf']
  databaseCaFile: string
  /** Free ones unless given. */
  ports?: Ports | undefined
  /** New ones unless given. */
  secrets?: Secrets | undefined
  /** Where mail goes; to nobody unless given. */
  smtpUrl?: string | undefined
  /** Further settings, which win over ours. */
  settings?: Partial<Record<Part, Record<string, string>>> | undefined
  /** Serves the web app's sources through Vite instead of its build. */
  devServer?: boolean | undefined
  logFileOf?: ((part: Part) => string) | undefined
  report?: ((line: string) => void) | undefined
  /** Gives the start up, and ends what had been started. */
  signal?: AbortSignal | undefined
  onReady?: ((child: Child, url: string) => void) | undefined
}

export interface Product {
  origin: string
  authUrl: string
  tasksUrl: string
  ports: Ports
  secrets: Secrets
  children: Record<Part, Child>
  /** Starts one part again, with the same settings. */
  restart: (part: Part) => Promise<void>
  /** Stops web first, so that nobody is turned away by a part that went before it. */
  stop: () => Promise<void>
}

async function findFreePorts (): Promise<Ports> {
  const [web, auth, tasks, webInternal, authInternal, tasksInternal] = await Promise.all([findFreePort(), findFreePort(), findFreePort(), findFreePort(), findFreePort(), findFreePort()])
  return { web, auth, tasks, webInternal, authInternal, tasksInternal }
}

const files: Record<Part, string> = { auth: 'services/auth/server.ts', tasks: 'services/tasks/server.ts', web: 'web/server.ts' }

/**
 * Starts auth, tasks and the web app, each a process of its own, on a migrated database, and resolves when all three
 * are ready. The web app must have been built.
 */
export async function startProduct (options: ProductOptions): Promise<Product> {
  const { databaseUrlOf, databaseCaFile, settings, smtpUrl = 'smtp://127.0.0.1:9', devServer = false, logFileOf, report = console.error, onReady } = options
  const ports = options.ports ?? await findFreePorts()
  const secrets = options.secrets ?? makeSecrets()
  const origins = { web: `http://localhost:${ports.web}`, auth: `http://localhost:${ports.auth}`, tasks: `http://localhost:${ports.tasks}` }
  const told = environmentsOf({ origins, authInternal: `http://127.0.0.1:${ports.authInternal}`, smtpUrl, databaseCaFile, databaseUrlOf }, secrets)
  const internalPorts = { web: ports.webInternal, auth: ports.authInternal, tasks: ports.tasksInternal }

  const optionsOf = (name: Part): ChildOptions => ({
    name,
    file: files[name],
    environment: {
      ...told[name],
      NODE_ENV: devServer ? 'development' : 'production',
      ...(devServer && name === 'web' ? { DEV_SERVER: 'true' } : {}),
      HOST: '127.0.0.1',
      PORT: String(ports[name]),
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: String(internalPorts[name]),
      ...settings?.[name],
    },
    readyUrls: [ports[name], internalPorts[name]].map((port) => `http://127.0.0.1:${port}/readyz`),
    logFile: logFileOf?.(name),
    report,
  })
  const stopAll = async (parts: Partial<Record<Part, Child>>) => {
    for (const name of ['web', 'tasks', 'auth'] as const) await parts[name]?.stop()
  }
  const running: Partial<Record<Part, Child>> = {}
  const failed = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal
  async function start (name: Part) {
    const child = await startChild({ ...optionsOf(name), signal })
    running[name] = child
    onReady?.(child, origins[name])
    return child
  }
  const starting = [start('auth'), start('tasks'), start('web')] as const
  try {
    await Promise.all(starting)
  } catch (error) {
    failed.abort(error) // the others may be waiting for the one that failed
    await Promise.allSettled(starting)
    await stopAll(running)
    throw error
  }
  const [auth, tasks, web] = await Promise.all(starting)
  const children = { auth, tasks, web }
  return {
    origin: origins.web,
    authUrl: origins.auth,
    tasksUrl: origins.tasks,
    ports,
    secrets,
    children,
    async restart (part) {
      await children[part].stop()
      children[part] = await start(part)
    },
    stop: () => stopAll(children),
  }
}
