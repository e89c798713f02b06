import type { ImportReport } from '@daymark/tasks/contracts'
import { useEffect, useRef } from 'react'

const kinds = { lists: 'Lists', labels: 'Labels', tasks: 'Tasks' } as const
const states = { created: 'New', present: 'Here already', differing: 'Different here', refused: 'Refused' } as const
const keptCodes = ['kept_as_text', 'cut', 'left_out']

/** Whether bringing the file in would change anything. */
export const isAnythingNew = ({ inbox, ...report }: ImportReport) => inbox === 'changed' || Object.keys(kinds).some((kind) => report[kind as 'tasks'].created > 0)

/** Tells what a file would bring, and of each thing that does not come as it is where it stands and what to do. */
export function WhatComes ({ report }: { report: ImportReport }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => { heading.current?.focus() }, [report]) // in place of the form that was here
  const kept = report.notes.filter(({ code }) => keptCodes.includes(code))
  const others = report.notes.filter(({ code }) => !keptCodes.includes(code))
  return (
    <section className='comes' aria-labelledby='comes'>
      <h2 id='comes' tabIndex={-1} ref={heading}>{isAnythingNew(report) ? 'What the file would bring' : 'The file brings nothing new'}</h2>
      <table className='comes__counts'>
        <thead>
          <tr><td />{Object.values(states).map((state) => <th key={state} scope='col'>{state}</th>)}</tr>
        </thead>
        <tbody>
          {Object.entries(kinds).map(([kind, name]) => (
            <tr key={kind}>
              <th scope='row'>{name}</th>
              {Object.keys(states).map((state) => <td key={state}>{report[kind as 'tasks'][state as 'created'].toLocaleString('en')}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {report.inbox === 'changed' && <p className='comes__note'>The Inbox gets the name and the colour that it has in the file.</p>}
      <Notes title='Refused, or left as they are' notes={others} />
      <Notes title='Kept as text, shortened or left out' notes={kept} />
      {report.notes_left_out > 0 && <p className='comes__note'>And {report.notes_left_out.toLocaleString('en')} more like these.</p>}
    </section>
  )
}

function Notes ({ title, notes }: { title: string, notes: ImportReport['notes'] }) {
  if (notes.length === 0) return null
  return (
    <details open={notes.length <= 10}>
      <summary>{title}</summary>
      <ul className='comes__notes'>{notes.map(({ pointer, detail }, index) => <li key={index}><b>{placeOf(pointer)}</b> {detail}{/[.!?]$/.test(detail) ? '' : '.'}</li>)}</ul>
    </details>
  )
}

/** Where something stands in the file, for who reads it: rows count from one, and so do tasks. */
function placeOf (pointer: string): string {
  const [, row] = /^\/rows\/(\d+)/.exec(pointer) ?? []
  if (row !== undefined) return `Row ${row}:`
  const [, kind, index] = /\/(list|label|task)s\/(\d+)/.exec(pointer) ?? []
  if (kind !== undefined) return `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${Number(index) + 1}:`
  return pointer.endsWith('/inbox') ? 'Inbox:' : 'File:'
}
