import type { Task, TaskStatus } from '@daymark/tasks/contracts'
import type { TasksClient } from './api/tasks-client.server.ts'
import { isServiceProblem } from './api/service-problem.ts'
import type { FormAnswer } from './forms/form-answer.ts'
import { readFindTasks } from './forms/task-forms.server.ts'

/** Which tasks a dashboard's address asks for, with which words. `search` is that address again, in its one canonical form. */
export interface Shown { show: 'open' | 'done' | 'all', q: string, count: number, cursor: string | null, search: string }

export interface ShownTasks {
  items: Array<Pick<Task, 'id' | 'title' | 'description' | 'completed' | 'priority' | 'due_date'>>
  /** The address that shows more; null when that is all. */
  more: string | null
  /** True for a person who has no task at all, in any state. */
  isFirstTask: boolean
  /** Why nothing can be searched for like that. */
  answer?: FormAnswer
}

const pageSize = 50
const mostOnOnePage = 500
const mostPerCall = 200
const excerptLength = 140
const statuses: Record<Shown['show'], TaskStatus> = { open: 'open', done: 'completed', all: 'all' }

/** Reads the query of a dashboard's address; what is not understood counts as not said. */
export function readShown (request: Request): Shown {
  const query = new URL(request.url).searchParams
  const asked = query.get('show')
  const show = asked === 'done' || asked === 'all' ? asked : 'open'
  const pages = Math.ceil(Number(query.get('count') ?? pageSize) / pageSize)
  const count = Number.isFinite(pages) ? Math.min(Math.max(pages, 1) * pageSize, mostOnOnePage) : pageSize
  const cursor = query.get('cursor')
  const q = query.get('q')?.trim() ?? ''
  return { show, q, count, cursor, search: searchOf({ show, q, count, cursor }) }
}

export function searchOf ({ show, q, count = pageSize, cursor = null }: Pick<Shown, 'show' | 'q'> & Partial<Shown>): string {
  const query = new URLSearchParams({
    ...show !== 'open' && { show },
    ...q !== '' && { q },
    ...count !== pageSize && { count: String(count) },
    ...cursor !== null && { cursor },
  }).toString()
  return query && `?${query}`
}

/** Gets those tasks, and where to find more: on the same page while it is not too long, else on the next. */
export async function pageOfTasks (tasks: TasksClient, shown: Shown): Promise<ShownTasks> {
  const form = new FormData()
  if (shown.q !== '') form.set('q', shown.q)
  const read = readFindTasks(form)
  if (!read.ok) return { items: [], more: null, isFirstTask: false, answer: read.answer }
  try {
    return await readPage(tasks, shown, read.value)
  } catch (error) {
    const code = isServiceProblem(error) ? error.errors.find(({ pointer }) => pointer === '/querystring/q')?.code : undefined
    const message = code === undefined ? undefined : refusals[code]
    if (message === undefined) throw error
    return { items: [], more: null, isFirstTask: false, answer: { values: read.values, errors: { q: message } } }
  }
}

const refusals: Record<string, string> = { no_word: 'Search for a word: this has no letter and no digit.', too_many_words: 'Search for ten words at most.' }

async function readPage (tasks: TasksClient, shown: Shown, words: { q?: string }): Promise<ShownTasks> {
  const items: Task[] = []
  let next = shown.cursor
  do {
    const page = await tasks.list({ ...words, status: statuses[shown.show], limit: Math.min(shown.count - items.length, mostPerCall), ...next !== null && { cursor: next } })
      .catch((error: unknown) => {
        // An old or foreign cursor, or one of a word that means another by now: show what there is rather than fail.
        if (next !== null && isServiceProblem(error) && error.status === 400) return { items: [], next_cursor: null }
        throw error
      })
    items.push(...page.items)
    next = page.next_cursor
  } while (next !== null && items.length < shown.count)

  const canGrow = shown.count < mostOnOnePage
  const further = canGrow ? { ...shown, count: shown.count + pageSize } : { ...shown, count: pageSize, cursor: next }
  const hasNone = items.length === 0 && shown.q === '' && (shown.show === 'all' || (await tasks.list({ status: 'all', limit: 1 })).items.length === 0)
  return {
    items: items.map(({ id, title, description, completed, priority, due_date }) => ({ id, title, description: excerpt(description), completed, priority, due_date })),
    more: next === null ? null : `/dashboard${searchOf(further)}`,
    isFirstTask: hasNone,
  }
}

/** The beginning of a description, on one line, for the list. */
const excerpt = (text: string) => Array.from(text.replaceAll(/\s+/g, ' ').trim()).slice(0, excerptLength).join('')
