import type { InjectOptions } from 'fastify'
import { randomUUID } from 'node:crypto'
import { type BulkAction, bulkActions, type ImportReport, type Label, type List, type Task } from '../contracts.ts'
import { startTasks, type User } from './start-tasks.ts'

type Service = Awaited<ReturnType<typeof startTasks>>

/** What a place in a request can name of a tenant's. */
type Kind = 'user' | 'task' | 'trashed' | 'list' | 'label' | 'change' | 'cursor' | 'key' | 'number' | 'word'

/** A value in a request that names something of a tenant's: the matrix puts another tenant's in its place. */
class Named {
  readonly kind: Kind
  readonly value: string
  constructor (kind: Kind, value: string) {
    this.kind = kind
    this.value = value
  }
}

export interface Schema { enum?: string[], required?: string[], minProperties?: number, $ref?: string, properties?: Record<string, Schema>, items?: Schema, anyOf?: Schema[], format?: string, pattern?: string, type?: string | string[] }
interface Parameter { in: 'path' | 'query' | 'header', name: string, schema: Schema }
interface DocumentedOperation {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, unknown> }>
}
export interface OpenApi { paths: Record<string, Record<string, DocumentedOperation>>, components: { schemas: Record<string, Schema> } }

/** What each parameter names; null for one that names nothing of anybody's. A parameter that is missing here fails the matrix. */
const parameterKinds: Record<string, Kind | null> = {
  'path user_id': 'user',
  'path tasks/{id}': 'task',
  'path trash/{id}': 'trashed',
  'path lists/{id}': 'list',
  'path labels/{id}': 'label',
  'path changes/{seq}': 'change',
  'query list_id': 'list',
  'query label': 'label',
  'query parent_id': 'task',
  'query q': 'word',
  'query cursor': 'cursor',
  'query since': 'number',
  'header idempotency-key': 'key',
  'header last-event-id': 'number',
  'header if-match': null,
  'header if-none-match': null,
  ...Object.fromEntries(['status', 'priority', 'due_before', 'due_after', 'time_zone', 'sort', 'direction', 'limit', 'wait', 'until', 'format', 'dry_run', 'list_name'].map((name) => [`query ${name}`, null])),
}
/** Where it is another kind than its name says. */
const exceptions: Record<string, Kind> = { 'POST /tasks/{id}/restore path tasks/{id}': 'trashed' }

type Own = Record<'task' | 'trashed' | 'list' | 'label' | 'change', () => Promise<Named>>
type MakeBody = (own: Own) => Promise<Record<string, unknown>>

const placed: MakeBody = async (own) => ({ title: 'Mine', list_id: await own.list(), parent_id: await own.task(), label_ids: [await own.label()] })
const bulk = (action: BulkAction): MakeBody[] => {
  const rest: MakeBody = async (own) => action === 'move' ? { list_id: await own.list() } : action === 'label' || action === 'unlabel' ? { label_id: await own.label() } : action === 'prioritise' ? { priority: 'low' } : {}
  return [
    async (own) => ({ action, ids: [await own.task(), action === 'restore' ? await own.trashed() : await own.task()], ...await rest(own) }),
    async (own) => ({ action, filter: { list_id: await own.list() }, ...await rest(own) }),
  ]
}

const past = { version: 1, created_at: '2026-01-31T09:00:00.000Z', updated_at: '2026-01-31T09:00:00.000Z', deleted_at: null }

/**
 * Bodies that are accepted from their sender, which between them have a value in every place of their schema that names something.
 * An operation with a body that is missing here fails the matrix, and so does such a place.
 */
