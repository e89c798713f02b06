import t from 'tap'
import { createHash } from 'node:crypto'
import { operations } from '@daymark/tasks/operations'
import { operationCaller } from '../app/api/call-operation.server.ts'
import type { ServiceCall } from '../app/api/service.server.ts'
import { ServiceProblem } from '../app/api/service-problem.ts'
import { tasksClient } from '../app/api/tasks-client.server.ts'

const user = '018f4e6a-0000-7000-8000-000000000001'
const id = '018f4e6a-0000-7000-8000-000000000002'
const origin = { requestId: 'request-1', traceparent: '00-0-0-00' }
const label = { id, user_id: user, name: 'home', colour: 'green', version: 3, created_at: '2026-11-24T09:00:00.000Z', updated_at: '2026-11-24T09:00:00.000Z' }

interface Given { status?: number, body?: unknown, headers?: Record<string, string> }

/** A client whose service answers what it is given, in turn, and notes what it was asked. */
function start (answers: Given[], formKey: string | null = 'form') {
  const asked: ServiceCall[] = []
  const service = async (call: ServiceCall) => {
    asked.push(call)
    const { status = 200, body = '', headers = {} } = answers.shift() ?? {}
    if (status >= 400) throw new ServiceProblem({ status, type: 'about:blank', title: 'No' })
    return { headers: new Headers(headers), body }
  }
  let token = 'first'
  const bearer = { userId: () => user, accessToken: () => token, renew: async () => { token = 'second'; return token } }
  return { asked, call: operationCaller(service, bearer, origin, () => formKey), client: tasksClient(service, bearer, origin, () => formKey) }
}

t.test('FR-290: an operation is asked as its description has it: method, path, query, ETag and body', async (t) => {
  const { asked, call } = start([{ body: { items: [], next_cursor: null } }, { body: label, headers: { etag: '"3-1"', 'daymark-change': '7' } }, {}])
  t.same(await call(operations.listTasks, { query: { q: 'milk & bread', limit: 2, cursor: undefined as never } }), { body: { items: [], next_cursor: null }, etag: null, change: null })
  t.same(await call(operations.patchLabel, { params: { id: 'a/b' }, body: { name: 'home' }, etag: '"2-1"' }), { body: label, etag: '"3-1"', change: 7 })
  t.same(await call(operations.deleteLabel, { params: { id } }), { body: null, etag: null, change: null })
  t.match(asked, [
    { method: 'GET', path: `/api/${user}/tasks?q=milk+%26+bread&limit=2`, headers: { authorization: 'Bearer first' } },
    { method: 'PATCH', path: `/api/${user}/labels/a%2Fb`, headers: { 'if-match': '"2-1"' }, body: { name: 'home' } },
    { method: 'DELETE', path: `/api/${user}/labels/${id}` },
  ])
  t.notOk('idempotency-key' in asked[0]!.headers!, 'what only reads has no key')
  t.notOk('body' in asked[2]!)
})

t.test('FR-230: the key of a form is the one it always had', async (t) => {
  const { asked, client } = start([{ body: { purged: 1 } }, { body: '' }])
  await client.emptyTrash('2026-11-24T09:00:00.000Z')
  await client.remove(id)
  const keyOf = (method: string, path: string) => createHash('sha256').update(JSON.stringify(['form', method, path])).digest('base64url')
  t.same(asked.map(({ headers }) => headers!['idempotency-key']), [keyOf('DELETE', '/trash?until=2026-11-24T09%3A00%3A00.000Z'), keyOf('DELETE', `/tasks/${id}`)])
})

t.test('FR-230: a refused token is renewed once, and the repetition has the key of the first', async (t) => {
  const { asked, call } = start([{ status: 401 }, { body: label, headers: { etag: '"3-1"' } }], null)
  await call(operations.createLabel, { body: { name: 'home' } })
  t.same(asked.map(({ headers }) => headers!['authorization']), ['Bearer first', 'Bearer second'])
  t.equal(asked[0]!.headers!['idempotency-key'], asked[1]!.headers!['idempotency-key'])
  const { call: refused } = start([{ status: 401 }, { status: 401 }])
  t.match(await refused(operations.listLabels, {}).catch((error: unknown) => error), { name: 'ServiceProblem', status: 401 })
})

t.test('FR-290: an answer that is not what the operation promises, or lacks the ETag a write needs, is not handed on', async (t) => {
  const { call } = start([{ body: { items: [{ ...label, version: 'three' }], next_cursor: null } }])
  await t.rejects(call(operations.listLabels, {}), { name: 'ContractBroken', message: 'An answer does not keep to LabelPage: /items/0/version' })
  await t.rejects(start([{ body: label }]).client.getLabel(id), { name: 'ContractBroken', message: /ETag/ })
  t.same(await start([{ body: { ...label, shade: 'dark' }, headers: { etag: '"3-1"' } }]).client.getLabel(id), { label: { ...label, shade: 'dark' }, etag: '"3-1"', change: null }, 'a newer service may say more')
})

t.test('FR-290: types follow from the description', async () => {
  const typed = async ({ call }: Pick<ReturnType<typeof start>, 'call'>) => {
    const { body: { items } } = await call(operations.listTasks, {})
    items.map(({ title }) => title.length)
    // @ts-expect-error a task has no shade
    items.map(({ shade }) => shade)
    // @ts-expect-error which task?
    await call(operations.readTask, {})
    // @ts-expect-error no colour of the palette
    await call(operations.createLabel, { body: { name: 'home', colour: 'mauve' } })
    // @ts-expect-error nothing is overwritten by what makes something
    await call(operations.createLabel, { body: { name: 'home' }, etag: '"1-1"' })
  }
  t.ok(typed)
})
