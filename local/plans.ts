import { parseArgs } from 'node:util'

/** `npm run plans -- --tasks 100000 --rows 5000000`: plans and runs every query of the tasks service, and writes the plans into specs/database/plans. */
const { values: { tasks, rows } } = parseArgs({ options: { tasks: { type: 'string', default: '100000' }, rows: { type: 'string', default: '5000000' } } })
Object.assign(process.env, { PLANS_TASKS: tasks, PLANS_ROWS: rows, PLANS_WRITE: '1' })
process.argv.splice(2, Infinity, 'services/tasks/test/plans.test.ts', '--timeout=10800')
await import('./test.ts')
