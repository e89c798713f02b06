import { randomBytes, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyCookie from '@fastify/cookie'
import fastifyStatic from '@fastify/static'
import type { ServerBuild } from '@remix-run/node'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { accountClient } from './app/api/account-client.server.ts'
import { adminClient } from './app/api/admin-client.server.ts'
import { authClient } from './app/api/auth-client.server.ts'
import { service } from './app/api/service.server.ts'
import { serviceTokens } from './app/api/service-token.server.ts'
import { tasksClient } from './app/api/tasks-client.server.ts'
import { isSecretField } from './app/forms/form-answer.ts'
import { isImportPath } from './app/forms/import-form.ts'
import type { BrowserContext, Refusal } from './app/load-context.ts'
import type { Config } from './config.ts'
import { barePage } from './http/bare-page.ts'
import { startDevServer } from './http/dev-server.ts'
import { guardRoutes } from './http/guard-routes.ts'
import { webMetrics } from './http/metrics.ts'
import { openStreams } from './http/open-streams.ts'
import { readForm } from './http/read-form.ts'
import { remixHandler } from './http/remix-handler.ts'
import { securityHeaders, staticHeaders } from './http/security-headers.ts'
import { traceParent } from './http/trace-parent.ts'
import { browserSessions } from './session/browser-session.ts'
import { cookiesFor, deviceCookieSeconds, sessionCookieSeconds } from './session/cookies.ts'
import { openFlash, sealFlash } from './session/flash.ts'
import { formTokens } from './session/form-token.ts'
import { isSameOrigin } from './session/request-origin.ts'
import { openSession, sealSession } from './session/session-contents.ts'

/** How many files are taken in at once: each is held in memory. */
const mostFiles = 2

export interface WebDeps {
  config: Config
  now?: () => Date
  logger?: FastifyServerOptions['logger']
}

export interface Web {
  /** What browsers talk to. */
  app: FastifyInstance
  /** Metrics and health, for those who run it. */
  internal: FastifyInstance
}

/** Assembles the web app without opening a port. The Remix build must be there, unless `DEV_SERVER` makes it. */
export async function buildWeb ({ config, now = () => new Date(), logger = false }: WebDeps): Promise<Web> {
  const metrics = webMetrics()
  const streams = openStreams()
  const app = Fastify({
    logger,
    trustProxy: config.TRUSTED_PROXIES.length > 0 ? [...config.TRUSTED_PROXIES] : false,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2000 },
    frameworkErrors: (error, request, reply) => {
      request.log.info({ err: error }, 'request cannot be read')
      return (reply as FastifyReply).code(400).headers(staticHeaders).type('text/html; charset=utf-8').send(barePage('This address cannot be read', 'It may have been cut off on its way here.'))
    },
  })
  const headers = securityHeaders({ publicOrigin: config.PUBLIC_ORIGIN, isDevServer: config.DEV_SERVER })

  await app.register(fastifyCookie)
  addHealth(app)
  app.addHook('preClose', streams.end)
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe(request.method, kindOf(request), reply.statusCode, reply.elapsedTime / 1000)
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500
    request.log[status === 500 ? 'error' : 'info']({ err: error }, 'request failed')
    reply.code(status).type('text/html; charset=utf-8').headers({ ...headers(randomBytes(16).toString('base64')), 'cache-control': 'no-store' })
    return reply.send(status === 500
      ? barePage('Something went wrong', `Nothing you did. Please try again; if it stays, tell whoever runs this Daymark: ${request.id}`)
      : barePage('This request cannot be answered', 'Please go back and try again.'))
  })

  app.setNotFoundHandler((_request, reply) => reply.code(404).headers(staticHeaders).type('text/html; charset=utf-8').send(barePage('Not found', 'There is nothing at this address.')))

  const build = config.DEV_SERVER ? await startDevServer(app) : await serveBuiltFiles(app)
  const answer = remixHandler({
    build: typeof build === 'function' ? async () => guardRoutes(await build()) : guardRoutes(build),
    mode: config.DEV_SERVER ? 'development' : 'production',
    publicOrigin: config.PUBLIC_ORIGIN,
  })

  const auth = service({ name: 'auth', url: config.AUTH_URL, timeoutMs: config.SERVICE_TIMEOUT_MS })
  const tasks = service({ name: 'tasks', url: config.TASKS_URL, timeoutMs: config.SERVICE_TIMEOUT_MS })
  const serviceToken = serviceTokens(config.SERVICE_PRIVATE_KEY, now)
  const openBrowserSession = browserSessions(now)
  const tokens = formTokens(config.WEB_SESSION_KEYS)
  const { names, options } = cookiesFor(config.PUBLIC_ORIGIN)
  const keys = config.WEB_SESSION_KEYS

  await app.register(async (pages) => {
    // Bodies are read by `readForm`, after the session is known; Fastify hands them on untouched.
    pages.removeAllContentTypeParsers()
    pages.addContentTypeParser('*', (_request, _payload, done) => done(null))
    pages.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url: '*',
      handler: async (request, reply) => {
        const nonce = randomBytes(16).toString('base64')
        reply.headers({ ...headers(nonce), 'cache-control': 'no-store', 'x-request-id': request.id })
        const path = request.url.split('?')[0] ?? ''
        if (path === '/__manifest') return await answer(request, reply, publicContext(nonce, request, streams.stopping), null, async () => {})
        if (isAskedAhead(request)) return await reply.code(503).send()

        if (kindOf(request) === 'stream') streams.add(reply.raw)
        const page = await openPage(request, reply, nonce)
        const isUnsafe = !['GET', 'HEAD', 'OPTIONS'].includes(request.method)
        const { refusal, body, key } = isUnsafe ? await admit(request, reply, page.boundTo(), page.context.user !== null && isImportPath(path)) : { refusal: null, body: null, key: null }
        page.setFormKey(key)
        if (refusal) request.log.info({ reason: refusal.reason }, 'form refused')
        page.context.refusal = refusal
        try {
          return await answer(request, reply, page.context, body, page.session.settle)
        } catch (error) {
          await page.session.settle() // a token that was traded reaches the browser also with an apology
          throw error
        }
      },
    })
    pages.addHook('onSend', async (_request, reply) => {
      if (reply.statusCode === 503) reply.header('retry-after', '5')
    })
  })

  let files = 0

  /**
   * The one gate of every unsafe request, before any action (SEC-72, 73, 74). Gives the form without its token, and the key
   * under which sending it again is the same thing again.
   */
  async function admit (request: FastifyRequest, reply: FastifyReply, boundTo: readonly string[], mayHaveFile: boolean): Promise<{ refusal: Refusal | null, body: string, key: string | null }> {
    const refused = (refusal: Refusal) => ({ refusal, body: '', key: null })
    if (mayHaveFile) {
      if (files >= mostFiles) return refused({ reason: 'no-file', status: 503 })
      files++
      reply.raw.once('close', () => { files-- })
    }
    const form = await readForm(request.raw, { mayHaveFile })
    if (form === 413 && mayHaveFile) return refused({ reason: 'no-file', status: 413 })
    if (typeof form === 'number') return refused({ reason: 'unreadable', status: form })
    const given = form.getAll('form_token')
    const formKey = form.get('form_key')
    form.delete('form_token')
    form.delete('form_key')
    // What was ticked of several under one name comes back as one.
    const values = () => Object.fromEntries([...form.keys()].filter((name) => !isSecretField(name)).map((name) => [name, form.getAll(name).join(' ')]))
    if (!isSameOrigin(request.headers, config.PUBLIC_ORIGIN)) return refused({ reason: 'not-same-origin', values: values() })
    const [token, ...others] = given
    const isOurs = token !== undefined && others.length === 0 && boundTo.some((one) => tokens.accepts(token, one))
    if (!isOurs) return refused({ reason: 'stale-form', values: values() })
    const body = form.toString()
    return { refusal: null, body, key: formKey === null ? null : JSON.stringify([formKey, body]) }
  }

  async function openPage (request: FastifyRequest, reply: FastifyReply, nonce: string) {
    const origin = {
      requestId: request.id,
      traceparent: traceParent(config.TRUSTED_PROXIES.length > 0 ? oneHeader(request, 'traceparent') : undefined),
      clientAddress: request.ip,
      userAgent: oneHeader(request, 'user-agent') ?? '',
      deviceToken: request.cookies[names.device],
    }
    const authOfRequest = authClient(auth, serviceToken, origin)
    const given = request.cookies[names.session]
    const contents = given === undefined ? null : openSession(keys, given)
    if (given !== undefined && !contents) reply.clearCookie(names.session, options)

    const session = await openBrowserSession({
      contents,
      auth: authOfRequest,
      log: request.log,
      keep (next) {
        if (next) reply.setCookie(names.session, sealSession(keys, next), { ...options, maxAge: sessionCookieSeconds })
        else reply.clearCookie(names.session, options)
      },
    })

    let formKey: string | null = null
    // Each page of those that a browser opens at once begins a visit, and its form counts: no cookie takes another's place.
    const visits = new Map(Object.entries(request.cookies).filter(([name]) => name.startsWith(names.visit)))
    const boundTo = () => {
      const sessionId = session.id()
      return sessionId !== null ? [`session:${sessionId}`] : [...visits.values()].map((visit) => `visit:${visit}`)
    }
    const keepDevice = (token: string | undefined) => { if (token !== undefined) reply.setCookie(names.device, token, { ...options, maxAge: deviceCookieSeconds }) }
    const context: BrowserContext = {
      nonce,
      requestId: request.id,
      wantsPage: kindOf(request) === 'page',
      refusal: null,
      report: (error) => request.log.error({ err: error }, 'page failed'),
      stopping: streams.stopping,
      get user () { return session.user() },
      hadSession: contents !== null,
      auth: authOfRequest,
      account: accountClient(auth, serviceToken, session, origin),
      admin: adminClient(auth, serviceToken, session, origin),
      tasks: tasksClient(tasks, session, origin, () => formKey),
      async signIn (signedIn, deviceToken) {
        await session.begin(signedIn)
        keepDevice(deviceToken)
        for (const name of visits.keys()) reply.clearCookie(name, options)
      },
      keepDevice,
      keepAccount: session.know,
      freshen: session.freshen,
      async signOut () {
        // Cookies one by one: "cookies" would take the device token as well, and with it who this browser belongs to.
        reply.header('clear-site-data', '"cache", "storage"')
        for (const name of [names.session, ...visits.keys(), names.flash]) reply.clearCookie(name, options)
        await session.end()
      },
      formToken () {
        if (boundTo().length === 0) {
          const [name, visit] = [`${names.visit}-${randomBytes(6).toString('base64url')}`, randomBytes(16).toString('base64url')]
          visits.set(name, visit)
          reply.setCookie(name, visit, options)
        }
        const [first = ''] = boundTo()
        return tokens.issue(first)
      },
      flash: (flash) => { reply.setCookie(names.flash, sealFlash(keys, flash), { ...options, maxAge: 300 }) },
      takeFlash () {
        const sealed = request.cookies[names.flash]
        if (sealed !== undefined) reply.clearCookie(names.flash, options)
        return openFlash(keys, sealed)
      },
    }
    return { context, session, boundTo, setFormKey: (key: string | null) => { formKey = key } }
  }

  const internal = Fastify({ logger, forceCloseConnections: 'idle' })
  addHealth(internal)
  internal.get('/metrics', async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()))
  app.addHook('onClose', () => internal.close())
  return { app, internal }
}

