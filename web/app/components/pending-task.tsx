import { useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { useFormToken } from './form-token.tsx'
import type { Outcome } from './notice.tsx'

interface PendingTaskProps {
  fetcherKey: string
  title: string
  action: string
  onOutcome: (key: string, title: string, outcome: Outcome) => void
}

/** A task that is on its way to the server, shown as if it were there; each travels by itself, so that none waits for another. */
export function PendingTask ({ fetcherKey, title, action, onOutcome }: PendingTaskProps) {
  const fetcher = useFetcher<Outcome>({ key: fetcherKey })
  const formToken = useFormToken()
  const isSent = useRef(false)
  useEffect(() => {
    if (isSent.current) return
    isSent.current = true
    fetcher.submit({ form_token: formToken, intent: 'add', title }, { method: 'post', action })
  })
  const { data: outcome, state } = fetcher
  useEffect(() => { if (outcome && state === 'idle') onOutcome(fetcherKey, title, outcome) }, [outcome, state, fetcherKey, title, onOutcome])
  return (
    <li className='task task--pending'>
      <span className='task__tick' aria-hidden='true'><span className='task__box' /></span>
      <span className='task__title'><span className='task__link'>{title}</span></span>
    </li>
  )
}
