import t from 'tap'
import { startWire } from '@daymark/kit/test-wire'
import { randomUUID } from 'node:crypto'
import type { SignedIn } from '../contracts.ts'
import { password, startAuth } from './start-auth.ts'

const { app, call, signUp, makeAdmin, bearer, database } = await startAuth(t)

interface Schema { $ref?: string, type?: string | string[], properties?: Record<string, Schema>, anyOf?: Schema[] }
interface Operation { security?: unknown[], requestBody?: { content: Record<string, { schema: Schema }> }, parameters?: Array<{ name: string, in: string, schema: Schema }> }
interface Document { paths: Record<string, Record<string, Operation>>, components: { schemas: Record<string, Schema> } }
const { paths, components } = (await call('GET', '/openapi.json')).json<Document>()

const bodyOf = ({ requestBody }: Operation): Schema | undefined => {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema
  return schema?.$ref === undefined ? schema : components.schemas[schema.$ref.split('/').at(-1)!]
}
const takesText = ({ type, anyOf = [] }: Schema): boolean => type === 'string' || anyOf.some(takesText)

/** Every operation of the documented API that is there. */
const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => {
  const fields = Object.entries(bodyOf(operation)?.properties ?? {}).filter(([, schema]) => takesText(schema)).map(([name]) => name)
  return { name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase() as 'POST', path, fields, isGuarded: (operation.security ?? []).length > 0, parameters: operation.parameters ?? [] }
}))
const withBody = operations.filter(({ fields }) => fields.length > 0)
t.ok(withBody.length >= 9)

/** Someone who may call an operation. */
const callerOf = ({ path }: typeof operations[number]) => path.startsWith('/admin') ? makeAdmin() : signUp()

async function ask ({ method, path }: typeof operations[number], who: SignedIn, payload?: object | string, parameter: string = randomUUID(), headers: Record<string, string> = {}) {
  return await call(method, path.replace(/\{\w+\}/, encodeURIComponent(parameter)), payload, {
    ...bearer(who), ...payload !== undefined && { 'content-type': 'application/json' }, ...headers,
  })
}

const json = (body: object, own = '') => JSON.stringify(body).replace(/\}$/, own)

for (const operation of withBody) {
  t.test(`SEC-84: ${operation.name} takes text where text belongs, and no field that is not its own`, async (t) => {
    const who = await callerOf(operation)
    const text = Object.fromEntries(operation.fields.map((field) => [field, 'a']))
    for (const [what, value] of Object.entries({ list: ['a'], object: { $gt: '' }, number: 1, boolean: true })) {
      for (const field of operation.fields) {
        const response = await ask(operation, who, { ...text, [field]: value })
        t.equal(response.statusCode, 400, `${field} as ${what}`)
        t.ok(response.json().errors.some(({ pointer, code }: { pointer: string, code: string }) => pointer === `/${field}` && code === 'wrong_type'), `${field} as ${what} is named`)
      }
    }
    for (const field of ['role', 'status', 'user_id', 'id', 'is_admin', 'email_verified', 'email_verified_at', 'password_hash', 'tenant', 'owner'].filter((name) => !operation.fields.includes(name))) {
      const response = await ask(operation, who, { ...text, [field]: 'admin' })
      t.equal(response.statusCode, 400)
      t.ok(response.json().errors.some(({ pointer, code }: { pointer: string, code: string }) => pointer === `/${field}` && code === 'unknown_field'), `${field} is unknown`)
    }
    for (const poison of ['"__proto__":{"role":"admin"}', '"constructor":{"prototype":{"role":"admin"}}']) {
      t.equal((await ask(operation, who, json(text, `,${poison}}`))).statusCode, 400, poison)
    }
    t.equal(({} as { role?: string }).role, undefined)
  })
}

