import { asUser } from '@daymark/kit/scope'
import type { Service } from '@daymark/kit/service'
import { Type } from '@sinclair/typebox'
import { Id, ListPage } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { openAccount } from '../accounts/open-account.ts'
import { listLists } from './queries.ts'

const AccountPath = Type.Object({ user_id: Id })

/** Lists of one account; registered under its path, behind the guard. */
export async function listRoutes (app: Service, { pool }: Deps): Promise<void> {
  app.get('', {
    schema: { tags: ['lists'], security: [{ accessToken: [] }], summary: 'The lists of an account', params: AccountPath, response: { 200: ListPage } },
  }, async ({ id, user: { sub: user_id } }) => {
    const read = () => asUser(user_id, () => listLists(pool, { user_id }))
    const lists = await read()
    if (lists.length > 0) return { items: [...lists], next_cursor: null }
    await openAccount(pool, user_id, id)
    return { items: [...await read()], next_cursor: null }
  })
}
