import type { Colour, Priority } from '@daymark/tasks/contracts'
import { Link, useFetcher } from '@remix-run/react'
import { type RefObject, useEffect, useRef } from 'react'
import { Due } from './due.tsx'
import { FormToken } from './form-token.tsx'
import { CheckIcon, TrashIcon } from './icons.tsx'
import { MoveMenu, type Ways } from './move-menu.tsx'
import type { Outcome } from './notice.tsx'
import { priorityNames } from './task-details.tsx'

export interface Fact { kind: 'list' | 'label', id: string, name: string, colour: Colour }

interface TaskRowProps {
  task: { id: string, title: string, description: string, completed: boolean, priority: Priority, due_date: string | null, due_at: string | null, parent_id: string | null }
  /** The list and the labels that are worth telling here. */
  facts: Fact[]
  action: string
  show: 'open' | 'done' | 'all'
  onOutcome: (outcome: Outcome) => void
  /** Where it can be moved to; null where the order is not the manual one. */
  ways: Ways | null
  /** Where the focus goes when the row was the last. */
  fallbackFocus: RefObject<HTMLElement>
}

/** One task of the list: tick it, open it, delete it. What is asked shows at once; what fails comes back. */
export function TaskRow ({ task, facts, action, show, onOutcome, ways, fallbackFocus }: TaskRowProps) {
  const { id, title, description } = task
  const fetcher = useFetcher<Outcome>({ key: `task-${id}` })
  const row = useRef<HTMLLIElement>(null)
  const asked = fetcher.formData
  const completed = asked?.get('intent') === 'complete' ? asked.get('completed') === 'true' : task.completed
  const isLeaving = asked?.get('intent') === 'delete' || (show === 'open' && completed) || (show === 'done' && !completed)

  const outcome = fetcher.data
  useEffect(() => { if (outcome) onOutcome(outcome) }, [outcome, onOutcome])

  // The row is about to go, and the focus with it: it moves on to the next one.
  const moveFocus = () => {
    const self = row.current
    if (!self?.contains(document.activeElement)) return
    const staying = [...self.parentElement?.children ?? []].filter((other) => other === self || !other.hasAttribute('data-leaving'))
    const place = staying.indexOf(self)
    const neighbour = staying[place + 1] ?? staying[place - 1]
    ;(neighbour?.querySelector<HTMLElement>('a') ?? fallbackFocus.current)?.focus()
  }
  return (
    <li ref={row} id={`task-${id}`} className='task' data-completed={completed || undefined} data-leaving={isLeaving || undefined}>
      <fetcher.Form
        method='post' action={action} onSubmit={() => {
          if (show !== 'all') moveFocus()
        }}
      >
        <FormToken />
        <input type='hidden' name='intent' value='complete' />
        <input type='hidden' name='completed' value={String(!completed)} />
        <button className='task__tick' name='id' value={id} aria-label={completed ? `Reopen “${title}”` : `Complete “${title}”`}>
          <span className='task__box'><CheckIcon /></span>
        </button>
      </fetcher.Form>
      <div className='task__title'>
        <Link className='task__link' to={`/tasks/${id}`}>{title}</Link>
        {description !== '' && <p className='task__excerpt'>{description}</p>}
        <TaskFacts task={task} completed={completed} facts={facts} />
      </div>
      {ways && Object.values(ways).some(Boolean) && <MoveMenu id={id} title={title} ways={ways} action={action} onOutcome={onOutcome} />}
      <fetcher.Form method='post' action={action} onSubmit={moveFocus}>
        <FormToken />
        <input type='hidden' name='intent' value='delete' />
        <button className='task__delete' name='id' value={id} aria-label={`Delete “${title}”`}><TrashIcon /></button>
      </fetcher.Form>
    </li>
  )
}

/** When a task is due, how much it matters, and where it belongs; nothing where there is nothing to say. */
export function TaskFacts ({ task: { due_date: day, due_at: instant, priority, parent_id: parent }, completed, facts }: Pick<TaskRowProps, 'task' | 'facts'> & { completed: boolean }) {
  if (day === null && instant === null && priority === 'none' && parent === null && facts.length === 0) return null
  return (
    <span className='task__facts'>
      <Due day={day} instant={instant} completed={completed} />
      {priority !== 'none' && <span>{`${priorityNames[priority]} priority`}</span>}
      {parent !== null && <span>Subtask</span>}
      {facts.map(({ kind, id, name, colour }) => (
        <span key={id} className='task__fact'><span className={`tone tone--${kind}`} data-tone={colour} aria-hidden='true' /><span className='visually-hidden'>{kind === 'list' ? 'in ' : 'label '}</span><bdi>{name}</bdi></span>
      ))}
    </span>
  )
}