const corpus = [
  "' OR '1'='1", "'; DROP TABLE auth.users; --", "' UNION SELECT password_hash FROM auth.users --", '" OR ""="', "\\'; SELECT 1; --", "') OR ('1'='1", '$1', '$$;$$', '%_%',
  "1; UPDATE auth.users SET role = 'admin'", "'||(SELECT email FROM auth.users LIMIT 1)||'", "ada@example.com' --", "'::uuid", '\u02bc OR 1=1', '\ud800', '\u0000',
]
const countOf = async (what: string) => (await database.asSuperuser<{ count: string }>(`SELECT count(*) AS count FROM ${what}`))[0]?.count

for (const operation of operations) {
  t.test(`SEC-85: whatever text ${operation.name} is given, it stays text`, async (t) => {
    const who = await callerOf(operation)
    const admins = await countOf("auth.users WHERE role = 'admin'")
    const parameters = operation.parameters.filter((parameter) => parameter.in !== 'path')
    for (const text of corpus) {
      const body = operation.fields.length > 0 ? Object.fromEntries(operation.fields.map((field) => [field, field === 'email' ? `${text}@example.com` : text])) : undefined
      const headers = Object.fromEntries(parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => [name, text.replaceAll(/[^\x20-\x7e]/g, '?')]))
      const query = new URLSearchParams(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => [name, text.toWellFormed()] as [string, string]))
      const response = await ask({ ...operation, path: query.size > 0 ? `${operation.path}?${query}` : operation.path }, who, body, text.toWellFormed(), headers)
      t.ok(response.statusCode < 500, `${response.statusCode} to ${JSON.stringify(text)}`)
      t.notMatch(response.body, /syntax error|pg_|argon2|SELECT.*FROM/)
    }
    if (!operation.path.startsWith('/admin')) t.equal(await countOf("auth.users WHERE role = 'admin'"), admins)
  })
}

t.test('SEC-85: the role of the service may define nothing', async (t) => {
  for (const ddl of ['CREATE TABLE auth.x ()', 'CREATE TABLE public.x ()', 'ALTER TABLE auth.users ADD x text', 'DROP TABLE auth.sessions', 'CREATE FUNCTION auth.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$', 'CREATE ROLE x', 'TRUNCATE auth.users']) {
    await t.rejects(database.asSuperuser(`SET ROLE auth_service; ${ddl}`), /permission denied|must be owner/, ddl) // which takes the role back, too
  }
})

t.test('SEC-76: the API knows a bearer token and JSON, no cookie, no form and no other origin', async (t) => {
  const ada = await signUp()
  const cookie = `access_token=${ada.access_token}; refresh_token=${ada.refresh_token}; authorization=Bearer ${ada.access_token}; daymark-3000=${ada.access_token}`
  for (const operation of operations.filter(({ isGuarded }) => isGuarded)) {
    t.equal((await call(operation.method, operation.path.replace(/\{\w+\}/, randomUUID()), undefined, { cookie })).statusCode, 401, operation.name)
  }
  for (const operation of withBody) {
    const who = await callerOf(operation)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml']) {
      t.equal((await call(operation.method, operation.path, 'email=x', { ...bearer(who), 'content-type': type })).statusCode, 415, `${operation.name} as ${type}`)
    }
  }
  for (const method of ['OPTIONS', 'GET'] as const) {
    const { headers } = await app.inject({ method, url: '/auth/me', headers: { ...bearer(ada), origin: 'https://evil.example', 'access-control-request-method': 'GET' } })
    t.same(Object.keys(headers).filter((name) => name.startsWith('access-control-')), [])
  }
})

t.test('SEC-81: what may be called without a token is a short list, and the rest asks for one', async (t) => {
  const open = operations.filter(({ isGuarded }) => !isGuarded).map(({ name }) => name)
  t.same(open.sort(), [
    'GET /.well-known/jwks.json', 'GET /.well-known/oauth-authorization-server', 'POST /auth/email/change/confirm', 'POST /auth/email/revert', 'POST /auth/email/verify', 'POST /auth/login', 'POST /auth/logout',
    'POST /auth/password/forgot', 'POST /auth/password/reset', 'POST /auth/refresh', 'POST /auth/signup',
  ], 'a route that is open to everyone belongs on this list, and its reason into its docstring')
  for (const operation of operations.filter(({ isGuarded }) => isGuarded)) t.equal((await call(operation.method, operation.path.replace(/\{\w+\}/, randomUUID()))).statusCode, 401, operation.name)
  for (const url of ['/metrics', '/internal/revocations', '/debug', '/auth/debug']) t.equal((await call('GET', url)).statusCode, 404, url)
})