const bodies: Record<string, MakeBody[]> = {
  'POST /tasks': [placed],
  'PUT /tasks/{id}': [async (own) => ({ ...await placed(own), description: '', completed: false, priority: 'none', due_date: null, due_at: null, time_zone: null, start_date: null })],
  'PATCH /tasks/{id}': [placed],
  'PATCH /tasks/{id}/complete': [async () => ({ completed: true })],
  'POST /tasks/{id}/move': [async (own) => ({ after: await own.task() }), async (own) => ({ before: await own.task() })],
  'POST /tasks/bulk': [...bulkActions.flatMap(bulk), async (own) => ({ action: 'complete', filter: { label: await own.label() } }), async (own) => ({ action: 'complete', filter: { parent_id: await own.task() } })],
  'POST /lists': [async () => ({ name: 'Mine' })],
  'PATCH /lists/{id}': [async () => ({ name: 'Mine' })],
  'POST /lists/{id}/move': [async (own) => ({ after: await own.list() }), async (own) => ({ before: await own.list() })],
  'POST /labels': [async () => ({ name: `mine ${randomUUID()}` })],
  'POST /import': [async (own) => ({
    format: 'daymark.tasks',
    version: 1,
    inbox: { name: 'Inbox', colour: 'grey' },
    lists: [{ id: new Named('list', randomUUID()), name: 'Mine', colour: 'red', position: 'm', archived: false, ...past }],
    labels: [{ id: new Named('label', randomUUID()), name: `mine ${randomUUID()}`, colour: 'red', ...past }],
    tasks: [{
      id: new Named('task', randomUUID()), list_id: await own.list(), parent_id: await own.task(), label_ids: [await own.label()], title: 'Mine', description: '', completed_at: null, priority: 'none', due_date: null, due_at: null, time_zone: null, start_date: null, position: 'm', ...past,
    }],
  })],
  'PATCH /labels/{id}': [async () => ({ name: `mine ${randomUUID()}` })],
}

/** Whether a place in a body names something, by what it takes and by what it is called. */
const isNaming = (name: string, { format, pattern = '' }: Schema) =>
  format === 'uuid' || pattern.includes('[0-9A-Fa-f]{8}') || /^(?!due_)(.*_)?(ids?|seq|cursor|since|after|before)$/.test(name)

const keyOf = (method: string, path: string) => `${method.toUpperCase()} ${path.replace('/api/{user_id}', '')}`

/** The places in a body that name something, such as `filter/list_id` or `label_ids/*`. */
export function namingPlaces (document: OpenApi, schema: Schema, place = ''): string[] {
  const known = schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.replace('#/components/schemas/', '')]
  if (!known) throw new Error(`The OpenAPI document refers to ${schema.$ref}, which it does not have`)
  const below = [
    ...Object.entries(known.properties ?? {}).flatMap(([name, one]) => namingPlaces(document, one, place === '' ? name : `${place}/${name}`)),
    ...known.items ? namingPlaces(document, known.items, `${place}/*`) : [],
    ...(known.anyOf ?? []).flatMap((one) => namingPlaces(document, one, place)),
  ]
  const name = place.split('/').filter((part) => part !== '*').at(-1) ?? ''
  const isLeaf = !known.properties && !known.items && !known.anyOf
  return [...new Set([...below, ...isLeaf && known.type !== 'null' && isNaming(name, known) ? [place] : []])]
}

/** The places of a body that have something named, with it. */
function namedIn (value: unknown, place = ''): Array<[place: string, named: Named]> {
  if (value instanceof Named) return [[place, value]]
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => namedIn(one, `${place}/${index}`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => namedIn(one, place === '' ? name : `${place}/${name}`))
}

/** The body as it is sent, with something else at one place. */
function written (value: unknown, at: string | null, other: string, place = ''): unknown {
  if (value instanceof Named) return place === at ? other : value.value
  if (Array.isArray(value)) return value.map((one: unknown, index) => written(one, at, other, `${place}/${index}`))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one, at, other, place === '' ? name : `${place}/${name}`)]))
}

/** A service with tenants in it: Ada, who has something of everything, Bob, who has as well, and Mallory, who asks. */
export async function startWorld (t: Parameters<typeof startTasks>[0], settings: Record<string, string> = {}) {
  const service = await startTasks(t, { DATABASE_POOL_SIZE: '3', ...settings })
  const ada = await furnish(service, await service.signUp(), 'adasecret')
  await furnish(service, await service.signUp(), 'bobsecret')
  const document = (await service.call('GET', '/openapi.json')).json<OpenApi>()
  return { ...service, ada, document }
}

export type World = Awaited<ReturnType<typeof startWorld>>

const made = async <T>({ call }: Service, user: User, path: string, body: object): Promise<T> => {
  const response = await call('POST', `/api/${user.id}${path}`, user, body)
  if (response.statusCode >= 300) throw new Error(`POST ${path}: ${response.body}`)
  return response.json()
}

