import { useFetchers, useNavigation, useRevalidator } from '@remix-run/react'
import { useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import { followChanges } from '../follow-changes.ts'
import { isOwnChange } from '../own-changes.ts'
import { watchInput } from '../unsaved-input.ts'

const gatheringMs = 400
const betweenMs = 1500
const againMs = 1000
const hour = 3_600_000

/** Not the number of a change: something that is to be looked at anyway. */
const anything = 0

/**
 * Loads the page anew when something was changed elsewhere: not for what this page has done itself, once for what comes together, and
 * not while anything is on its way or typed that is not saved. It tells nobody: what is new is simply there.
 */
export function LiveChanges ({ loadedAt, isAdmin }: { loadedAt: number, isAdmin: boolean }) {
  const { revalidate, state } = useRevalidator()
  const navigation = useNavigation()
  const isSending = useFetchers().some((fetcher) => fetcher.state !== 'idle')
  const news = useRef(new Set<number>())
  const timer = useRef<ReturnType<typeof setTimeout>>()
  const lastAt = useRef(-Infinity)
  const input = useRef<ReturnType<typeof watchInput>>()
  const stream = useRef<ReturnType<typeof followChanges>>()

  const look = () => {
    for (const change of news.current) if (isOwnChange(change)) news.current.delete(change)
    if (news.current.size === 0) return
    const isBusy = state !== 'idle' || navigation.state !== 'idle' || isSending
    // A load that fails would put an apology in the place of the page.
    if (isBusy || stream.current?.isReachable() !== true || input.current?.hasUnsaved() === true) return soon(againMs)
    news.current.clear()
    lastAt.current = Date.now()
    revalidate()
  }
  const newest = useRef(look)
  useEffect(() => { newest.current = look })
  const soon = useCallback((milliseconds: number) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      timer.current = undefined
      newest.current()
    }, milliseconds)
  }, [])
  const note = useCallback((change: number) => {
    news.current.add(change)
    if (timer.current === undefined) soon(Math.max(gatheringMs, lastAt.current + betweenMs - Date.now()))
  }, [soon])

  const loaded = useRef(loadedAt)
  useEffect(() => {
    const watched = input.current = watchInput()
    const followed = stream.current = followChanges({ loadedAt: loaded.current, patience: isAdmin ? hour / 6 : 12 * hour, onChange: note, onOver: () => { note(anything) } })
    return () => {
      followed.end()
      watched.end()
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [note, isAdmin])

  // What was sent while the page was being loaded may have been answered before it: a look too many rather than a task too few.
  const isLoading = state === 'loading'
  useEffect(() => { if (isLoading && isSending) note(anything) }, [isLoading, isSending, note])
  useKeptScroll(isLoading)
  return null
}

/** Keeps a page where it was scrolled to meanwhile; the router would put it back to where it was when the loading began. */
function useKeptScroll (isLoading: boolean): void {
  const place = useRef(0)
  const wasLoading = useRef(false)
  useEffect(() => {
    const note = () => { place.current = window.scrollY }
    note()
    window.addEventListener('scroll', note, { passive: true })
    return () => { window.removeEventListener('scroll', note) }
  }, [])
  useLayoutEffect(() => {
    if (wasLoading.current && !isLoading && window.scrollY !== place.current) window.scrollTo({ top: place.current, behavior: 'instant' })
    wasLoading.current = isLoading
  }, [isLoading])
}
