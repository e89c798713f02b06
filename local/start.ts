import { mkdirSync, readFileSync, realpathSync, watch } from 'node:fs'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { bootstrap } from '@daymark/db/bootstrap'
import { migrate } from '@daymark/db/migrate'
import { ensureCertificates } from './certificates.ts'
import { root, startChild, type Child } from './children.ts'
import { loadLocalConfig, type LocalConfig } from './config.ts'
import { isFree } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startProduct, type Part, type Product } from './product.ts'
import { takeOver } from './run-record.ts'
import { closeFolder, ensureSecrets } from './secrets.ts'
import { isAlive, type ProcessIdentity } from './processes.ts'
import { ensureWebBuild } from './web-build.ts'

const say = (line: string) => console.log(line)

/** What to undo when we end, newest first. */
type Undo = (() => Promise<void>)[]

async function requireFreePorts ({ ports }: LocalConfig) {
  const checked = await Promise.all(Object.entries(ports).map(async ([name, port]) => ({ name, port, free: await isFree(port) })))
  const taken = checked.filter(({ free }) => !free).map(({ name, port }) => `Port ${port} is taken: set ${name} to another`)
  if (taken.length > 0) throw new Error(taken.join('\n'))
}

async function startDatabase ({ ports, folder }: LocalConfig) {
  const secrets = ensureSecrets(folder)
  const certificates = await ensureCertificates(`${folder}/tls`)
  const ca = readFileSync(certificates.caFile, 'utf8')
  const server = await startPostgres({
    folder: `${folder}/postgres`,
    port: ports.POSTGRES_PORT,
    password: secrets.postgres_password,
    certificates,
    logFile: `${folder}/logs/postgres.log`,
  })
  const passwords = {
    daymark_owner: secrets.daymark_owner_password,
    auth_service: secrets.auth_service_password,
    tasks_service: secrets.tasks_service_password,
    daymark_probe: secrets.daymark_probe_password,
  }
  const urlOf = (role: keyof typeof passwords) => `postgresql://${role}:${passwords[role]}@localhost:${ports.POSTGRES_PORT}/daymark?sslmode=verify-full`
  return { secrets, caFile: certificates.caFile, ca, server, passwords, urlOf }
}

function startMail ({ ports, folder }: LocalConfig, logFile: string, signal: AbortSignal) {
  return startChild({
    name: 'mail',
    file: 'local/mail.ts',
    environment: { SMTP_PORT: String(ports.SMTP_PORT), MAIL_PORT: String(ports.MAIL_PORT), MAIL_FOLDER: `${folder}/mail` },
    readyUrls: [`http://127.0.0.1:${ports.MAIL_PORT}/index.html`],
    logFile,
    signal,
    report: say,
  })
}

/** Restarts the part whose files change; kit belongs to both services. What Vite serves, it reloads by itself. */
function restartOnChange (product: Product, signal: AbortSignal) {
  let pending: NodeJS.Timeout | undefined
  const changed = new Set<Part>()
  let working = Promise.resolve()
  const follow = (folder: string, partsOf: (file: string) => Part[]) => {
    watch(`${root}/${folder}`, { recursive: true, signal }, (_event, file) => {
      const path = file?.replaceAll('\\', '/') ?? ''
      if (!path.endsWith('.ts') || /(^|\/)(test|build|node_modules)\//.test(path)) return
      for (const part of partsOf(path)) changed.add(part)
      clearTimeout(pending)
      pending = setTimeout(() => {
        const parts = [...changed]
        changed.clear()
        for (const part of parts) working = working.then(() => product.restart(part)).catch((error: Error) => say(`${part}: ${error.message}`))
      }, 100)
    }).on('error', (error) => say(`Changes in ${folder} are not seen: ${error.message}`))
  }
  follow('services', (path) => path.startsWith('kit/') ? ['auth', 'tasks'] : path.startsWith('auth/') ? ['auth'] : ['tasks'])
  follow('web', (path) => path.startsWith('app/') ? [] : ['web'])
}

function untilStopped (launcher: ProcessIdentity | undefined) {
  const stopping = new AbortController()
  let asked = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (++asked === 1) stopping.abort(new Error('stopped'))
    })
  }
  // npm killed with -9 takes nobody along: notice, or its ports stay taken with nobody at the keyboard.
  if (launcher) {
    setInterval(() => {
      if (!isAlive(launcher)) stopping.abort(new Error('stopped'))
    }, 1000).unref()
  }
  return stopping.signal
}

const aborted = (signal: AbortSignal) => new Promise<void>((resolve) => {
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
})

