import { busy } from '@daymark/kit/problem'
import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import type { FastifyRequest } from 'fastify'
import type { ImportReport } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { operations } from '../../operations.ts'
import { unprocessable } from '../../problems.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { importFile } from './carry-out.ts'
import { Exporter } from './export-tasks.ts'
import { planImport } from './plan-import.ts'
import { checkOf, readExport } from './read-export.ts'
import { readTodoist } from './read-todoist.ts'
import { receiveFile, type ReceivedFile } from './received-file.ts'

const mediaTypes = { json: 'application/json; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' }
/** How many files are taken in at once by a process, those on their way to it as well: each may be large. */
const mostFiles = 2

/** All the tasks of one account, out and in; registered under its path, behind the guard. */
export async function transferRoutes (app: Service, { pool, transfersPerHour, now }: Deps): Promise<void> {
  const exporter = new Exporter(pool)
  app.addHook('onRequest', app.limitOf({ name: 'transfer', max: transfersPerHour, windowSeconds: 3600 }))

  app.route({
    ...operations.exportTasks,
    handler: async ({ query: { format = 'json' }, user: { sub: user_id }, log }, reply) => {
      const file = await exporter.begin(user_id, format)
      file.once('error', (err) => { log.warn({ err }, 'an export broke off') })
      return await reply.headers({
        'content-type': mediaTypes[format],
        'content-disposition': `attachment; filename="daymark-tasks-${now().toISOString().slice(0, 10)}.${format}"`,
      }).send(file as unknown as string) // the schema says what it is made of
    },
  })

  const check = checkOf(app)
  let files = 0
  app.removeContentTypeParser(['application/json', 'application/merge-patch+json'])
  app.addContentTypeParser(['application/json', 'text/csv'], async (request: FastifyRequest, payload: FastifyRequest['raw']) =>
    await receiveFile(payload, { isCsv: /^text\/csv\b/i.test(request.headers['content-type'] ?? ''), announced: Number(request.headers['content-length']) }))

  app.route({
    ...operations.importTasks,
    // A file is parsed and held to its schema aside, object by object.
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : app.validatorCompiler!(route),
    onRequest: async (_request, reply) => {
      if (files >= mostFiles) throw busy({ detail: 'Other files are being taken in. Try again in a minute.' })
      files++
      reply.raw.once('close', () => { files-- })
    },
    handler: async (request, reply) => {
      const { query: { dry_run: isDry = true, list_name: listName }, user: { sub: user_id } } = request
      const received = request.body as unknown as ReceivedFile
      if (!received.isCsv && listName !== undefined) throw unprocessable('/querystring/list_name', 'unexpected', 'list_name must be left out: only a file of Todoist has tasks without a list')
      const file = received.isCsv ? await readTodoist(received, { user_id, listName }) : await readExport(received, check)
      const report: ImportReport = isDry
        ? { dry_run: true, change_seq: null, ...(await asUser(user_id, () => planImport(pool, user_id, file))).report }
        : await answerOnce(pool, request, reply, async (db) => {
          const done = await importFile(db, request, file)
          return { status: 200, headers: numbered(done.change_seq), body: { dry_run: false, ...done } }
        }, { isOneStatement: false })
      const { lists, labels, tasks } = report
      request.log.info({ isDry, lists, labels, tasks }, 'file brought in')
      return report
    },
  })
}
