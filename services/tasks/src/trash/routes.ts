import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Id, TrashPage, TrashQuery } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { pageOfTrash } from './list-trash.ts'

/** The trash of one account; registered under its path, behind the guard. */
export async function trashRoutes (app: Service, { pool, cursors }: Deps): Promise<void> {
  app.get('', {
    schema: {
      tags: ['tasks'],
      security: [{ accessToken: [] }],
      summary: 'List the tasks in the trash, the last deleted first',
      params: Type.Object({ user_id: Id }),
      querystring: TrashQuery,
      response: { 200: TrashPage, 304: Type.Null() },
    },
  }, async ({ query, headers, user: { sub: user_id } }, reply) => {
    const { page, etag } = await pageOfTrash(pool, cursors, user_id, query, headers['if-none-match'])
    reply.header('etag', etag)
    return page ?? reply.code(304).send(null)
  })
}
