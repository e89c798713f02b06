import { dayInWords } from './due.tsx'
import { LocalTime } from './local-time.tsx'
import { UndoForm } from './notice.tsx'
import type { Fact, HistoryEntry as Entry, Shown } from '../task-history.server.ts'

/** One change of a task: what, from what to what, when, and the way to take it back. */
export function HistoryEntry ({ entry: { seq, at, what, facts, isGrouped, undoes, undoneBy, undo }, title }: { entry: Entry, title: string }) {
  const note = `change-${seq}-note`
  return (
    <li className='change' id={`change-${seq}`} data-undone={undoneBy !== null || undefined} tabIndex={-1}>
      <div className='change__body'>
        <p className='change__what'>
          {what}
          {undoes !== null && <a className='mark mark--quiet' href={`#change-${undoes}`}>Takes an earlier change back</a>}
          {undoneBy !== null && <a className='mark mark--quiet' href={`#change-${undoneBy}`}>Taken back</a>}
        </p>
        {facts.length > 0 && <dl className='change__facts'>{facts.map((fact) => <FactLine key={fact.name} fact={fact} />)}</dl>}
        <p className='change__when' id={note}><LocalTime instant={at} />{isGrouped && ' · made together with others, and taken back with them'}</p>
      </div>
      {undo && <UndoForm flash={{ ...undo, title: isGrouped ? '' : title }} change={seq} fetcherKey={`undo-${seq}`} className='button button--quiet change__undo' describedBy={note} />}
    </li>
  )
}

function FactLine ({ fact: { name, from, to } }: { fact: Fact }) {
  const isLong = [from, to].some((value) => value?.kind === 'text' && (value.value.length > 120 || value.value.includes('\n')))
  const both = (
    <>
      {from && <del><span className='visually-hidden'>from </span><Value shown={from} /></del>}
      {from && <span className='change__arrow' aria-hidden='true'>→</span>}
      <ins><span className='visually-hidden'>{from ? 'to ' : 'now '}</span>{to ? <Value shown={to} /> : <i>nothing</i>}</ins>
    </>
  )
  return (
    <div>
      <dt>{name}</dt>
      <dd>{isLong ? <details><summary>Show the text{from && to ? 's' : ''}</summary><div className='change__texts'>{both}</div></details> : both}</dd>
    </div>
  )
}

function Value ({ shown: { kind, value } }: { shown: Shown }) {
  switch (kind) {
    case 'day': return <time dateTime={value}>{dayInWords(value)}</time>
    case 'instant': return <LocalTime instant={value} />
    case 'words': return <>{value}</>
    case 'text': return <bdi>{value}</bdi>
  }
}
