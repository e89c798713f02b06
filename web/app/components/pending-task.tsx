import { useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { useFormToken } from './form-token.tsx'
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