/** Gives a user something of every kind, with a word in each that nobody else has; the numbers of their changes are far from others'. */
async function furnish (service: Service, user: User, word: string) {
  const { call, database } = service
  const path = `/api/${user.id}`
  const [inbox] = (await call('GET', `${path}/lists`, user)).json<{ items: List[] }>().items
  await database.asSuperuser('UPDATE tasks.accounts SET seq = 1000000 WHERE user_id = $1', [user.id])
  const list = await made<List>(service, user, '/lists', { name: `${word} list` })
  const label = await made<Label>(service, user, '/labels', { name: `${word} label` })
  const key = `key-of-${word}`
  const task = (await call('POST', `${path}/tasks`, user, { title: `${word} task`, list_id: list.id, label_ids: [label.id], due_date: '2026-02-03' }, { 'idempotency-key': key })).json<Task>()
  const child = await made<Task>(service, user, '/tasks', { title: `${word} child`, parent_id: task.id })
  const trashed = [await made<Task>(service, user, '/tasks', { title: `${word} gone` }), await made<Task>(service, user, '/tasks', { title: `${word} gone too`, label_ids: [label.id], list_id: list.id })]
  for (const { id } of trashed) await call('DELETE', `${path}/tasks/${id}`, user)
  const change = String((await call('PATCH', `${path}/tasks/${task.id}`, user, { priority: 'high' })).headers['daymark-change'])
  const trashedIds = trashed.map(({ id }) => id)
  const ids: Record<Exclude<Kind, 'cursor'>, string[]> = {
    user: [user.id],
    task: [task.id, child.id, ...trashedIds],
    trashed: [...trashedIds, task.id],
    list: [list.id, inbox!.id],
    label: [label.id],
    change: [change, String(Number(change) - 1)],
    key: [key],
    number: ['0', '1000000'],
    word: [word],
  }
  return { ...user, word, ids, secrets: [word, user.id, list.id, inbox!.id, label.id, task.id, child.id, ...trashedIds] }
}

/** Where the matrix found that something of another tenant's can be had, changed or told apart from what is not there. */
export interface Finding { operation: string, place: string, what: string }

/**
 * Asks every operation for what is Ada's, in every place that can name it, by somebody else with a role.
 * @param aside does what is needed for the questions, where the service that is asked cannot
 */
