import { ReadableStream } from 'node:stream/web'
import type { AppLoadContext } from '@remix-run/node'

/**
 * Gives what Daymark keeps of the person as one JSON document, written while it is read: what auth exports, and what the tasks
 * service does, each as it is. A failure on the way breaks the stream off, so that no part passes for the whole.
 * @throws what the services refuse the beginning for, such as a log-in that is too long ago, before anything is written
 */
export async function exportEverything ({ account, tasks }: Pick<AppLoadContext, 'account' | 'tasks'>): Promise<ReadableStream<Uint8Array>> {
  const about = await account.exported()
  const content = await tasks.exported('json').catch(async (error: unknown) => {
    await about.cancel()
    throw error
  })

  return ReadableStream.from(async function * () {
    const bytes = (text: string) => new TextEncoder().encode(text)
    try {
      yield bytes('{"format":"daymark.export","version":2,"account":')
      yield * about
      yield bytes(',"content":')
      yield * content
      yield bytes('}')
    } finally {
      await content.cancel().catch(() => {}) // of a reader who left before it began
    }
  }())
}