/** Ready as soon as it listens: the services being away makes pages say so, and is no reason to take this process out. */
function addHealth (app: FastifyInstance): void {
  let isClosing = false
  app.addHook('preClose', async () => { isClosing = true })
  app.get('/livez', { logLevel: 'warn' }, async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }))
  app.get('/readyz', { logLevel: 'warn' }, async (_request, reply) =>
    reply.code(isClosing ? 503 : 200).header('cache-control', 'no-store').send({ status: isClosing ? 'closing' : 'ready' }))
}

/** Serves what the build made: hashed names for ever, the few fixed names for an hour. */
async function serveBuiltFiles (app: FastifyInstance): Promise<ServerBuild> {
  const client = join(import.meta.dirname, 'build', 'client')
  const build = await import(new URL('./build/server/index.js', import.meta.url).href) as ServerBuild
  await app.register(fastifyStatic, {
    root: join(client, 'assets'),
    prefix: '/assets/',
    maxAge: '1y',
    immutable: true,
    index: false,
    preCompressed: true,
    setHeaders: (reply) => { for (const [name, value] of Object.entries(staticHeaders)) reply.header(name, value) },
  })
  const files = await readdir(client, { withFileTypes: true })
  for (const { name } of files.filter((file) => file.isFile() && !/\.(br|gz)$/.test(file.name))) {
    app.get(`/${name}`, (_request, reply) => reply.headers(staticHeaders).sendFile(name, client, { maxAge: '1h', immutable: false }))
  }
  return build
}