export async function askForWhatIsNotYours (world: World, role: 'user' | 'admin', aside: <T>(work: () => Promise<T>) => Promise<T> = (work) => work()) {
  const { app, ada, call, database, document, issuer } = world
  const findings: Finding[] = []
  const probes = new Set<string>()
  const { id } = await world.signUp()
  const mallory: User = { id, headers: { authorization: `Bearer ${await issuer.sign({ ...issuer.claimsOf(id), role })}` } }
  const path = `/api/${mallory.id}`

  const named = (kind: Kind, value: string | number) => new Named(kind, String(value))
  const making: Own = {
    async task () {
      const task = await made<Task>(world, mallory, '/tasks', { title: 'minedotme' })
      await call('PATCH', `${path}/tasks/${task.id}`, mallory, { priority: 'low' })
      return named('task', task.id)
    },
    async trashed () {
      const task = await made<Task>(world, mallory, '/tasks', { title: 'minedotme' })
      await call('DELETE', `${path}/tasks/${task.id}`, mallory)
      return named('trashed', task.id)
    },
    list: async () => named('list', (await made<List>(world, mallory, '/lists', { name: 'Mine' })).id),
    label: async () => named('label', (await made<Label>(world, mallory, '/labels', { name: `mine ${randomUUID()}` })).id),
    async change () {
      const task = await made<Task>(world, mallory, '/tasks', { title: 'minedotme' })
      return named('change', String((await call('PATCH', `${path}/tasks/${task.id}`, mallory, { priority: 'low' })).headers['daymark-change']))
    },
  }
  const own = Object.fromEntries(Object.entries(making).map(([name, make]) => [name, () => aside(make)])) as Own
  for (let n = 0; n < 2; n++) await own.trashed()
  await own.task()
  // Every operation has an answer kept under Ada's key.
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, documented]) => ({ method: method.toUpperCase(), path, documented })))
  await database.asSuperuser(`
    INSERT INTO tasks.idempotency_keys (user_id, key, operation, request_digest, answer)
    SELECT k.user_id, k.key, o, k.request_digest, k.answer FROM tasks.idempotency_keys k, unnest($1::text[]) o WHERE k.user_id = $2 ON CONFLICT DO NOTHING`,
  [operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`), ada.id])

  /** Every row there is, by tenant. */
  const stored = async (but?: User) => {
    const tables = await database.asSuperuser<{ name: string }>("SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'tasks'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1")
    const rows = await database.asSuperuser<{ name: string, user_id: string, rows: string }>(tables.map(({ name }) =>
      `SELECT '${name}' AS name, r.user_id, md5(string_agg(r::text, ' ' ORDER BY r::text)) AS rows FROM ${name} r GROUP BY r.user_id`).join(' UNION ALL ') + ' ORDER BY 1, 2')
    return JSON.stringify(rows.filter(({ user_id: of }) => of !== but?.id))
  }

  for (const { method, path: template, documented } of operations) {
    const operation = keyOf(method, template)
    const find = (place: string, what: string) => findings.push({ operation, place, what })
    const parameters = (documented.parameters ?? []).map(({ in: where, name }) => {
      const segment = /([^/]+)\/$/.exec(template.split(`{${name}}`)[0] ?? '')?.[1]
      const of = where !== 'path' || name === 'user_id' ? `${where} ${name}` : `path ${segment}/{${name}}`
      const kind = exceptions[`${operation} ${of}`] ?? parameterKinds[of]
      if (kind === undefined) throw new Error(`${operation}: say in parameterKinds what the parameter "${of}" names`)
      return { where, name, kind, place: `${where} ${name}` }
    })
    const isStream = Object.keys(documented.responses['200']?.content ?? {}).includes('text/event-stream')
    const schemas = Object.values(documented.requestBody?.content ?? {}).map(({ schema }) => schema)
    const makers = schemas.length > 0 ? bodies[operation] : [async () => undefined]
    if (!makers) throw new Error(`${operation}: give the matrix a body for it`)

    const cursorOf = async (user: User, values: Record<string, string>) =>
      (await call('GET', `${filled(template, { ...values, user_id: user.id })}?limit=1`, user)).json<{ next_cursor: string }>().next_cursor

    /** Each value that is not Ada's is the sender's own, made for this request. */
    const ask = async ({ as = mallory, user_id = mallory.id, values = {}, query = {}, headers = {}, body }: { as?: User | null, user_id?: string, values?: Record<string, string>, query?: Record<string, string>, headers?: Record<string, string>, body?: unknown }) => {
      const url = filled(template, { ...values, user_id }) + (Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : '')
      const options = { method: method as 'GET', url, headers: { ...as?.headers, ...headers }, ...body !== undefined && { payload: body } } as InjectOptions & { url: string }
      const response = isStream ? await beginningOf(app, options) : await app.inject(options)
      const sent = url + JSON.stringify([body, headers])
      const told = ada.secrets.filter((secret) => !sent.includes(secret) && response.body.includes(secret))
      return { status: response.statusCode, body: response.body, headers: response.headers, told }
    }
    const ownValues = async () => {
      const values: Record<string, string> = {}
      for (const { where, name, kind } of parameters) if (where === 'path' && kind !== 'user') values[name] = (await own[kind as keyof Own]()).value
      return values
    }
    const adasValues = Object.fromEntries(parameters.filter(({ where }) => where === 'path').map(({ name, kind }) => [name, ada.ids[kind as 'task'][0]!]))

    /** Asks for what is Ada's, and holds the answer to what it may be; nobody's rows may change, or but the sender's own. */
    const probe = async (place: string, request: Parameters<typeof ask>[0], isAnswered: (answer: Awaited<ReturnType<typeof ask>>) => boolean, { mayWrite = false } = {}) => {
      probes.add(`${operation} ${place}`)
      const before = await stored(mayWrite ? mallory : undefined)
      const answer = await ask(request)
      if (!isAnswered(answer)) find(place, `${answer.status} ${answer.body.slice(0, 200)}`)
      if (answer.told.length > 0) find(place, `tells ${answer.told.join()}`)
      if (await stored(mayWrite ? mallory : undefined) !== before) find(place, 'something changed')
    }

    const isFile = operation === 'POST /import'
    const given = new Set<string>()
    for (const make of makers) {
      const found = { ...await make(own) }
      const body = documented.requestBody ? written(found, null, '') : undefined
      const others = await stored(mallory)
      const mine = await ask({ values: await ownValues(), body })
      if (mine.status >= 300 || mine.told.length > 0) find('', `of the sender's own: ${mine.status} ${mine.told.join()} ${mine.body.slice(0, 200)}`)
      if (await stored(mallory) !== others) find('', 'done to one\'s own, it changed another\'s')

      for (const [place, { kind }] of namedIn(found)) {
        given.add(place.replaceAll(/\/\d+/g, '/*'))
        for (const other of ada.ids[kind as 'task']) {
          await probe(`body ${place}`, { values: await ownValues(), body: written(found, place, other) }, ({ status, body }) =>
            status === 200 ? isFile ? isOwnFile(JSON.parse(body) as ImportReport, place) : isNothing(JSON.parse(body) as object, other) : [403, 404, 422].includes(status))
        }
      }
    }
    const missing = schemas.flatMap((schema) => namingPlaces(document, schema)).filter((place) => !given.has(place))
    if (missing.length > 0) throw new Error(`${operation}: give the matrix a body that has a value at ${missing.join()}`)

    const body = documented.requestBody ? written(await makers[0]!(own), null, '') : undefined
    for (const [who, as, user_id, status] of [['user_id', mallory, ada.id, 403], ['user_id in capitals', mallory, ada.id.toUpperCase(), 403], ['user_id without a token', null, ada.id, 401]] as const) {
      await probe(`path ${who}`, { as, user_id, values: adasValues, body }, (answer) => answer.status === status)
    }
    for (const { where, name, kind, place } of parameters) {
      if (kind === null || kind === 'user') continue
      const others = kind === 'cursor' ? [await aside(() => cursorOf(ada, adasValues))] : ada.ids[kind]
      for (const other of others) {
        const values = await ownValues()
        if (where === 'path') await probe(place, { values: { ...values, [name]: other }, body }, ({ status }) => status === 404)
        else if (kind === 'cursor') await probe(place, { values, query: { [name]: other } }, ({ status }) => status === 400)
        else if (kind === 'number') await probe(place, { values, [where === 'query' ? 'query' : 'headers']: { [name]: other } }, ({ status }) => status === 200)
        else if (where === 'query') await probe(place, { values, query: { [name]: other } }, ({ status, body }) => status === 200 && isNothing(JSON.parse(body) as object, other))
        else await probe(place, { values, headers: { [name]: other }, ...isFile && { query: { dry_run: 'false' } }, body: documented.requestBody ? written(await makers[0]!(own), null, '') : undefined }, ({ status, headers }) => status < 300 && headers['idempotency-replayed'] === undefined, { mayWrite: true })
      }
    }
  }
  return { findings, probes }
}

