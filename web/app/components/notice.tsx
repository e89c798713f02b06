import { useFetcher } from '@remix-run/react'
import { useEffect } from 'react'
import type { Flash, TaskFlash } from '../../session/flash.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormToken } from './form-token.tsx'
import { CloseIcon } from './icons.tsx'
import { useHydrated } from './hydrated.ts'

export type Outcome = { flash: Flash | null } | FormAnswer

interface NoticeProps {
  flash: Flash | null
  action: string
  onOutcome: (outcome: Outcome) => void
  onUndo: () => void
  onClose: () => void
}

const sentences: Record<TaskFlash['did'], string> = { deleted: 'Deleted', restored: 'Brought back', saved: 'Saved', purged: 'Deleted for good:' }

/** Tells what was done, and takes it back on demand. It stays until it is answered: nobody has to be quick. */
export function Notice ({ flash: anyFlash, action, onOutcome, onUndo, onClose }: NoticeProps) {
  const isHydrated = useHydrated()
  const flash = anyFlash && 'title' in anyFlash ? anyFlash : null // what was done to the account is told on its own pages
  const fetcher = useFetcher<Outcome>({ key: 'undo' })
  const outcome = fetcher.data
  useEffect(() => { if (outcome) onOutcome(outcome) }, [outcome, onOutcome])
  return (
    <div className='notice-place' role='status'>
      {flash && (
        <div className='notice'>
          <p className='notice__text'>{sentences[flash.did]} <b>“{flash.title}”</b></p>
          {flash.did === 'deleted' && (
            <fetcher.Form method='post' action={action} onSubmit={onUndo}>
              <FormToken />
              <input type='hidden' name='intent' value='restore' />
              <button className='notice__undo' name='id' value={flash.task_id}>Undo</button>
            </fetcher.Form>
          )}
          {isHydrated && <button className='notice__close' type='button' onClick={onClose}><CloseIcon /><span className='visually-hidden'>Close</span></button>}
        </div>
      )}
    </div>
  )
}
