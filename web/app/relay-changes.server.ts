import { ReadableStream } from 'node:stream/web'
import type { Change } from '@daymark/tasks/contracts'
import type { AppLoadContext } from '@remix-run/node'
import { isServiceAway, isServiceProblem, isSignInNeeded } from './api/service-problem.ts'
import { requireUser } from './require-user.server.ts'

/** What an event stream says in one go. */
interface Block { event?: string, id?: string, data?: string }

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
const clockSkewMs = 2000

const written = ({ id, event, data }: Block) => `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`
const ending = (reason: string) => written({ event: 'end', data: JSON.stringify({ reason }) })

/**
 * Tells a browser that something has changed: the tasks service's stream of changes, with the browser's session in place of a token, and
 * without what was changed: a page that wants to know loads anew. The data of a `change` is its number, or that of the first of those
 * made together with it; `from` tells the number that the stream begins behind; `end` says why it is over. A page that has
 * followed no stream yet says when it was loaded (`at`), and is told of a change since.
 */
export async function relayChanges (request: Request, context: AppLoadContext): Promise<Response> {
  const query = new URL(request.url).searchParams
  const behind = numberIn(request.headers.get('last-event-id') ?? query.get('since'))
  const loadedAt = behind === null ? numberIn(query.get('at')) : null
  try {
    requireUser(context)
    const changes = await context.tasks.events(behind, AbortSignal.any([request.signal, context.stopping]))
    return answered(ReadableStream.from(bytesOf(relayed(changes, loadedAt, context))))
  } catch (error) {
    // To a browser's event stream another status is the end for ever, and a redirect a page that it cannot read.
    if (isSignInNeeded(error)) return answered(ending('signed-out'))
    if (isServiceAway(error)) return new Response(null, { status: 503 })
    if (isServiceProblem(error) && error.status === 429) return new Response(null, { status: 429, headers: { 'retry-after': String(error.retryAfterSeconds ?? 5) } })
    throw error
  }
}

const answered = (body: string | ReadableStream) => new Response(body as BodyInit, { headers }) // Node's stream, which the DOM's types do not know

const numberIn = (text: string | null) => text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null

async function * relayed (changes: ReadableStream<Uint8Array>, loadedAt: number | null, { tasks, stopping }: AppLoadContext): AsyncGenerator<string> {
  try {
    for await (const blocks of blocksOf(changes)) {
      for (const [n, block] of blocks.entries()) {
        if (block.event === 'change') {
          const next = blocks[n + 1]
          if (next?.event !== 'change' || groupOf(next) !== groupOf(block)) yield written({ ...block, data: groupOf(block) })
        } else if (block.event === 'end') {
          yield written(block)
        } else if (block.id !== undefined) {
          yield `retry: 2000\n${written({ ...block, event: 'from', data: block.id })}`
          const missed = loadedAt === null ? null : await changeSince(tasks, Number(block.id), loadedAt)
          if (missed) yield written({ event: 'change', data: String(missed.group_seq ?? missed.seq) })
        } else yield ':\n\n'
      }
    }
  } catch { /* it broke off, or was given up: who still reads comes back with the number of the last event */ }
  if (stopping.aborted) yield ending('closing')
}

/** The number under which changes made together are known. */
function groupOf ({ data = '' }: Block): string {
  const { seq, group_seq: group } = JSON.parse(data) as { seq: number, group_seq: number | null }
  return String(group ?? seq)
}

/** The last change, if a page that was loaded at an instant may not show it; the clocks need not agree. */
async function changeSince (tasks: AppLoadContext['tasks'], last: number, instant: number): Promise<Change | null> {
  const change = last > 0 ? await tasks.change(last) : null
  return change !== null && Date.parse(change.changed_at) >= instant - clockSkewMs ? change : null
}

/** The blocks of an event stream, as many at once as arrive together. */
async function * blocksOf (stream: ReadableStream<Uint8Array>): AsyncGenerator<Block[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const texts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = texts.pop() ?? ''
    yield texts.map((text) => Object.fromEntries(text.split('\n').filter((line) => !line.startsWith(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()])))
  }
}

async function * bytesOf (texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const text of texts) yield encoder.encode(text)
}
