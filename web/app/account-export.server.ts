import { ReadableStream } from 'node:stream/web'
import type { AppLoadContext } from '@remix-run/node'

const pageSize = 200

/**
 * Gives what Daymark keeps of the person as one JSON document, written while it is read: it costs the memory of a
 * page, however many tasks there are. A failure on the way breaks the stream off, so that no part passes for the whole.
 * @throws what the services refuse the beginning for, such as a log-in that is too long ago, before anything is written
 */
export async function exportEverything ({ account, tasks }: Pick<AppLoadContext, 'account' | 'tasks'>): Promise<ReadableStream<Uint8Array>> {
  const about = await account.exported()
  const [lists, labels, first] = await Promise.all([tasks.lists(), tasks.labels(), tasks.list({ status: 'all', limit: pageSize })])
    .catch(async (error: unknown) => {
      await about.cancel()
      throw error
    })

  return ReadableStream.from(async function * () {
    const bytes = (text: string) => new TextEncoder().encode(text)
    yield bytes('{"format":"daymark.export","version":1,"account":')
    yield * about
    yield bytes(`,"lists":${JSON.stringify(lists)},"labels":${JSON.stringify(labels)},"tasks":[`)
    for await (const items of itemsOf(first, (cursor) => tasks.list({ status: 'all', limit: pageSize, cursor }))) yield bytes(items)
    yield bytes('],"trash":[')
    for await (const items of itemsOf(await tasks.trash({ limit: pageSize }), (cursor) => tasks.trash({ limit: pageSize, cursor }))) yield bytes(items)
    yield bytes(']}')
  }())
}

interface Page { items: object[], next_cursor: string | null }

/** The items of all pages, as they stand in a JSON array. */
async function * itemsOf (first: Page, pageAt: (cursor: string) => Promise<Page>) {
  for (let page = first, comma = ''; ; comma = ',') {
    if (page.items.length > 0) yield comma + page.items.map((item) => JSON.stringify(item)).join()
    if (page.next_cursor === null) return
    page = await pageAt(page.next_cursor)
  }
}
