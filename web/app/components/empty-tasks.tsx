import { Link } from '@remix-run/react'

interface EmptyTasksProps {
  show: 'open' | 'done' | 'all'
  isFirstTask: boolean
  /** Where nothing is: in all there is, in a list or with a label, or due then. */
  where: 'all' | 'list' | 'label' | 'overdue' | 'today' | 'soon' | 'gone'
}

const nothing: Record<Exclude<EmptyTasksProps['where'], 'all'>, { title: string, advice: string }> = {
  list: { title: 'Nothing to do in this list', advice: 'What you write above lands in it.' },
  label: { title: 'Nothing to do with this label', advice: 'What you write above carries it. Open a task to give it labels.' },
  overdue: { title: 'Nothing is overdue', advice: 'All that was due before today is done.' },
  today: { title: 'Nothing more today', advice: 'What you write above is due today. Enjoy the view, or add what comes next.' },
  gone: { title: 'There is nothing here', advice: 'It was deleted, or the address is mistyped. Deleted tasks wait in the trash for a while; what you write above lands in your Inbox.' },
  soon: { title: 'Nothing in the next six days', advice: 'Open a task to say when it is due.' },
}

/** What an empty list says: how to begin, or that all is well. */
export function EmptyTasks ({ show, isFirstTask, where }: EmptyTasksProps) {
  if (where === 'gone' || (where !== 'all' && show !== 'done')) {
    return (
      <section className='empty'>
        <Horizon isDone={where !== 'gone'} />
        <h2>{nothing[where].title}</h2>
        <p>{nothing[where].advice}</p>
      </section>
    )
  }
  if (isFirstTask && show !== 'done') {
    return (
      <section className='empty'>
        <Horizon />
        <h2>A clear day</h2>
        <p>Write down the first thing on your mind and press <kbd>Enter</kbd>. It need not be important; it only needs to be out of your head.</p>
        <ul className='empty__hints'>
          <li>Open a task to add details to it.</li>
          <li>Delete freely: everything can be undone.</li>
        </ul>
      </section>
    )
  }
  if (show === 'done') {
    return (
      <section className='empty'>
        <Horizon />
        <h2>Nothing ticked off yet</h2>
        <p>Tasks you complete come to rest here, and can be reopened at any time.</p>
      </section>
    )
  }
  return (
    <section className='empty'>
      <Horizon isDone />
      <h2>All done</h2>
      <p>Everything on your list is finished. Enjoy the view, or add what comes next.</p>
    </section>
  )
}

const kinds = { open: 'open ', done: 'completed ', all: '' }

/** What a search says that has found nothing: why that may be, and the ways on. */
export function NothingFound ({ show, q, everywhere, clear }: { show: 'open' | 'done' | 'all', q: string, everywhere: string, clear: string }) {
  return (
    <section className='empty' role='status'>
      <Horizon />
      <h2>Nothing found</h2>
      <p className='empty__words'>No {kinds[show]}task has {/\s/.test(q) ? 'all the words of' : 'a word that begins with'} “{q}” in its title or description.</p>
      <p className='empty__ways'>
        {show !== 'all' && <Link className='button' to={everywhere}>Search all tasks</Link>}
        <Link className='button button--quiet' to={clear}>Clear search</Link>
      </p>
    </section>
  )
}

function Horizon ({ isDone = false }: { isDone?: boolean }) {
  return (
    <svg className='horizon' width='160' height='84' viewBox='0 0 160 84' fill='none' aria-hidden='true' focusable='false'>
      <path className='horizon__ring' d='M24 64a56 56 0 0 1 112 0M40 64a40 40 0 0 1 80 0' />
      <path className='horizon__sun' d='M56 64a24 24 0 0 1 48 0Z' />
      {isDone && <path className='horizon__tick' d='m71 52 7 6.500 12-14' />}
      <path className='horizon__line' d='M6 64h148M44 74h72' />
    </svg>
  )
}
