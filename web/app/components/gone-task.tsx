import { isRouteErrorResponse, Link } from '@remix-run/react'

/** What was sent to the page of a task that is gone, from the error that tells so; null for any other. */
export const keptOf = (error: unknown): Record<string, string> | null =>
  isRouteErrorResponse(error) ? (error.data as { kept?: Record<string, string> } | null)?.kept ?? null : null

const words = { title: 'Title', description: 'Description', subtask: 'New subtask', new_label: 'Another label' }

/** Gives back what was written into the page of a task that somebody has deleted meanwhile. */
export function GoneTask ({ kept }: { kept: Record<string, string> }) {
  const written = Object.entries(words).filter(([name]) => kept[name])
  return (
    <div className='task-page'>
      <h1>This task was deleted elsewhere</h1>
      <p>Nothing was saved. It may be in the <Link to='/trash'>trash</Link>, from where you can bring it back.{written.length > 0 && ' Here is what you wrote:'}</p>
      {written.map(([name, label]) => (
        <div key={name} className='field'>
          <label className='field__label' htmlFor={name}>{label}</label>
          <textarea className='field__control' id={name} rows={name === 'description' ? 6 : 2} readOnly defaultValue={kept[name]} />
        </div>
      ))}
      <p><Link to='/dashboard'>To your tasks</Link></p>
    </div>
  )
}
