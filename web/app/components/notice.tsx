import { Link, useFetcher, useFetchers, useLocation, useMatches, useNavigation } from '@remix-run/react'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react'
import type { Flash, TaskFlash } from '../../session/flash.ts'
import { unreached } from '../answer-unreached.ts'
import { type FormAnswer, type UndoAnswer, keptValues } from '../forms/form-answer.ts'
import { noteOwnChange } from '../own-changes.ts'
import { FormToken } from './form-token.tsx'
import { useHydrated } from './hydrated.ts'
import { AlertIcon, CloseIcon } from './icons.tsx'

/** What a script is told of a form: what was done, or why it was not. */
export type Outcome = { flash: TaskFlash } | UndoAnswer

const Tell = createContext<(outcome: Outcome) => void>(() => {})

/** Gives the function that puts an outcome on the notice board. */
export const useTell = () => useContext(Tell)

/** Puts what a fetcher was answered on the notice board, unless it is a refusal: that belongs to its form. */
export function useTold (outcome: Outcome | undefined): void {
  const tell = useTell()
  useEffect(() => { if (outcome && 'flash' in outcome) tell(outcome) }, [outcome, tell])
}

export const refusalIn = (outcome: Outcome | undefined): FormAnswer | undefined => outcome && 'errors' in outcome ? outcome : undefined

/**
 * Tells on every page what was done to tasks last, and takes it back on demand, or does it again. It stays until it is answered
 * or something else is done: nobody has to be quick.
 */
export function NoticeBoard ({ children }: { children: ReactNode }) {
  const served = useMatches().map(({ data }) => (data as { flash?: Flash | null } | undefined)?.flash).findLast(Boolean)
  const [told, setTold] = useState<Outcome | null>(served ? asOutcome(served) : null)
  const tell = useCallback((outcome: Outcome | null) => {
    if (outcome && 'flash' in outcome) noteOwnChange(outcome.flash.change)
    setTold(outcome)
  }, [])
  useEffect(() => { if (served) tell(asOutcome(served)) }, [served, tell])
  // Where the row is gone by then, because the page was loaded anew meanwhile, nobody else hears the answer.
  const rows = useFetchers().filter(({ key }) => key.startsWith('task-'))
  const heard = useRef(new WeakSet<Outcome>())
  useEffect(() => {
    for (const { data } of rows as Array<{ data?: Outcome }>) {
      if (!data || !('flash' in data) || heard.current.has(data)) continue
      heard.current.add(data)
      tell(data)
    }
  })
  const isSubmitting = useNavigation().formMethod === 'POST'
  useEffect(() => { if (isSubmitting) setTold(null) }, [isSubmitting])
  return (
    <Tell.Provider value={tell}>
      <div className='notice-place' role='status'>
        {told && <Notice told={told} onClose={() => { setTold(null); document.getElementById('main')?.focus() }} />}
      </div>
      {children}
    </Tell.Provider>
  )
}

/** What was done to the account is told on its own pages. */
const asOutcome = (flash: Flash): Outcome | null => 'title' in flash ? { flash } : null

function Notice ({ told, onClose }: { told: Outcome, onClose: () => void }) {
  const isHydrated = useHydrated()
  const undo = undoOf(told)
  return (
    <div className={`notice ${'flash' in told ? '' : 'notice--refused'}`}>
      {'flash' in told
        ? <p className='notice__text'><span>{deedOf(told.flash)}</span> <b>{whatOf(told.flash)}</b>{told.flash.left !== undefined && <small className='notice__left'> {told.flash.left}</small>}</p>
        : <p className='notice__text' role='alert'><AlertIcon /><span>{told.problem}{told.history !== undefined && <> <Link to={told.history}>See its history</Link></>}</span></p>}
      {undo && <UndoForm {...undo} fetcherKey='undo' className='notice__undo' />}
      {isHydrated && <button className='notice__close' type='button' onClick={onClose}><CloseIcon /><span className='visually-hidden'>Close</span></button>}
    </div>
  )
}

/** What can be taken back: what was done; or what was asked for and may be asked for again, such as when a service was away. */
function undoOf (told: Outcome): Pick<UndoFormProps, 'flash' | 'change'> | null {
  if ('flash' in told) return typeof told.flash.change === 'number' ? { flash: told.flash, change: told.flash.change } : null
  const { change, did, title = '', again } = told.values
  return change === undefined || did === undefined ? null : { flash: { did: did as TaskFlash['did'], title, again: again === 'redone' ? 'undone' : undefined }, change: Number(change) }
}

const deeds: Record<TaskFlash['did'], string> = {
  added: 'Added', completed: 'Completed', reopened: 'Reopened', saved: 'Saved', moved: 'Moved', changed: 'Changed', deleted: 'Deleted', restored: 'Brought back', purged: 'Deleted for good:', archived: 'Archived', unarchived: 'Taken back', imported: 'Imported',
}

function deedOf ({ did, again }: TaskFlash): string {
  if (again === undefined) return deeds[did]
  return `${again === 'undone' ? 'Undone' : 'Done again'}: ${deeds[did].toLowerCase()}`
}

const whatOf = ({ title, count }: TaskFlash) => count === undefined ? <>“<bdi>{title}</bdi>”</> : <>{count === 0 ? 'no task' : `${count.toLocaleString('en')} ${count === 1 ? 'task' : 'tasks'}`}</>

interface UndoFormProps {
  /** What is taken back, as it was told. */
  flash: Pick<TaskFlash, 'did' | 'title' | 'again'>
  change: number
  fetcherKey: string
  className: string
  describedBy?: string
}

/** The button that takes a change back, or does it again where that was a taking back itself. */
export function UndoForm ({ flash: { did, title, again }, change, fetcherKey, className, describedBy }: UndoFormProps) {
  const fetcher = useFetcher<Outcome>({ key: fetcherKey })
  const tell = useTell()
  const { pathname, search } = useLocation()
  const outcome = fetcher.data
  useEffect(() => { if (outcome) tell(outcome) }, [outcome, tell])
  return (
    <fetcher.Form
      method='post' action='/undo' onSubmit={(event) => {
        // The page behind it is not there to be asked yet, and would have to be fetched first.
        if (navigator.onLine) return
        event.preventDefault()
        tell({ values: { ...keptValues(new FormData(event.currentTarget)), change: String(change) }, errors: {}, problem: unreached })
      }}
    >
      <FormToken />
      <input type='hidden' name='did' value={did} readOnly />
      <input type='hidden' name='title' value={title} readOnly />
      <input type='hidden' name='again' value={again === 'undone' ? 'redone' : 'undone'} readOnly />
      <input type='hidden' name='next' value={pathname + search} readOnly />
      <button className={className} name='change' value={change} aria-describedby={describedBy} aria-disabled={fetcher.state !== 'idle' || undefined}>{again === 'undone' ? 'Redo' : 'Undo'}</button>
    </fetcher.Form>
  )
}
