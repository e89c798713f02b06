import t from 'tap'
import { committedOpenApi, faultyExamples, missingProblems, undescribed } from '@daymark/kit/test-openapi'
import { examples } from '../examples.ts'
import { accountPath, operations } from '../operations.ts'
import { startTasks } from './start-tasks.ts'

const { call, signUp } = await startTasks(t)
const document = (await call('GET', '/openapi.json')).json()

t.test('FR-045: the committed OpenAPI document is the one the service gives', async (t) => {
  t.equal(document.openapi, '3.1.0')
  t.same(committedOpenApi('tasks', document), document, 'run npm run openapi and look at the difference')
})

t.test('FR-045: every operation is summed up, tagged, and says how it fails', async (t) => {
  for (const [path, operations] of Object.entries<Record<string, { summary?: string, tags?: string[], responses: Record<string, unknown> }>>(document.paths)) {
    for (const [method, { summary, tags, responses }] of Object.entries(operations)) {
      t.match({ summary, tags }, { summary: /\w/, tags: [/\w/] }, `${method} ${path}`)
      t.match(responses['default'], { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } })
    }
  }
})

t.test('FR-290: what the service does is what its operations describe, no more and no less', async (t) => {
  const documented = Object.entries<object>(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
  const described = Object.values(operations).map(({ method, url }) => `${method} ${accountPath}${url}`.replaceAll(/:(\w+)/g, '{$1}'))
  t.same(documented.sort(), described.sort())
})

t.test('FR-291: every operation names the problems it can answer with, by status and type', async (t) => {
  t.same(missingProblems(document), [])
  const { components: { examples, responses } } = document
  for (const { content } of Object.values<{ content: Record<string, { examples: object }> }>(responses)) {
    for (const slug of Object.keys(content['application/problem+json']!.examples)) t.match(examples[slug].value, { type: `/problems/${slug}`, title: /\w/, status: Number, instance: /^urn:request:/ })
  }
})

t.test('FR-292: every operation has an id, and it, its parameters and its answers are described', async (t) => {
  t.same(undescribed(document), [])
})

t.test('FR-292: every body has an example that its own schema takes', async (t) => {
  t.same(faultyExamples(document), [])
})

interface Documented { operationId: string, requestBody?: { required: boolean, content: Record<string, { examples?: Record<string, { $ref?: string, value?: object }> }> } }
const taking = Object.entries<Record<string, Documented>>(document.paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, { operationId, requestBody }]) =>
  requestBody ? [{ operationId, method: method.toUpperCase() as 'POST', path, ...requestBody }] : []))

t.test('FR-292: the one body that may be left out is said to be optional', async (t) => {
  t.same(taking.filter(({ required }) => !required).map(({ operationId }) => operationId), ['completeTask'])
})

t.test('FR-292: each example of a body is taken by the service, in an account that has what the examples tell of', async (t) => {
  const { TaskExport, ImportReport } = examples.schemas
  const [ada, newcomer] = [await signUp(), await signUp()]
  t.same((await call('POST', `/api/${ada.id}/import`, ada, TaskExport)).json(), ImportReport)
  t.equal((await call('POST', `/api/${ada.id}/import?dry_run=false`, ada, TaskExport)).statusCode, 200)
  t.equal((await call('GET', `/api/${ada.id}/export?format=csv`, ada)).body, examples.texts.exportTasks['text/csv'])
  t.match((await call('POST', `/api/${newcomer.id}/import`, newcomer, examples.texts.importTasks['text/csv'], { 'content-type': 'text/csv' })).json(),
    { tasks: { created: 2 }, lists: { created: 1 }, labels: { created: 1 }, notes: [{ code: 'left_out', pointer: '/rows/1/AUTHOR' }] })
  const ids: Record<string, string> = { tasks: examples.schemas.Task.id, lists: examples.schemas.List.id, labels: examples.schemas.Label.id }
  for (const { operationId, method, path, content } of taking) {
    const who = operationId === 'createLabel' ? newcomer : ada // the name of a label is taken once
    const url = path.replace('{user_id}', who.id).replaceAll(/(\w+)\/\{id\}/g, (_, kind: string) => `${kind}/${ids[kind]}`)
    for (const { $ref = '', value } of Object.values(content['application/json']?.examples ?? {})) {
      const response = await call(method, url, who, value ?? document.components.examples[$ref.replace('#/components/examples/', '')].value)
      t.equal(Math.floor(response.statusCode / 100), 2, `${operationId}: ${response.statusCode} ${response.body}`)
    }
  }
})

t.test('FR-045: people read it at /docs', async (t) => {
  const response = await call('GET', '/docs/')
  t.equal(response.statusCode, 200)
  t.match(response.headers['content-type'], /^text\/html/)
})
