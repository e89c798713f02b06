import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { findFreePort } from '../ports.ts'
import { removeFolder } from '../postgres-account.ts'
import { isAlive, type ProcessIdentity } from '../processes.ts'

const root = dirname(dirname(import.meta.dirname))
const portVariables = ['WEB_PORT', 'AUTH_PORT', 'TASKS_PORT', 'WEB_INTERNAL_PORT', 'AUTH_INTERNAL_PORT', 'TASKS_INTERNAL_PORT', 'POSTGRES_PORT', 'SMTP_PORT', 'MAIL_PORT'] as const

async function findPorts () {
  return Object.fromEntries(await Promise.all(portVariables.map(async (name) => [name, String(await findFreePort())]))) as Record<typeof portVariables[number], string>
}

/** Runs `npm start`, or by default the program it runs, until that says that it is ready, or ends. */
async function start (t: Test, environment: Record<string, string>, program = ['local/start.ts']) {
  const { npm_lifecycle_event: _unwanted, ...inherited } = process.env // we are not npm: see run-record.ts
  const child = spawn(process.execPath, program, { cwd: root, env: { ...inherited, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code)
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk
        if (/^Daymark is ready: /m.test(said)) resolve()
      })
    }
    child.once('close', resolve)
  })
  return { child, ended, said: () => said }
}

function readRun (folder: string) {
  const { parent, children } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { parent: ProcessIdentity, children: Record<string, ProcessIdentity> }
  return { parent, children, all: [parent, ...Object.values(children)] }
}

async function gone (identity: ProcessIdentity) {
  while (isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 20))
}

const ada = { email: 'ada@example.org', password: 'correct horse battery staple, twice' }
const post = (url: string, body: object) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

t.test('from the first start to the last', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'daymark start '))
  const folder = join(home, 'a folder')
  t.teardown(() => {
    removeFolder(join(folder, 'postgres'))
    rmSync(home, { recursive: true, force: true })
  })
  const ports = await findPorts()
  const environment = { ...ports, DAYMARK_DATA: folder }
  const auth = `http://localhost:${ports.AUTH_PORT}`

  await t.test('the first start makes everything, in a path with a space', async (t) => {
    const daymark = await start(t, environment)
    t.match(daymark.said(), new RegExp(`\\nDaymark is ready: http://localhost:${ports.WEB_PORT}\\n$`))
    for (const name of ['postgres', 'mail', 'auth', 'tasks', 'web']) t.match(daymark.said(), `${name} is ready: `)
    t.equal((await fetch(`http://localhost:${ports.WEB_PORT}/`)).status, 200)
    t.equal((await fetch(`http://localhost:${ports.MAIL_PORT}/`, { headers: { accept: 'text/html' } })).status, 200)
    t.equal((await post(`${auth}/auth/signup`, ada)).status, 201)
    t.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)
    t.equal(statSync(folder).mode & 0o066, 0, 'nobody else reads the folder')

    const { all } = readRun(folder)
    daymark.child.kill('SIGINT')
    t.equal(await daymark.ended, 0)
    t.equal(all.length, 6)
    t.notOk(all.some(isAlive), 'no process is left')
  })

  await t.test('the data is still there after a second start', async (t) => {
    const daymark = await start(t, environment)
    t.equal((await post(`${auth}/auth/login`, ada)).status, 200)

    const again = await start(t, environment)
    t.equal(await again.ended, 1)
    t.match(again.said(), `Daymark is running from this folder already (process ${daymark.child.pid})`)

    const elsewhere = await start(t, { ...environment, DAYMARK_DATA: join(home, 'another folder') })
    t.equal(await elsewhere.ended, 1)
    for (const name of portVariables) t.match(elsewhere.said(), `Port ${ports[name]} is taken: set ${name} to another`)
  })

  await t.test('a start after kill -9 takes over cleanly', async (t) => {
    const daymark = await start(t, environment)
    const { children } = readRun(folder)
    daymark.child.kill('SIGKILL')
    await daymark.ended
    for (const name of ['auth', 'tasks', 'web', 'mail']) {
      const child = children[name]
      if (child) await gone(child) // on their own, since their parent is
    }
    const next = await start(t, environment)
    t.match(next.said(), '\nDaymark is ready: ')
    t.notOk(Object.values(children).some(isAlive), 'PostgreSQL of the killed run is gone as well')
    t.equal((await post(`${auth}/auth/login`, ada)).status, 200)
  })

  const npm = process.env['npm_execpath'] ?? ''
  await t.test('so does a start after kill -9 of npm', { skip: npm.endsWith('npm-cli.js') ? false : 'the tests were not started by npm' }, async (t) => {
    const daymark = await start(t, environment, [npm, 'start'])
    const { all } = readRun(folder)
    daymark.child.kill('SIGKILL')
    const next = await start(t, environment)
    t.match(next.said(), '\nDaymark is ready: ')
    t.notOk(all.some(isAlive), 'nothing of the killed run is left')
  })

  await t.test('a crashed part is told, and stops the rest', async (t) => {
    const daymark = await start(t, environment)
    const { children, all } = readRun(folder)
    process.kill(children['tasks']?.pid ?? 0, 'SIGKILL')
    t.equal(await daymark.ended, 1)
    t.match(daymark.said(), 'tasks ended by SIGKILL')
    t.notOk(all.some(isAlive), 'no process is left')
  })

  await t.test('files of another PostgreSQL are left alone, and named', async (t) => {
    const file = join(folder, 'postgres/data/PG_VERSION')
    const version = readFileSync(file)
    writeFileSync(file, '16\n')
    const daymark = await start(t, environment)
    writeFileSync(file, version)
    t.equal(await daymark.ended, 1)
    t.match(daymark.said(), /was made by PostgreSQL 16, and this release of Daymark brings 18/)
  })
})

t.test('a taken port is named with its variable, and nothing is started', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'daymark-port-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const ports = await findPorts()
  const other = createServer().listen(Number(ports.WEB_PORT), '127.0.0.1')
  t.teardown(() => other.close())
  const daymark = await start(t, { ...ports, DAYMARK_DATA: folder })
  t.equal(await daymark.ended, 1)
  t.equal(daymark.said(), `Port ${ports.WEB_PORT} is taken: set WEB_PORT to another\n`)
})

t.test('ports that make no sense are told together', async (t) => {
  const daymark = await start(t, { WEB_PORT: 'http', AUTH_PORT: '0', MAIL_PORT: '3002', DAYMARK_DATA: join(tmpdir(), 'never-made') })
  t.equal(await daymark.ended, 1)
  t.match(daymark.said(), /WEB_PORT must be a port.*"http"[^]*AUTH_PORT must be a port[^]*TASKS_PORT and MAIL_PORT are both 3002/)
})
