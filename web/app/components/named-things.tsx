import { Link } from '@remix-run/react'
import type { FormGuide } from '../forms/field-rules.ts'
import type { Counted } from '../places.ts'
import { BackIcon } from './icons.tsx'
import { type NameAnswer, NameForm } from './name-form.tsx'

interface NamedThingsProps {
  what: 'list' | 'label'
  title: string
  lead: string
  things: Counted[]
  archived?: Counted[]
  guide: FormGuide
  answer: NameAnswer | undefined
}

/** All lists, or all labels, each with the way to change it, and a form for one more. */
export function NamedThings ({ what, title, lead, things, archived = [], guide, answer }: NamedThingsProps) {
  return (
    <div className='settings named'>
      <p><Link className='back' to='/dashboard'><BackIcon />Tasks</Link></p>
      <h1>{title}</h1>
      <p className='named__lead'>{lead}</p>
      {things.length > 0 && <Things what={what} things={things} name={title} />}
      <section className='settings__part' aria-labelledby='new-title'>
        <h2 id='new-title'>New {what}</h2>
        {/* What was made leaves the form empty for the next. */}
        <NameForm key={things.length} what={what} action={`/${what}s`} guide={guide} served={answer} button={`Make ${what}`} />
      </section>
      {archived.length > 0 && (
        <section className='settings__part' aria-labelledby='archived-title'>
          <h2 id='archived-title'>Archived</h2>
          <Things what={what} things={archived} name='Archived lists' />
        </section>
      )}
    </div>
  )
}

function Things ({ what, things, name }: { what: 'list' | 'label', things: Counted[], name: string }) {
  return (
    <ul className='named__all' aria-label={name}>
      {things.map((thing) => (
        <li key={thing.id} className='named__one'>
          <Link className='named__open' to={`/dashboard?${what}=${thing.id}`}>
            <span className={`tone tone--${what}`} data-tone={thing.colour} aria-hidden='true' />
            <bdi className='named__name'>{thing.name}</bdi>
            <span className='named__count'>{thing.open} open</span>
          </Link>
          <Link className='button button--quiet' to={`/${what}s/${thing.id}`} aria-label={`Edit “${thing.name}”`}>Edit</Link>
        </li>
      ))}
    </ul>
  )
}
