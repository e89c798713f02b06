import { Link } from '@remix-run/react'
import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { type Bucket, type Counted, type Overview, bucketNames, buckets } from '../places.ts'
import type { Order } from '../order.ts'
import { ChevronIcon } from './icons.tsx'

interface PlacesProps {
  overview: Overview
  /** What is shown now. */
  at: { list: string, label: string, due: Bucket | '' }
  /** The order that was chosen, which stays. */
  kept: Partial<Order>
  heading: RefObject<HTMLElement>
}

/**
 * The way to the person's lists and labels, and to what is due, with what there is to do in each. On a narrow screen it folds, with
 * or without JavaScript; on a wide one it is open beside the tasks.
 */
export function Places ({ overview, at, kept, heading }: PlacesProps) {
  const fold = useRef<HTMLDetailsElement>(null)
  const here = `${at.list} ${at.label} ${at.due}`
  // Who chose from the unfolded ones wants to see what they chose.
  useEffect(() => {
    if (!fold.current?.open) return
    fold.current.open = false
    heading.current?.focus()
  }, [here, heading])
  const isAll = here.trim() === ''
  const addressOf = (where: Record<string, string>) => {
    const query = new URLSearchParams({ ...where, ...kept }).toString()
    return `/dashboard${query && `?${query}`}`
  }
  return (
    <details ref={fold} className='places'>
      <summary className='places__fold'><ChevronIcon />Lists and labels</summary>
      <nav className='places__all' aria-label='Lists and labels'>
        <ul>
          <Place to={addressOf({})} name='All tasks' open={overview.open} isHere={isAll} />
          {buckets.map((bucket) => (
            <Place key={bucket} to={addressOf({ due: bucket })} name={bucketNames[bucket]} open={overview.due[bucket]} isHere={at.due === bucket} isUrgent={bucket === 'overdue' && overview.due.overdue > 0} />
          ))}
        </ul>
        <Group title='Lists' manage='/lists' manageName='Edit lists'>
          {overview.lists.map((list) => <Place key={list.id} to={addressOf({ list: list.id })} {...list} isHere={at.list === list.id} mark='list' />)}
        </Group>
        <Group title='Labels' manage='/labels' manageName={overview.labels.length > 0 ? 'Edit labels' : 'Make a label'}>
          {overview.labels.map((label) => <Place key={label.id} to={addressOf({ label: label.id })} {...label} isHere={at.label === label.id} mark='label' />)}
        </Group>
      </nav>
    </details>
  )
}

function Group ({ title, manage, manageName, children }: { title: string, manage: string, manageName: string, children: ReactNode[] }) {
  return (
    <>
      <div className='places__head'>
        <h2>{title}</h2>
        <Link className='places__manage' to={manage}>{manageName}</Link>
      </div>
      {children.length > 0 && <ul>{children}</ul>}
    </>
  )
}

interface PlaceProps extends Partial<Counted> { to: string, name: string, open: number, isHere: boolean, isUrgent?: boolean, mark?: 'list' | 'label' }

function Place ({ to, name, open, isHere, isUrgent = false, mark, colour }: PlaceProps) {
  return (
    <li>
      <Link className='place' to={to} aria-current={isHere ? 'page' : undefined} data-urgent={isUrgent || undefined}>
        {mark && <span className={`tone tone--${mark}`} data-tone={colour} aria-hidden='true' />}
        <span className='place__name'>{name}</span>
        {open > 0 && <span className='place__count'>{open}<span className='visually-hidden'> open</span></span>}
      </Link>
    </li>
  )
}
