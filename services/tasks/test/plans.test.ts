import t from 'tap'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createTestDatabase } from '@daymark/kit/test-database'
import { gather } from './plans/crowd.ts'
import { type Explained, explainer, statementOf } from './plans/explain.ts'
import { type Sample, sampled } from './plans/samples.ts'

t.setTimeout(3 * 60 * 60 * 1000) // `npm run plans` gathers millions of rows
const { PLANS_TASKS = '1000', PLANS_ROWS = '20000', PLANS_WRITE } = process.env
const size = { tasks: Number(PLANS_TASKS), rows: Number(PLANS_ROWS) }
const sources = new URL('../src/', import.meta.url)
const committed = new URL('../../../specs/database/plans/', import.meta.url)

const limitOf = ({ buffers = 600 }: Sample) => buffers === 'tenant' ? 1000 + 8 * size.tasks : buffers
const twoPages = 102
const isWrite = (text: string) => /\b(INSERT INTO|UPDATE tasks|DELETE FROM|purge_trashed)\b/.test(text)

t.test('FR-280: every query of the service is sampled', async (t) => {
  const files = [...globSync('**/*queries.ts', { cwd: sources }), 'changes/write-statements.ts'].map((file) => file.replaceAll('\\', '/')).sort()
  t.same(sampled.map(({ from }) => from).sort(), files)
  for (const { from, queries, samples } of sampled) {
    const functions = Object.entries(queries).filter(([, exported]) => typeof exported === 'function').map(([name]) => name)
    t.same(Object.keys(samples).sort(), functions.sort(), from)
  }
})

t.test(`FR-280: with row-level security on, each query finds its rows by an index, sorts a page at most and reads no more when others have more (a tenant of ${size.tasks} tasks among ${size.rows})`, async (t) => {
  const database = await createTestDatabase(t)
  const crowd = await gather(database, size)
  const explain = await explainer(t, database, crowd.user_id)
  const asked = await Promise.all(sampled.flatMap(({ from, samples }) => Object.entries(samples).flatMap(([query, variants]) => Object.entries(variants).map(async ([variant, sample]) =>
    ({ from, name: variant === '' ? query : `${query}, ${variant}`, sample, statement: await statementOf((db) => sample.query(db, crowd)) })))))
  // What a write leaves dead is walked over until it is vacuumed away: reads come first, and then the smaller writes.
  const inOrder = asked.toSorted((a, b) => Number(isWrite(a.statement.text)) - Number(isWrite(b.statement.text)) || limitOf(a.sample) - limitOf(b.sample))
  const plans = new Map<string, Explained>()
  for (const { name, sample, statement } of inOrder) {
    const plan = await explain(statement)
    plans.set(name, plan)
    const { buffers, scans, mostSorted } = plan
    const isFine = scans.length === 0 && buffers <= limitOf(sample) && mostSorted <= (sample.sorts ?? twoPages)
    t.ok(isFine, `${name}: ${buffers} of ${limitOf(sample)} blocks, ${mostSorted} rows sorted, scans ${scans.join() || 'nothing'}`, isFine ? {} : { plan: plan.text })
    if (PLANS_WRITE) console.log(`# ${name}: ${buffers} blocks, ${plan.rows} rows, ${mostSorted} sorted`)
  }

  for (const [from, of] of Map.groupBy(asked, ({ from }) => from)) {
    const file = new URL(`${from.replace(/[/-]?(queries)?\.ts$/, '').replaceAll('/', '-')}.txt`, committed)
    if (PLANS_WRITE) {
      mkdirSync(committed, { recursive: true })
      writeFileSync(file, of.map(({ name }) => `${name}\n\n${plans.get(name)?.text}\n`).join('\n'))
    }
    const known = new Set(readFileSync(file, 'utf8').split('\n'))
    t.same(of.map(({ name }) => name).filter((name) => !known.has(name)), [], 'and its plan is in specs/database/plans: npm run plans writes it')
  }
})
