import t from 'tap'
import { committedOpenApi, faultyExamples, missingProblems, undescribed } from '@daymark/kit/test-openapi'
import { startAuth } from './start-auth.ts'

const { call } = await startAuth(t)
const document = (await call('GET', '/openapi.json')).json()

t.test('FR-045: the committed OpenAPI document is the one the service gives', async (t) => {
  t.equal(document.openapi, '3.1.0')
  t.same(committedOpenApi('auth', document), document, 'run npm run openapi and look at the difference')
})

t.test('FR-045: every operation is summed up, tagged, and says how it fails', async (t) => {
  for (const [path, operations] of Object.entries<Record<string, { summary?: string, tags?: string[], responses: Record<string, unknown> }>>(document.paths)) {
    for (const [method, { summary, tags, responses }] of Object.entries(operations)) {
      t.match({ summary, tags }, { summary: /\w/, tags: [/\w/] }, `${method} ${path}`)
      t.match(responses['default'], { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } })
    }
  }
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

t.test('FR-292: every JSON body has an example that its own schema takes', async (t) => {
  t.same(faultyExamples(document), [])
})

t.test('FR-045: people read it at /docs', async (t) => {
  const response = await call('GET', '/docs/')
  t.equal(response.statusCode, 200)
  t.match(response.headers['content-type'], /^text\/html/)
})
