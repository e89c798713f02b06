import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { ExportQuery, Id, TaskExport } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { Exporter } from './export-tasks.ts'

const AccountPath = Type.Object({ user_id: Id })
const tags = ['transfer']
const security = [{ accessToken: [] }]

const files = {
  json: { type: 'application/json; charset=utf-8', name: 'daymark-tasks' },
  csv: { type: 'text/csv; charset=utf-8; header=present', name: 'daymark-tasks' },
}
const Export = { description: 'All of it; in CSV one line for each task', content: { 'application/json': { schema: Type.Ref(TaskExport.$id!) }, 'text/csv': { schema: Type.String() } } }

/** All the tasks of one account, out and in; registered under its path, behind the guard. */
export async function transferRoutes (app: Service, { pool, transfersPerHour, now }: Deps): Promise<void> {
  const exporter = new Exporter(pool)
  app.addHook('onRequest', app.limitOf({ name: 'transfer', max: transfersPerHour, windowSeconds: 3600 }))

  app.get('/export', {
    schema: { tags, security, summary: 'All tasks, lists and labels of an account at one moment, as a file', params: AccountPath, querystring: ExportQuery, response: { 200: Export } },
  }, async ({ query: { format = 'json' }, user: { sub: user_id }, log }, reply) => {
    const { type, name } = files[format]
    const file = await exporter.begin(user_id, format)
    file.once('error', (err) => { log.warn({ err }, 'an export broke off') })
    return await reply.headers({
      'content-type': type,
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${name}-${now().toISOString().slice(0, 10)}.${format}"`,
    }).send(file as unknown as string) // the schema says what it is made of
  })
}
