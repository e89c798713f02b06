import { data } from '@remix-run/node'
import type { NewTask, Task, TaskFilter, TaskQuery, TaskStatus } from '@daymark/tasks/contracts'
import type { TasksClient } from './api/tasks-client.server.ts'
import { isServiceProblem } from './api/service-problem.ts'
import type { FormAnswer } from './forms/form-answer.ts'
import { readFindTasks } from './forms/task-forms.server.ts'
import { isId } from './is-id.ts'
import { type Order, orderOf, orderQuery } from './order.ts'
import { type Bucket, bucketOf } from './places.ts'

/** Which tasks a dashboard's address asks for: of which list, with which label, when due; what is empty is not asked for. */
export interface Where { list: string, label: string, due: Bucket | '' }

/** The same, with which words, in which order and how many. `search` is that address again, in its one canonical form. */
export interface Shown extends Where, Order { choose: 'some' | 'all' | '', show: 'open' | 'done' | 'all', q: string, count: number, cursor: string | null, search: string }

/** The day it is for the person, and the zone by which that is known. */
export interface Clock { today: string, time_zone: string }

export interface ShownTasks {
  items: Array<Pick<Task, 'id' | 'title' | 'description' | 'completed' | 'priority' | 'due_date' | 'due_at' | 'list_id' | 'label_ids' | 'parent_id'>>
  /** The address that shows more; null when that is all. */
  more: string | null
  /** Why nothing can be searched for like that. */
  answer?: FormAnswer
}

const pageSize = 50
const mostOnOnePage = 500
const mostPerCall = 200
const excerptLength = 140
const statuses: Record<Shown['show'], TaskStatus> = { open: 'open', done: 'completed', all: 'all' }

/**
 * Reads the query of a dashboard's address; what is not understood counts as not said.
 * @throws {Response} 404 for a list or a label that can be none
 */
export function readShown (request: Request): Shown {
  const query = new URL(request.url).searchParams
  const asked = query.get('show')
  const show = asked === 'done' || asked === 'all' ? asked : 'open'
  const pages = Math.ceil(Number(query.get('count') ?? pageSize) / pageSize)
  const count = Number.isFinite(pages) ? Math.min(Math.max(pages, 1) * pageSize, mostOnOnePage) : pageSize
  const cursor = query.get('cursor')
  const q = query.get('q')?.trim() ?? ''
  const [list = '', label = ''] = ['list', 'label'].map((name) => query.get(name)?.toLowerCase() ?? '')
  for (const id of [list, label]) if (id !== '' && !isId(id)) throw data(null, { status: 404 })
  const choosing = query.get('choose')
  const choose = choosing === 'all' || choosing === 'some' ? choosing : ''
  const due = bucketOf(query.get('due'))
  const shown = { choose, show, q, list, label, due, ...orderOf(query.get('sort'), query.get('direction'), usualSort({ due })), count, cursor } as const
  return { ...shown, search: searchOf(shown) }
}

/** What is due comes in the order in which it is, unless another is chosen. */
const usualSort = ({ due }: Pick<Where, 'due'>) => due === '' ? 'position' : 'due'

/** What the address of other tasks says to show them in the same order. */
export const orderKept = (shown: Shown): Partial<Order> => orderQuery(shown, usualSort(shown))

/** The end of the address that shows those tasks. */
export function searchOf ({ choose = '', show = 'open', q = '', list = '', label = '', due = '', sort = usualSort({ due }), direction = orderOf(sort, null, sort).direction, count = pageSize, cursor = null }: Partial<Omit<Shown, 'search'>>): string {
  const query = new URLSearchParams({
    ...list !== '' && { list },
    ...label !== '' && { label },
    ...due !== '' && { due },
    ...show !== 'open' && { show },
    ...q !== '' && { q },
    ...orderQuery({ sort, direction }, usualSort({ due })),
    ...count !== pageSize && { count: String(count) },
    ...cursor !== null && { cursor },
    ...choose !== '' && { choose },
  }).toString()
  return query && `?${query}`
}

/** What a task written there is given, so that it is found there: the list, the label, today's day. */
export const placeOf = ({ list, label, due }: Where, { today }: Clock): Partial<NewTask> => ({
  ...list !== '' && { list_id: list },
  ...label !== '' && { label_ids: [label] },
  ...due === 'today' && { due_date: today },
})

/** What a query says to find the tasks that are there. */
function filterOf ({ list, label, due }: Where, { today, time_zone: zone }: Clock): TaskFilter {
  return {
    ...list !== '' && { list_id: list },
    ...label !== '' && { label },
    ...due !== '' && { time_zone: zone },
    ...due === 'overdue' && { due_before: today },
    ...due === 'today' && { due_after: dayAfter(today, -1), due_before: dayAfter(today, 1) },
    ...due === 'soon' && { due_after: today, due_before: dayAfter(today, 7) },
  }
}

/** The same as a filter of all those tasks, in a change of many. */
export const taskFilter = (shown: Where & Pick<Shown, 'show'>, clock: Clock): TaskFilter => ({ ...filterOf(shown, clock), status: statuses[shown.show] })

const dayAfter = (day: string, days: number) => new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

/** Gets those tasks, and where to find more: on the same page while it is not too long, else on the next. */
export async function pageOfTasks (tasks: TasksClient, shown: Shown, clock: Clock): Promise<ShownTasks> {
  const form = new FormData()
  if (shown.q !== '') form.set('q', shown.q)
  const read = readFindTasks(form)
  if (!read.ok) return { items: [], more: null, answer: read.answer }
  try {
    return await readPage(tasks, shown, { ...filterOf(shown, clock), sort: shown.sort, direction: shown.direction, ...read.value })
  } catch (error) {
    const code = isServiceProblem(error) ? error.errors.find(({ pointer }) => pointer === '/querystring/q')?.code : undefined
    const message = code === undefined ? undefined : refusals[code]
    if (message === undefined) throw error
    return { items: [], more: null, answer: { values: read.values, errors: { q: message } } }
  }
}

const refusals: Record<string, string> = { no_word: 'Search for a word: this has no letter and no digit.', too_many_words: 'Search for ten words at most.' }

async function readPage (tasks: TasksClient, shown: Shown, filter: TaskQuery): Promise<ShownTasks> {
  const items: Task[] = []
  let next = shown.cursor
  do {
    const page = await tasks.list({ ...filter, status: statuses[shown.show], limit: Math.min(shown.count - items.length, mostPerCall), ...next !== null && { cursor: next } })
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
  return {
    items: items.map(({ id, title, description, completed, priority, due_date, due_at, list_id, label_ids, parent_id }) =>
      ({ id, title, description: excerpt(description), completed, priority, due_date, due_at, list_id, label_ids, parent_id })),
    more: next === null ? null : `/dashboard${searchOf(further)}`,
  }
}

/** The beginning of a description, on one line, for the list. */
const excerpt = (text: string) => Array.from(text.replaceAll(/\s+/g, ' ').trim()).slice(0, excerptLength).join('')
