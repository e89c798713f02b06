import { busy } from '@daymark/kit/problem'
import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { ExportQuery, Id, ImportQuery, ImportReport, TaskExport } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { idempotent } from '../changes/answers.ts'
import { numbered } from '../changes/written.ts'
import { answerOnce } from '../idempotency/answer-once.ts'
import { importFile } from './carry-out.ts'
import { Exporter } from './export-tasks.ts'
import { planImport } from './plan-import.ts'
import { checkOf, readExport } from './read-export.ts'
import { receiveFile, type ReceivedFile } from './received-file.ts'

const AccountPath = Type.Object({ user_id: Id })
const tags = ['transfer']
const security = [{ accessToken: [] }]

const mediaTypes = { json: 'application/json; charset=utf-8', csv: 'text/csv; charset=utf-8; header=present' }
const Export = { description: 'All of it; in CSV one line for each task', content: { 'application/json': { schema: Type.Ref(TaskExport.$id!) }, 'text/csv': { schema: Type.String() } } }
const Import = { content: { 'application/json': { schema: Type.Ref(TaskExport.$id!) } } }
/** How many files are taken in at once by a process, those on their way to it as well: each may be large. */
const mostFiles = 2

/** All the tasks of one account, out and in; registered under its path, behind the guard. */
export async function transferRoutes (app: Service, { pool, transfersPerHour, now }: Deps): Promise<void> {
  const exporter = new Exporter(pool)
  app.addHook('onRequest', app.limitOf({ name: 'transfer', max: transfersPerHour, windowSeconds: 3600 }))

  app.get('/export', {
    schema: { tags, security, summary: 'All tasks, lists and labels of an account at one moment, as a file', params: AccountPath, querystring: ExportQuery, response: { 200: Export } },
  }, async ({ query: { format = 'json' }, user: { sub: user_id }, log }, reply) => {
    const file = await exporter.begin(user_id, format)
    file.once('error', (err) => { log.warn({ err }, 'an export broke off') })
    return await reply.headers({
      'content-type': mediaTypes[format],
      'content-disposition': `attachment; filename="daymark-tasks-${now().toISOString().slice(0, 10)}.${format}"`,
    }).send(file as unknown as string) // the schema says what it is made of
  })

  const check = checkOf(app)
  let files = 0
  app.removeContentTypeParser(['application/json', 'application/merge-patch+json'])
  app.addContentTypeParser(['application/json'], async (request: FastifyRequest, payload: FastifyRequest['raw']) =>
    await receiveFile(payload, { isCsv: false, announced: Number(request.headers['content-length']) }))

  app.post('/import', {
    schema: { tags, security, summary: 'Bring in what an export gave, or tell what that would do', params: AccountPath, querystring: ImportQuery, headers: idempotent, body: Import, response: { 200: ImportReport } },
    // A file is parsed and held to its schema aside, object by object.
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : app.validatorCompiler!(route),
    onRequest: async (_request, reply) => {
      if (files >= mostFiles) throw busy({ detail: 'Other files are being taken in. Try again in a minute.' })
      files++
      reply.raw.once('close', () => { files-- })
    },
  }, async (request, reply) => {
    const { query: { dry_run: isDry = true }, user: { sub: user_id } } = request
    const file = await readExport(request.body as unknown as ReceivedFile, check)
    const report: ImportReport = isDry
      ? { dry_run: true, change_seq: null, ...(await asUser(user_id, () => planImport(pool, user_id, file))).report }
      : await answerOnce(pool, request, reply, async (db) => {
        const done = await importFile(db, request, file)
        return { status: 200, headers: numbered(done.change_seq), body: { dry_run: false, ...done } }
      }, { isOneStatement: false })
    const { lists, labels, tasks } = report
    request.log.info({ isDry, lists, labels, tasks }, 'file brought in')
    return report
  })
}
