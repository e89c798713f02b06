import { connectionOptions } from '@daymark/kit/database'
import type { TestDatabase } from '@daymark/kit/test-database'
import pg from 'pg'
import type { CommonQueryMethods } from 'slonik'

/** A statement as the service sends it; with a name where it is prepared once, and planned for any values. */
export interface Statement { text: string, values: readonly unknown[], name: string | undefined }

class Taken extends Error {}

/** The one statement that a query function sends, without sending it. */
export async function statementOf (query: (db: CommonQueryMethods) => unknown): Promise<Statement> {
  const statements: Statement[] = []
  const take = ({ sql: text, values, name }: { sql: string, values: readonly unknown[], name?: string }) => {
    statements.push({ text: text.replaceAll('$slonik_', '$'), values, name })
    throw new Taken()
  }
  const db = new Proxy({}, { get: () => take }) as CommonQueryMethods
  try {
    await query(db)
  } catch (error) {
    if (!(error instanceof Taken)) throw error
  }
  if (!statements[0]) throw new Error('It sends no statement')
  return statements[0]
}

interface PlanNode {
  'Node Type': string
  'Parent Relationship'?: string
  'Subplan Name'?: string
  'Relation Name'?: string
  Alias?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  'Hash Cond'?: string
  'Join Filter'?: string
  'Join Type'?: string
  Filter?: string
  'Sort Key'?: string[]
  'Presorted Key'?: string[]
  'Group Key'?: string[]
  Operation?: string
  'Function Name'?: string
  'CTE Name'?: string
  'Sort Method'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

export interface Explained { text: string, buffers: number, rows: number, scans: string[], mostSorted: number, mostRemoved: number }

const tables = /^(accounts|changes|idempotency_keys|labels|lists|task_labels|task_terms|tasks)$/
const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** A plan as text that says what is done and no more: what was counted or timed differs from run to run. */
function written (node: PlanNode, depth = 0): string[] {
  const indent = '  '.repeat(depth)
  const { 'Node Type': type, 'Index Name': index, 'Relation Name': relation, Alias: alias, Operation: operation, 'Join Type': join, 'Function Name': called, 'CTE Name': cte } = node
  const what = [
    type === 'ModifyTable' ? operation : join !== undefined && join !== 'Inner' ? `${type} (${join})` : type,
    index && `using ${index}`,
    (relation ?? called ?? cte) && `on ${relation ?? called ?? cte}`,
    alias && alias !== (relation ?? called ?? cte) && alias,
  ].filter(Boolean).join(' ')
  const line = (name: string, value: string | string[] | undefined) => value === undefined ? [] : [`${indent}    ${name}: ${String(value).replaceAll(/\s+/g, ' ')}`]
  return [
    ...node['Subplan Name'] ? [`${indent}${node['Subplan Name']}`] : [],
    `${indent}-> ${what}`,
    ...line('condition', node['Index Cond'] ?? node['Recheck Cond'] ?? node['Hash Cond']),
    ...line('filter', node.Filter ?? node['Join Filter']),
    ...line('sorted by', node['Sort Key']?.join(', ')),
    ...line('presorted by', node['Presorted Key']?.join(', ')),
    ...(node.Plans ?? []).flatMap((one) => written(one, depth + 1)),
  ]
}

const literal = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL'
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((one) => JSON.stringify(String(one))).join()}}`)
  return typeof value === 'number' || typeof value === 'boolean' ? `'${value}'` : pg.escapeLiteral(String(value))
}

/**
 * Plans and runs statements as the service's own role, with the scope of a user set, and takes back what they did. A prepared one is given the plan
 * for any values, which is what the database comes to keep; another the plan for its own.
 */
export async function explainer (t: { teardown: (end: () => unknown) => void }, database: TestDatabase, user_id: string) {
  const { query_timeout: _, ...options } = connectionOptions({ DATABASE_URL: database.urlFor('tasks_service'), DATABASE_CA_FILE: database.caFile })
  const client = new pg.Client(options)
  await client.connect()
  t.teardown(() => client.end())

  return async function explain ({ text, values, name }: Statement): Promise<Explained> {
    await client.query('BEGIN')
    try {
      await client.query("SELECT set_config('app.user_id', $1, true), set_config('statement_timeout', '0', true), set_config('plan_cache_mode', $2, true)", [user_id, name === undefined ? 'force_custom_plan' : 'force_generic_plan'])
      await client.query(`PREPARE explained AS ${text}`)
      const given = values.length > 0 ? `(${values.map(literal).join()})` : ''
      const { rows: [found] } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) EXECUTE explained${given}`)
      const plan = found!['QUERY PLAN'][0].Plan
      const nodes = nodesOf(plan)
      const times = ({ 'Actual Rows': rows, 'Actual Loops': loops }: PlanNode) => Math.round(rows * loops)
      return {
        text: written(plan).join('\n'),
        buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
        rows: plan['Actual Rows'],
        scans: nodes.filter(({ 'Node Type': type, 'Relation Name': relation = '', 'Actual Loops': loops }) => type === 'Seq Scan' && tables.test(relation) && loops > 0).map(({ 'Relation Name': relation = '' }) => relation),
        mostSorted: Math.max(0, ...nodes.filter(({ 'Node Type': type }) => type.endsWith('Sort')).map(({ Plans: [below] = [] }) => below ? times(below) : 0)),
        mostRemoved: Math.max(0, ...nodes.map((node) => (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'])),
      }
    } finally {
      await client.query('ROLLBACK')
      await client.query('DEALLOCATE ALL')
    }
  }
}
