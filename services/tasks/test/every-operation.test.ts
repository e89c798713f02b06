import t from 'tap'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { connectionOptions } from '@daymark/kit/database'
import type { InjectOptions } from 'fastify'
import type { OpenApi, Schema } from './isolation-matrix.ts'
import { startTasks } from './start-tasks.ts'

t.setTimeout(30 * 60 * 1000)
const { app, signUp, call, createTask, database } = await startTasks(t, { TRANSFERS_PER_HOUR: '10000' })
const ada = await signUp()
const document = (await call('GET', '/openapi.json')).json<OpenApi>()

const task = await createTask(ada)
const trashed = await createTask(ada)
await call('DELETE', `/api/${ada.id}/tasks/${trashed.id}`, ada)
const idOf = async (path: string) => (await call('POST', `/api/${ada.id}${path}`, ada, { name: 'Mine' })).json<{ id: string }>().id
const known: Record<string, string> = { tasks: task.id, trash: trashed.id, lists: await idOf('/lists'), labels: await idOf('/labels'), changes: '2' }

const resolved = (schema: Schema): Schema => schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.replace('#/components/schemas/', '')] ?? {}
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
  name: `${method.toUpperCase()} ${path.replace('/api/{user_id}', '')}`,
  method: method.toUpperCase() as 'POST',
  url: path.replace('{user_id}', ada.id).replaceAll(/(\w+)\/\{\w+\}/g, (_, kind: string) => `${kind}/${known[kind] ?? randomUUID()}`),
  parameters,
  body: resolved(requestBody?.content['application/json']?.schema ?? {}),
  isStream: Object.keys(responses['200']?.content ?? {}).some((type) => type !== 'application/json'),
})))
const withBody = operations.filter(({ body }) => body.properties)

/** A body that has what must be there, and one thing where something must. */
function minimal (schema: Schema): unknown {
  const { type, enum: values, anyOf, properties = {}, required = [], minProperties = 0, format } = resolved(schema)
  if (values) return values[0]
  if (anyOf) return null
  if (format === 'uuid') return randomUUID()
  if (type === 'boolean') return true
  if (type === 'array') return []
  if (type === 'integer' || type === 'number') return 1
  if (type === 'string') return `Text ${randomUUID()}`
  const names = [...required, ...Object.keys(properties).filter((name) => !required.includes(name)).slice(0, Math.max(0, minProperties - required.length))]
  return Object.fromEntries(names.map((name) => [name, minimal(properties[name]!)]))
}

/** A body that is taken, whatever else is wrong with it. */
const goodBody = (name: string, body: Schema) => name === 'POST /tasks/bulk' ? { action: 'reschedule', ids: [task.id] } : minimal(body) as object

/** It takes a file, and answers with a report: what became of the texts is read in another test, by another export. */
const takesFile = (name: string) => name === 'POST /import'

/** The places of a body where a string belongs, and whether any text may be there. */
function strings (schema: Schema, place: string[] = []): Array<{ place: string[], isText: boolean }> {
  const { type, enum: values, format, pattern = '', properties, anyOf } = resolved(schema)
  if (properties) return Object.entries(properties).flatMap(([name, one]) => strings(one, [...place, name]))
  if (anyOf) return anyOf.flatMap((one) => strings(one, place))
  return type === 'string' ? [{ place, isText: !values && !format && !pattern.includes('A-F') && place.at(-1) !== 'time_zone' }] : []
}

const having = (body: unknown, [name = '', ...rest]: string[], value: unknown): unknown =>
  ({ ...body as object, [name]: rest.length === 0 ? value : having((body as Record<string, unknown>)[name] ?? {}, rest, value) })
const at = (body: unknown, place: string[]): unknown => place.reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], body)

const storable = [
  '👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪', '𠜎𠜱𝒳', '\u202Eright to left\u202C שלום مرحبا', 'e\u0301 Z\u0351\u036b\u0343 \u0e01\u0e33', '\uFEFF\u200B\u2028x', '\u0001\u007f\u0085x', '\ufffe\uffff',
  "'; DROP TABLE tasks.tasks; --", "' OR '1'='1", "x'); SELECT pg_sleep(60); --", '$1 $$ \\', '%_*?', '$' + '{7*7} {{7*7}}', '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '../../etc/passwd', 'null', 'true', 'NaN', '\u0130\u0131\u00df',
]
const unstorable = ['a\u0000b', 'a\ud800b', '\udfff', '\ud83d']
const long = ['x'.repeat(50_000), '🌿'.repeat(20_001)]

t.test('FR-044, SEC-85: a naughty string in every text field of every operation is stored and given back exactly, or refused with a reason', async (t) => {
  let [kept, refused] = [0, 0]
  for (const { name, method, url, body } of withBody) {
    for (const { place, isText } of strings(body)) {
      for (const value of [...storable, ...unstorable, ...long]) {
        const given = isText && storable.includes(value) && place.at(-1) === 'name' ? `${value} ${randomUUID().slice(0, 8)}` : value
        const response = await app.inject({ method, url, headers: { ...ada.headers, 'content-type': 'application/json' }, payload: JSON.stringify(having(goodBody(name, body), place, given)) })
        const what = `${name} /${place.join('/')} ${JSON.stringify(value).slice(0, 40)}: ${response.statusCode} ${response.body.slice(0, 200)}`
        if (response.statusCode < 300) {
          kept++
          if (unstorable.includes(value) || (!takesFile(name) && (!isText || at(response.json(), place) !== given))) t.fail(what)
        } else {
          refused++
          const { errors = [] } = response.json<{ errors?: Array<{ pointer: string, detail: string }> }>()
          if (![400, 422].includes(response.statusCode) || !errors.some(({ pointer, detail }) => pointer.startsWith(`/${place[0]}`) && detail !== '')) t.fail(what)
          if (isText && !takesFile(name) && storable.includes(value) && value.length <= 60) t.fail(what)
        }
      }
    }
  }
  t.ok(kept > 100 && refused > 100, `${kept} kept, ${refused} refused`)
})

