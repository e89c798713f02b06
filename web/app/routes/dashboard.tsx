import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Link, useActionData, useLoaderData } from '@remix-run/react'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import { answerUnreached } from '../answer-unreached.ts'
import type { TaskFlash } from '../../session/flash.ts'
import { isServiceProblem } from '../api/service-problem.ts'
import { actionsOnTasks, changeChosen } from '../bulk.server.ts'
import { BulkActs } from '../components/bulk-acts.tsx'
import { ChooseTasks } from '../components/choose-tasks.tsx'
import { EmptyTasks, NothingFound } from '../components/empty-tasks.tsx'
import { FormSummary } from '../components/checked-form.tsx'
import { newKey, revalidateAfterRefusal } from '../components/form-token.tsx'
import { waysOf } from '../components/move-menu.tsx'
import { type Outcome, useTell } from '../components/notice.tsx'
import { type Addition, PendingTask, UnsentTask } from '../components/pending-task.tsx'
import { Places } from '../components/places.tsx'
import { QuickAdd } from '../components/quick-add.tsx'
import { SearchTasks } from '../components/search-tasks.tsx'
import { SortMenu } from '../components/sort-menu.tsx'
import { type Fact, TaskFacts, TaskRow } from '../components/task-row.tsx'
import { askOfSubtasks, hasOpenSubtasks } from '../change-subtasks.server.ts'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { addTaskGuide, findTasksGuide, readAddTask, readCompletion, readMove, readTaskId } from '../forms/task-forms.server.ts'
import { orders } from '../order.ts'
import type { Overview } from '../places.ts'
import { requireUser } from '../require-user.server.ts'
import { clockOf, placeShown, readOverview } from '../overview.server.ts'
import { type Shown, orderKept, pageOfTasks, placeOf, readShown, searchOf, taskFilter } from '../shown-tasks.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `${loaded?.place.name ?? 'Tasks'} · Daymark` }]

export const handle = { showsTasks: true }

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireUser(context)
  const shown = readShown(request)
  const clock = clockOf(context)
  const [{ answer: searchAnswer, ...page }, overview] = await Promise.all([pageOfTasks(context.tasks, shown, clock), readOverview(context.tasks, clock)])
  const place = placeShown(shown, overview)
  const { show, q, list, label, due, sort, direction } = shown
  const where = { list, label, due, sort, direction }
  const addresses = { open: searchOf({ ...where, show: 'open', q }), done: searchOf({ ...where, show: 'done', q }), all: searchOf({ ...where, show: 'all', q }), unsearched: searchOf({ ...where, show }), ...choosing(shown) }
  const beside = Object.fromEntries([...new URLSearchParams(searchOf({ ...where, show }))])
  const isByUtc = due !== '' && context.user?.time_zone == null
  const found = { ...page, shown, orders: ordersOf(shown), kept: orderKept(shown), place, overview, addresses, beside, isByUtc, searchAnswer, flash: context.takeFlash(), guide: addTaskGuide, searchGuide: findTasksGuide }
  return data(found, { status: place.kind === 'gone' ? 404 : searchAnswer ? 422 : 200 })
}

/** The addresses of the same tasks in each order, from the beginning. */
const ordersOf = ({ show, q, list, label, due }: Shown) =>
  orders.flatMap(({ sort, ways }) => ways.map(({ direction }) => ({ sort, direction, address: `/dashboard${searchOf({ show, q, list, label, due, sort, direction })}` })))

/** The same tasks to choose from, all or none of them chosen, and as they were. */
const choosing = (shown: Shown) => ({ chooseAll: searchOf({ ...shown, choose: 'all' }), choose: searchOf({ ...shown, choose: 'some' }), chosen: searchOf({ ...shown, choose: '' }) })