async function run (config: LocalConfig, isWatching: boolean, undo: Undo): Promise<number> {
  const { ports, folder } = config
  closeFolder(folder)
  mkdirSync(`${folder}/logs`, { recursive: true, mode: 0o700 })
  process.env['NODE_COMPILE_CACHE'] ??= `${folder}/cache` // the parts then start in two thirds of the time
  const record = await takeOver(`${folder}/run.json`)
  undo.push(async () => record.close())
  const stopping = untilStopped(record.launcher)
  await requireFreePorts(config)

  const logFileOf = (name: string) => `${folder}/logs/${name}.log`
  const isUp = (name: string, identity: ProcessIdentity, where: string) => {
    record.add(name, identity)
    say(`${name} is ready: ${where}`)
  }
  // What takes its time begins at once; what depends on something waits for that alone.
  const mailStarts = startMail(config, logFileOf('mail'), stopping)
  undo.push(async () => { await mailStarts.then((mail) => mail.stop(), () => {}) })
  const mailIsUp = mailStarts.then((mail) => isUp('mail', mail.identity, `http://localhost:${ports.MAIL_PORT}`))
  const built = isWatching ? Promise.resolve() : ensureWebBuild(say, stopping)
  for (const begun of [mailIsUp, built]) begun.catch(() => {}) // awaited below; something else may fail first

  const database = await startDatabase(config)
  undo.push(() => database.server.stop())
  isUp('postgres', database.server.identity, `localhost:${ports.POSTGRES_PORT}`)
  await bootstrap({ adminUrl: database.server.adminUrl, ca: database.ca, passwords: database.passwords })
  await migrate({ url: database.urlOf('daymark_owner'), ca: database.ca, log: (line) => say(`migrations: ${line}`) })
  await built
  const product = await startProduct({
    databaseUrlOf: database.urlOf,
    databaseCaFile: database.caFile,
    secrets: database.secrets,
    smtpUrl: `smtp://127.0.0.1:${ports.SMTP_PORT}`,
    ports: {
      web: ports.WEB_PORT,
      auth: ports.AUTH_PORT,
      tasks: ports.TASKS_PORT,
      webInternal: ports.WEB_INTERNAL_PORT,
      authInternal: ports.AUTH_INTERNAL_PORT,
      tasksInternal: ports.TASKS_INTERNAL_PORT,
    },
    devServer: isWatching,
    logFileOf,
    signal: stopping,
    report: say,
    onReady (child, url) {
      isUp(child.name, child.identity, url)
      if (isWatching) child.ended.then((how) => say(`${child.name} ended ${how}`), () => {})
    },
  })
  undo.push(() => product.stop())
  await mailIsUp
  const mail = await mailStarts
  if (isWatching) restartOnChange(product, stopping)

  const nearby = relative(process.cwd(), folder)
  const short = nearby.startsWith('..') ? folder : nearby
  const { home } = database.server
  const displaced = home.startsWith(realpathSync(folder)) ? '' : `\n  data        ${home}, since the user that PostgreSQL runs as cannot reach ${short}`
  say(`
  Daymark     ${product.origin}
  mail        http://localhost:${ports.MAIL_PORT}   everything it sends ends here
  APIs        ${product.authUrl}/docs and ${product.tasksUrl}/docs
  PostgreSQL  localhost:${ports.POSTGRES_PORT}, database daymark   passwords: ${short}/secrets.json
  logs        ${short}/logs${displaced}
  Ctrl-C stops it; the data stays in ${short}
`)
  say(`Daymark is ready: ${product.origin}`)

  const lost = (child: Child) => child.ended.then((how) => `${child.name} ended ${how}; see ${logFileOf(child.name)}`)
  const crash = await Promise.race([
    aborted(stopping).then(() => undefined),
    database.server.ended.then(() => `postgres ended; see ${logFileOf('postgres')}`),
    lost(mail),
    // While files are being edited a part may fail, and gets another chance with the next change.
    ...(isWatching ? [] : Object.values(product.children).map(lost)),
  ])
  if (crash === undefined) return 0
  console.error(crash)
  return 1
}

async function main () {
  const { values } = parseArgs({ options: { watch: { type: 'boolean', default: false } } })
  const undo: Undo = []
  let status = 1
  try {
    status = await run(loadLocalConfig(process.env), values.watch, undo)
  } catch (error) {
    const { message } = error as Error
    if (message === 'stopped') status = 0
    else console.error(message)
  }
  if (undo.length > 1) say('\nStopping …')
  for (const step of undo.reverse()) await step().catch((error: Error) => console.error(error.message))
  process.exit(status)
}

await main()