t.test('SEC-84: no operation takes a field it does not know, nor what the service alone sets, nor an array or an object for a string', async (t) => {
  const before = (await call('GET', `/api/${ada.id}/tasks/${task.id}`, ada)).body
  for (const { name, method, url, body } of withBody) {
    const good = goodBody(name, body)
    const refuses = async (payload: string, what: string) => {
      const response = await app.inject({ method, url, headers: { ...ada.headers, 'content-type': 'application/json' }, payload })
      if (response.statusCode !== 400 && !(takesFile(name) && response.statusCode === 422)) t.fail(`${name}, ${what}: ${response.statusCode} ${response.body.slice(0, 200)}`)
    }
    for (const field of ['user_id', 'id', 'version', 'role', 'tenant', 'owner', 'is_inbox', 'created_at', 'updated_at', 'deleted_at', 'verified', 'colouring']) {
      if (!Object.keys(body.properties ?? {}).includes(field)) await refuses(JSON.stringify({ ...good, [field]: 'x' }), field)
    }
    await refuses(JSON.stringify(good).replace(/}$/, `${Object.keys(good).length > 0 ? ',' : ''}"__proto__":{"admin":true}}`), '__proto__')
    await refuses(JSON.stringify({ ...good, constructor: { prototype: { admin: true } } }), 'constructor')
    for (const { place } of strings(body)) for (const wrong of [['x'], { x: 'x' }, 7, true]) await refuses(JSON.stringify(having(good, place, wrong)), `${place.join('/')} ${JSON.stringify(wrong)}`)
  }
  t.equal(({} as { admin?: boolean }).admin, undefined)
  t.equal((await call('GET', `/api/${ada.id}/tasks/${task.id}`, ada)).body, before)
})

t.test('SEC-85: naughty strings in every parameter are a clear refusal or find nothing; the role of the service cannot define anything', async (t) => {
  const escapes = [...storable, ...long.map((text) => text.slice(0, 3000))].map((text) => encodeURIComponent(text))
  for (const { name, method, url, parameters, body, isStream } of operations) {
    for (const { in: where, name: parameter } of parameters) {
      if (parameter === 'user_id' || (isStream && where === 'query')) continue
      for (const value of where === 'header' ? storable.filter((text) => /^[ -~]+$/.test(text)) : [...escapes, '%00', '%ED%A0%80', '%zz', '%']) {
        const options: InjectOptions = { method, url, headers: { ...ada.headers }, ...body.properties && { payload: goodBody(name, body) } }
        if (where === 'header') options.headers = { ...ada.headers, [parameter]: value }
        if (where === 'query') options.url = `${url}?${parameter}=${value}`
        if (where === 'path') options.url = url.replace(/[0-9a-f-]{36}(?=[^/]*(\/\w+)?$)|(?<=changes\/)\d+/, value)
        const { statusCode, headers } = await app.inject(options)
        if (statusCode >= 500 || (statusCode >= 400 && !String(headers['content-type']).startsWith('application/problem+json'))) t.fail(`${name} ${where} ${parameter} ${value.slice(0, 60)}: ${statusCode}`)
      }
    }
  }
  t.equal((await call('GET', `/api/${ada.id}/tasks`, ada)).statusCode, 200, 'everything is there still')
  const client = new pg.Client(connectionOptions({ DATABASE_URL: database.urlFor('tasks_service'), DATABASE_CA_FILE: database.caFile }))
  await client.connect()
  for (const statement of ['CREATE TABLE tasks.x ()', 'CREATE TABLE public.x ()', 'CREATE SCHEMA x', 'DROP TABLE tasks.tasks', 'ALTER TABLE tasks.tasks DISABLE ROW LEVEL SECURITY', 'TRUNCATE tasks.tasks', 'CREATE FUNCTION tasks.x () RETURNS int LANGUAGE sql RETURN 1']) {
    await t.rejects(client.query(statement), { code: '42501' }, statement)
  }
  await client.end()
})

t.test('SEC-81: every operation needs a token, and what is for inside is not there', async (t) => {
  for (const { method, url, name, body } of operations) {
    const response = await app.inject({ method, url, ...body.properties && { payload: goodBody(name, body) } })
    t.equal(response.statusCode, 401, name)
    t.match(response.headers['www-authenticate'], /^Bearer/)
  }
  for (const path of ['/metrics', '/internal/revocations', '/debug', '/debug/pprof', '/.env', '/admin']) t.equal((await call('GET', path)).statusCode, 404, path)
})

t.test('SEC-88: where the database refuses every operation, each fails closed, as one problem that tells nothing of our insides', async (t) => {
  const tables = (await database.asSuperuser<{ name: string }>("SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'tasks'::regnamespace AND c.relkind = 'r'")).map(({ name }) => name)
  await database.asSuperuser(`REVOKE ALL ON ${tables.join()} FROM tasks_service`)
  for (const { name, method, url, body } of operations) {
    const response = await app.inject({ method, url, headers: ada.headers, ...body.properties && { payload: goodBody(name, body) } })
    t.equal(response.statusCode, 500, name)
    t.match(response.headers['content-type'], /^application\/problem\+json/)
    t.same(Object.keys(response.json<object>()).sort(), ['instance', 'status', 'title', 'type'])
    t.notMatch(response.body, /permission|denied|tasks\.|SELECT|node_modules|\.ts|slonik|postgres/i)
  }
})