export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const intent = String(form.get('intent'))
  form.delete('intent')
  if (intent === 'bulk') {
    const shown = readShown(request)
    return await changeChosen(form, context, {
      actions: actionsOnTasks,
      filter: taskFilter(shown, clockOf(context)),
      tooMany: 'These are more than 1,000 tasks, which is the most that can be changed at once. Choose fewer, or choose a list first.',
      onward: `/dashboard${choosing(shown).chosen}`,
    })
  }
  try {
    const outcome = await carryOut(intent, form, request, context)
    if ('answer' in outcome) return data({ ...outcome.answer, values: { ...outcome.answer.values, intent } }, { status: 422 })
    // A script shows what happened itself; a page is told on the next one, which may be reloaded without harm.
    if (!context.wantsPage) return data(outcome)
    context.flash(outcome.flash)
  } catch (error) {
    if (hasOpenSubtasks(error)) return askOfSubtasks(String(form.get('id')), `/dashboard${readShown(request).search}`)
    if (isServiceProblem(error) && error.status === 404) {
      return data<FormAnswer>({ values: { intent }, errors: {}, problem: 'That task is gone: it was deleted elsewhere.' }, { status: 404 })
    }
    if (isServiceProblem(error) && intent === 'move' && error.status === 422) {
      return data<FormAnswer>({ values: { intent }, errors: {}, problem: 'The list was changed elsewhere: the task beside which this was to stand is gone, or there is no room. Reload the page and try again.' }, { status: 422 })
    }
    if (isServiceProblem(error) && intent === 'add') {
      const field = error.errors.find(({ pointer }) => pointer === '/list_id' || pointer === '/label_ids')
      const values = { ...keptValues(form), intent }
      if (field) return data<FormAnswer>({ values, errors: {}, problem: `This ${field.pointer === '/list_id' ? 'list' : 'label'} was deleted elsewhere, so that nothing can be added here. Your words are still in the line.` }, { status: 422 })
    }
    return refusedForm(error, { ...Object.fromEntries([...form].map(([name, value]) => [name, String(value)])), intent }, addTaskGuide)
  }
  const { pathname, search } = new URL(request.url)
  return redirect(pathname + search + (intent === 'move' ? `#task-${String(form.get('id'))}` : ''), 303)
}