/** Whether an answer says that nothing was found or done of what was asked for. */
const isNothing = ({ items }: { items?: Array<{ id: string, changed?: boolean, code?: string }> }, other: string): boolean =>
  items !== undefined && (items.length === 0 || items.some(({ id, changed, code }) => id === other && changed === false && code === 'not_found'))

/** Whether a file was taken for its sender's own, whoever else has the ids in it: none is there yet, and what it only refers to is not there at all. */
const isOwnFile = ({ lists, labels, tasks }: ImportReport, place: string): boolean =>
  [lists, labels, tasks].every(({ present, differing }) => present + differing === 0) && (/\/id$/.test(place) || tasks.refused === 1)

const filled = (template: string, values: Record<string, string>) => template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? `{${name}}`)

/** What a stream begins with, which has no end of its own: from the first event on, a few of them. */
async function beginningOf (app: Service['app'], options: InjectOptions) {
  const response = await app.inject({ ...options, payloadAsStream: true })
  const { statusCode, headers } = response
  let body = ''
  for await (const chunk of response.stream() as AsyncIterable<Buffer>) {
    body += chunk.toString()
    if (statusCode === 200 && (options.headers?.['last-event-id'] !== '0' || /^id: ([4-9]|\d\d)/m.test(body))) break
  }
  return { statusCode, headers, body }
}
