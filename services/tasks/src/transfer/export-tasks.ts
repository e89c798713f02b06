import { busy } from '@daymark/kit/problem'
import { asReaderOfOneMoment } from '@daymark/kit/scope'
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { CommonQueryMethods, DatabasePool } from 'slonik'
import { allLabels, allLists, allTasksAfter, type StoredLabel, type StoredList, type StoredTask } from './queries.ts'
import { csvHeader, csvLine } from './write-csv.ts'

const pageSize = 500
/** Each holds a connection of the pool while it is read. */
const mostAtOnce = 2
/** Milliseconds without a byte taken, after which a reader counts as gone; less than the database lets a transaction idle. */
const patience = 8000
/** Milliseconds a whole export may take. */
const longest = 10 * 60_000

export type ExportFormat = 'json' | 'csv'

/** Gives out all the tasks of an account, a few accounts at once. */
export class Exporter {
  readonly #pool: DatabasePool
  readonly #patience: number
  #running = 0

  constructor (pool: DatabasePool, { patienceMs = patience }: { patienceMs?: number } = {}) {
    this.#pool = pool
    this.#patience = patienceMs
  }

  /**
   * Begins to give out all that an account has at one moment, read while it is written: it costs the memory of a page. The
   * connection it is read over is held for no longer than the reader takes what comes, and breaks off else.
   * @throws {Problem} busy where too many are under way
   */
  async begin (user_id: string, format: ExportFormat): Promise<Readable> {
    if (this.#running >= mostAtOnce) throw busy({ detail: 'Too many exports are under way. Try again in a minute.' })
    this.#running++
    const out = new PassThrough({ highWaterMark: 65_536 })
    const deadline = setTimeout(() => out.destroy(new Error('An export took too long')), longest)
    const begun = Promise.withResolvers<Readable>()
    let isBegun = false
    const begin = () => {
      isBegun = true
      begun.resolve(out)
    }
    asReaderOfOneMoment(user_id, () => this.#pool.transaction(async (transaction) => {
      for await (const text of parts(transaction, user_id, format)) {
        if (!out.write(text)) {
          begin()
          await once(out, 'drain', { signal: AbortSignal.any([AbortSignal.timeout(this.#patience), endOf(out)]) })
        }
      }
    })).then(() => {
      begin()
      out.end()
    }, (error: unknown) => {
      begun.reject(error)
      out.destroy(isBegun ? error as Error : undefined) // else nobody listens to it
    }).finally(() => {
      clearTimeout(deadline)
      this.#running--
    })
    return await begun.promise
  }
}

/** Aborts when nobody reads any more. */
function endOf (out: PassThrough): AbortSignal {
  const gone = new AbortController()
  if (out.destroyed) gone.abort()
  else out.once('close', () => { gone.abort() })
  return gone.signal
}

/** The text of an export, a page at a time. */
async function * parts (db: CommonQueryMethods, user_id: string, format: ExportFormat): AsyncGenerator<string> {
  const lists = await allLists(db, { user_id })
  const labels = await allLabels(db, { user_id })
  const write = (format === 'json' ? jsonOf : csvOf)(lists, labels)
  yield write.beginning
  for (let after = '00000000-0000-0000-0000-000000000000', isFirst = true; ; isFirst = false) {
    const tasks = await allTasksAfter(db, { user_id, after, limit: pageSize })
    if (tasks.length > 0) yield write.page(tasks, isFirst)
    if (tasks.length < pageSize) break
    after = tasks.at(-1)!.id
  }
  yield write.end
}

interface Writing { beginning: string, page: (tasks: readonly StoredTask[], isFirst: boolean) => string, end: string }

/** One object a line, so that two exports can be compared line by line. */
function jsonOf (lists: readonly StoredList[], labels: readonly StoredLabel[]): Writing {
  const inbox = lists.find(({ is_inbox: isInbox }) => isInbox)
  const lines = (objects: readonly object[]) => objects.map((object) => `\n${JSON.stringify(object)}`).join()
  const others = lists.filter((list) => list !== inbox).map(({ is_inbox: _, ...list }) => list)
  return {
    beginning: `{"format":"daymark.tasks","version":1,"inbox":${JSON.stringify({ name: inbox?.name ?? 'Inbox', colour: inbox?.colour ?? 'grey' })},
"lists":[${lines(others)}],
"labels":[${lines(labels)}],
"tasks":[`,
    page: (tasks, isFirst) => (isFirst ? '' : ',') + lines(tasks.map((task) => task.list_id !== null && task.list_id === inbox?.id ? { ...task, list_id: 'inbox' } : task)),
    end: ']}\n',
  }
}

function csvOf (lists: readonly StoredList[], labels: readonly StoredLabel[]): Writing {
  const [listOf, labelOf] = [new Map(lists.map((list) => [list.id, list])), new Map(labels.map((label) => [label.id, label]))]
  return { beginning: csvHeader, page: (tasks) => tasks.map((task) => csvLine(task, listOf, labelOf)).join(''), end: '' }
}