async function carryOut (intent: string, form: FormData, request: Request, context: ActionFunctionArgs['context']): Promise<{ flash: TaskFlash } | { answer: FormAnswer }> {
  const { tasks } = context
  switch (intent) {
    case 'add': {
      const read = readAddTask(form)
      if (!read.ok) return read
      const { task, change } = await tasks.create({ ...placeOf(readShown(request), clockOf(context)), ...read.value })
      return { flash: { did: 'added', title: task.title, change } }
    }
    case 'complete': {
      const read = readCompletion(form)
      if (!read.ok) return read
      const { task, change } = await tasks.complete(read.value.id, read.value.completed)
      return { flash: { did: task.completed ? 'completed' : 'reopened', title: task.title, change } }
    }
    case 'move': {
      const read = readMove(form)
      if (!read.ok) return read
      const [place = '', beside = null] = read.value.place.split(' ')
      const { task, change } = await tasks.move(read.value.id, place === 'first' || place === 'after' ? { after: beside } : { before: beside })
      return { flash: { did: 'moved', title: task.title, change } }
    }
    case 'delete': {
      const read = readTaskId(form)
      if (!read.ok) return read
      const { task } = await tasks.get(read.value.id)
      return { flash: { did: 'deleted', title: task.title, change: await tasks.remove(task.id) } }
    }
    default:
      return { answer: { values: {}, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' } }
  }
}

const filters: Array<{ show: Shown['show'], name: string }> = [
  { show: 'open', name: 'Open' },
  { show: 'done', name: 'Done' },
  { show: 'all', name: 'All' },
]

/** What a row tells of its task's list, where that is not plain, and its labels. */
function factsOf ({ list_id: listId, label_ids: labelIds }: { list_id: string | null, label_ids: string[] }, { lists, archived, labels }: Overview, at: { list: string, label: string }): Fact[] {
  const [inbox] = lists
  const list = listId === at.list || listId === inbox?.id ? undefined : [...lists, ...archived].find(({ id }) => id === listId)
  return [
    ...list ? [{ kind: 'list' as const, ...list }] : [],
    ...labels.filter(({ id }) => id !== at.label && labelIds.includes(id)).map((label) => ({ kind: 'label' as const, ...label })),
  ]
}

export default function DashboardPage () {
  const { overview, shown, kept } = useLoaderData<typeof loader>()
  const heading = useRef<HTMLHeadingElement>(null)
  return (
    <div className='board'>
      <Places overview={overview} at={shown} kept={kept} heading={heading} />
      <ShownTasks heading={heading} />
    </div>
  )
}

function ShownTasks ({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { items, shown, orders, place, overview, addresses, beside, isByUtc, more, guide, searchGuide, searchAnswer } = useLoaderData<typeof loader>()
  const served = useActionData<typeof action>() as FormAnswer | undefined
  const tell = useTell()
  const [trouble, setTrouble] = useState<FormAnswer | null>(null)
  const [adding, setAdding] = useState<Addition[]>([]) // newest first, as in the list
  const nextKey = adding.findLast(({ isAnswered }) => !isAnswered)?.key
  const [failedAdd, setFailedAdd] = useState<FormAnswer | null>(null)
  const [unsent, setUnsent] = useState<Addition[]>([]) // what failed while something else was in the line
  const lastFailed = useRef<Addition | null>(null)
  const line = useRef<HTMLInputElement>(null)
  const add = useCallback((title: string, action: string, key = `add-${newKey()}`) => {
    setFailedAdd(null)
    setAdding((list) => [{ key, title, action, isAnswered: false }, ...list])
  }, [])

  const settle = useCallback((outcome: Outcome) => {
    if ('errors' in outcome) return setTrouble(outcome)
    setTrouble(null)
    tell(outcome)
  }, [tell])
  const noteAnswered = useCallback((key: string) => {
    setAdding((list) => list.map((one) => one.key === key ? { ...one, isAnswered: true } : one))
  }, [])
  const settleAdd = useCallback((addition: Addition, outcome: Outcome) => {
    const { key, title } = addition
    setAdding((list) => list.filter((one) => one.key !== key))
    if (!('errors' in outcome)) return tell(outcome)
    const isRoom = line.current?.value === ''
    setFailedAdd({ ...outcome, values: isRoom ? { title } : {} })
    if (isRoom) lastFailed.current = addition
    else setUnsent((list) => [addition, ...list.filter((one) => one.key !== key)])
  }, [tell])

  // What was pressed to come here may be gone, and the focus with it.
  const where = `${shown.choose} ${shown.q}`
  const shownLast = useRef(where)
  useEffect(() => {
    if (shownLast.current !== where && document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
    shownLast.current = where
  }, [where, heading])

  const isServedAdd = served?.values['intent'] === 'add'
  const answer = trouble ?? (isServedAdd ? null : served)
  const addAnswer = failedAdd ?? (isServedAdd ? served : null)
  // What cannot be added where it was written can still be added to all tasks.
  const address = place.kind === 'gone' ? '/dashboard' : `/dashboard${shown.search}`
  const isSearch = shown.q !== ''
  const isEmpty = items.length === 0 && unsent.length === 0 && !adding.some(({ action }) => action === address)
  return (
    <div className='tasks'>
      <div className='tasks__head'>
        <h1 ref={heading} tabIndex={-1} dir='auto'>{place.name}</h1>
        <nav className='filter' aria-label='Which tasks'>
          {filters.map(({ show, name }) => (
            <Link key={show} className='filter__choice' to={`/dashboard${addresses[show]}`} aria-current={show === shown.show ? 'page' : undefined} preventScrollReset>{name}</Link>
          ))}
        </nav>
      </div>

      {(place.edit || isByUtc) && (
        <p className='tasks__about'>
          {place.isArchived && <span className='mark mark--quiet'>Archived</span>}
          {place.edit && <Link to={place.edit}>Edit this {place.kind}</Link>}
          {isByUtc && <span>The days go by UTC until you choose a time zone in the <Link to='/settings'>settings</Link>.</span>}
        </p>
      )}
      <FormSummary answer={answer} />

      {place.kind !== 'gone' && <SearchTasks guide={searchGuide} answer={searchAnswer} beside={beside} q={shown.q} />}

      {shown.show !== 'done' && !isSearch && shown.choose === '' && place.isWritable && (
        <QuickAdd
          guide={guide} action={address} answer={addAnswer} input={line} onAdd={(title) => {
            // Whether what failed was done all the same nobody may know: the same words again are the same wish.
            const failed = lastFailed.current?.title === title && lastFailed.current.action === address ? lastFailed.current.key : undefined
            lastFailed.current = null
            add(title, address, failed)
          }}
        />
      )}

      {isSearch && !isEmpty && (
        <p className='tasks__found' role='status'>
          <span>{more ? `The first ${items.length}` : items.length} {items.length === 1 ? 'task' : 'tasks'} with “{shown.q}”</span> <Link to={`/dashboard${addresses.unsearched}`}>Clear search</Link>
        </p>
      )}
      {isEmpty && (isSearch
        ? searchAnswer
          ? <p className='tasks__found'><Link to={`/dashboard${addresses.unsearched}`}>Clear search</Link></p>
          : <NothingFound show={shown.show} q={shown.q} everywhere={`/dashboard${addresses.all}`} clear={`/dashboard${addresses.unsearched}`} />
        : <EmptyTasks show={shown.show} isFirstTask={!overview.hasTasks} where={place.kind} />)}
      {shown.choose === '' && items.length > 0 && (
        <div className='tasks__ways'>
          <SortMenu sort={shown.sort} direction={shown.direction} addresses={orders} />
          <Link to={`/dashboard${addresses.choose}`} preventScrollReset>Choose several</Link>
        </div>
      )}
      {shown.choose !== '' && items.length > 0 && (
        <ChooseTasks
          key={shown.choose} action={address} isAll={shown.choose === 'all'} answer={answer}
          others={(more !== null || shown.cursor !== null) && !isSearch ? 'All that are here, also those not shown (at most 1,000)' : null}
          items={items.map((task) => ({ ...task, facts: <TaskFacts task={task} completed={task.completed} facts={factsOf(task, overview, shown)} /> }))}
          addresses={{ all: `/dashboard${addresses.chooseAll}`, none: `/dashboard${addresses.choose}`, done: `/dashboard${addresses.chosen}` }}
        >
          <BulkActs lists={overview.lists} labels={overview.labels} answer={answer} />
        </ChooseTasks>
      )}
      {/* What is on its way to another list than the one shown goes on. */}
      {shown.choose === '' && (items.length > 0 || adding.length > 0 || unsent.length > 0) && (
        <ul className='task-list' aria-label={`${filters.find(({ show }) => show === shown.show)?.name ?? ''} tasks`} hidden={isEmpty}>
          {unsent.map(({ key, title, action }) => {
            const leave = () => {
              setUnsent((list) => list.filter((one) => one.key !== key))
              ;(line.current ?? heading.current)?.focus()
            }
            return <UnsentTask key={key} title={title} onAgain={() => { leave(); add(title, action, key) }} onGiveUp={leave} />
          })}
          {adding.map((addition) => <PendingTask key={addition.key} addition={addition} isHere={addition.action === address} isNext={addition.key === nextKey} onAnswered={noteAnswered} onOutcome={settleAdd} />)}
          {items.map((task, n) => <TaskRow key={task.id} task={task} ways={isSearch || shown.sort !== 'position' ? null : waysOf(items, n, more !== null)} facts={factsOf(task, overview, shown)} action={address} show={shown.show} onOutcome={settle} fallbackFocus={heading} />)}
        </ul>
      )}

      {more && <p className='tasks__more'><Link className='button button--quiet' to={more} preventScrollReset>Show more</Link></p>}
      <p className='tasks__trash'><Link to='/trash'>Trash</Link></p>
    </div>
  )
}
