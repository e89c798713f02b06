import { useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { useFormToken } from './form-token.tsx'
import { CloseIcon } from './icons.tsx'
import type { Outcome } from './notice.tsx'

export interface Addition {
  key: string
  title: string
  /** The address of the list it was written in. */
  action: string
  isAnswered: boolean
}

interface PendingTaskProps {
  addition: Addition
  /** Whether the list it was written in is shown still. */
  isHere: boolean
  /** True once those written before it have been answered: tasks arrive in the order in which they were written. */
  isNext: boolean
  onAnswered: (key: string) => void
  onOutcome: (addition: Addition, outcome: Outcome) => void
}

/** A task that could not be added, and for which the line has no room: it stays until it is added or given up. */
export function UnsentTask ({ title, onAgain, onGiveUp }: { title: string, onAgain: () => void, onGiveUp: () => void }) {
  return (
    <li className='task'>
      <span className='task__title'><span className='task__link'><bdi>{title}</bdi></span><span className='task__facts'><span>Not added yet</span></span></span>
      <button className='button button--quiet' type='button' aria-label={`Add “${title}” again`} onClick={onAgain}>Add again</button>
      <button className='task__delete' type='button' aria-label={`Give up “${title}”`} onClick={onGiveUp}><CloseIcon /></button>
    </li>
  )
}

/** A task that is on its way to the server, shown as if it were there. */
export function PendingTask ({ addition, isHere, isNext, onAnswered, onOutcome }: PendingTaskProps) {
  const fetcher = useFetcher<Outcome>({ key: addition.key })
  const formToken = useFormToken()
  const isSent = useRef(false)
  useEffect(() => {
    if (isSent.current || !isNext) return
    isSent.current = true
    fetcher.submit({ form_token: formToken, form_key: addition.key, intent: 'add', title: addition.title }, { method: 'post', action: addition.action })
  })
  const { data: outcome, state } = fetcher
  useEffect(() => {
    if (!outcome) return
    if (!addition.isAnswered) onAnswered(addition.key)
    // Until the list has been loaded anew this row stands for the task.
    if (state === 'idle') onOutcome(addition, outcome)
  }, [outcome, state, addition, onAnswered, onOutcome])
  return (
    <li className='task task--pending' hidden={!isHere}>
      <span className='task__tick' aria-hidden='true'><span className='task__box' /></span>
      <span className='task__title'><span className='task__link'>{addition.title}</span></span>
    </li>
  )
}