t.test('SEC-36: however its path is written, a log-in counts', async (t) => {
  const auth = await startAuth(t, { settings: { LOGIN_PER_ADDRESS_AND_ACCOUNT: '3' } })
  const ada = await auth.signUp()
  const paths = ['/auth/login', '/auth/%6cogin', '/auth/login?x=1', '/auth/login#x', '/auth/login/', '//auth/login', '/auth//login', '/AUTH/LOGIN', '/auth/Login', '/auth/./login', '/auth/x/../login', '/auth/login%00', '/auth/login;x=1', '/auth%2flogin']
  const spent = Array.from({ length: 3 }, () => auth.call('POST', '/auth/login', { email: ada.user.email, password: 'not the password' }))
  await Promise.all(spent)
  for (const path of paths) {
    for (const listener of [auth.app, auth.internal]) {
      const { statusCode } = await listener.inject({ method: 'POST', url: path, payload: { email: ada.user.email, password } })
      t.ok([429, 404, 400].includes(statusCode), `${statusCode} at ${path}`)
      if (listener === auth.app && path === '/auth/login') t.equal(statusCode, 429)
    }
  }
})

t.test('SEC-88: a fault of ours is told in the one shape, without a word of where it happened', async (t) => {
  const auth = await startAuth(t)
  const ada = await auth.signUp()
  await auth.database.asSuperuser('ALTER TABLE auth.sessions RENAME COLUMN ended_at TO gone_at')
  for (const [method, url, payload] of [['GET', '/auth/me'], ['GET', '/auth/sessions'], ['DELETE', '/auth/sessions'], ['POST', '/auth/refresh', { refresh_token: ada.refresh_token }]] as const) {
    const response = await auth.call(method, url, payload, auth.bearer(ada))
    t.equal(response.statusCode, 500, `${method} ${url} lets nobody in`)
    t.match(response.headers['content-type'], /^application\/problem\+json/)
    t.same(Object.keys(response.json()).sort(), ['instance', 'status', 'title', 'type'])
    t.notMatch(response.body, /column|ended_at|SELECT|\.ts|slonik|node_modules/i)
  }
})

t.test('SEC-88: with the database away everything fails closed, by 503', async (t) => {
  const wire = await startWire(t)
  const auth = await startAuth(t, { port: wire.port })
  const ada = await auth.signUp()
  await wire.cut()
  for (const operation of operations.filter(({ path }) => !path.startsWith('/.well-known') && !path.startsWith('/auth/password/reset'))) {
    const body = operation.fields.length > 0 ? validBody(operation.fields, ada.refresh_token) : undefined
    const response = await auth.call(operation.method, operation.path.replace(/\{\w+\}/, randomUUID()), body, auth.bearer(ada))
    t.equal(response.statusCode, 503, operation.name)
    t.ok(Number(response.headers['retry-after']) >= 1)
  }
  t.equal((await auth.app.inject('/readyz')).statusCode, 503)
  t.equal((await auth.app.inject('/livez')).statusCode, 200)
  t.equal((await auth.call('GET', '/.well-known/jwks.json')).statusCode, 200, 'verifiers get their keys still')
  await wire.mend()
  t.equal((await auth.call('GET', '/auth/me', undefined, auth.bearer(ada))).statusCode, 200, 'and it is itself again')
})

const validBody = (fields: string[], refreshToken: string) => Object.fromEntries(fields.map((field) => [field, { email: 'ada@example.com', refresh_token: refreshToken }[field] ?? 'a quiet morning, 1974']))