function publicContext (nonce: string, { id, log }: FastifyRequest, stopping: AbortSignal): BrowserContext {
  const none = () => { throw new Error('The route manifest needs no session') }
  const unused = new Proxy({}, { get: none })
  return {
    nonce,
    requestId: id,
    wantsPage: false,
    refusal: null,
    report: (error) => log.error({ err: error }, 'manifest failed'),
    stopping,
    user: null,
    hadSession: false,
    auth: unused as BrowserContext['auth'],
    account: unused as BrowserContext['account'],
    admin: unused as BrowserContext['admin'],
    tasks: unused as BrowserContext['tasks'],
    signIn: none,
    keepDevice: none,
    keepAccount: none,
    freshen: none,
    signOut: none,
    formToken: none,
    flash: none,
    takeFlash: none,
  }
}

function kindOf ({ url }: FastifyRequest): 'page' | 'data' | 'file' | 'stream' {
  const path = url.split('?')[0] ?? ''
  if (path.startsWith('/assets/') || /^\/[^/]+\.(svg|ico|txt|png|webmanifest)$/.test(path)) return 'file'
  if (path === '/events') return 'stream'
  return path.endsWith('.data') || path === '/__manifest' ? 'data' : 'page'
}

/** A browser that fetches ahead may never show the page: that must not rotate a token (SEC-75). */
const isAskedAhead = ({ headers }: FastifyRequest) => [headers['sec-purpose'], headers['purpose']].some((purpose) => String(purpose).includes('prefetch'))

const oneHeader = ({ headers }: FastifyRequest, name: string) => [headers[name]].flat()[0]
