const minute = 60_000

interface FollowOptions {
  /** When the page was loaded, by the server's clock: what has changed since is told as well. */
  loadedAt: number
  /** Milliseconds after which a page that nobody touches follows no more, until somebody does: following keeps a session alive. */
  patience: number
  /** A change was made, here or elsewhere; made together with others it has their number. */
  onChange: (change: number) => void
  /** The session is over. */
  onOver: () => void
}

/**
 * Follows the changes of who is signed in, for as long as the page can be seen: a hidden one holds none of the few connections that a
 * browser opens to one place, and catches up when it is shown. What breaks off is begun again where it was. Gives the function that ends it,
 * and the one that tells whether the services can be reached, as far as one knows by that.
 */
export function followChanges ({ loadedAt, patience, onChange, onOver }: FollowOptions): { end: () => void, isReachable: () => boolean } {
  let source: EventSource | null = null
  let seen: string | null = null
  let failures = 0
  let touchedAt = Date.now()
  let isOver = false
  let isBegun = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = null
    isBegun = false
  }
  const openIn = (milliseconds: number) => {
    close()
    timer = setTimeout(open, milliseconds)
  }
  const open = () => {
    if (isOver || document.hidden || Date.now() - touchedAt > patience) return
    source = new EventSource(`/events?${new URLSearchParams(seen === null ? { at: String(loadedAt) } : { since: seen })}`)
    const note = ({ lastEventId }: MessageEvent) => { if (lastEventId !== '') seen = lastEventId }
    source.addEventListener('from', (event) => {
      failures = 0
      isBegun = true
      note(event)
    })
    source.addEventListener('change', (event: MessageEvent<string>) => {
      note(event)
      onChange(Number(event.data))
    })
    source.addEventListener('end', (event: MessageEvent<string>) => {
      const { reason } = JSON.parse(event.data) as { reason: string }
      if (reason === 'expired') return openIn(1000) // with a new token
      if (reason === 'closing') return openIn(1000 + Math.random() * 2000) // not all of them at once
      isOver = true
      close()
      onOver()
    })
    source.addEventListener('error', () => {
      failures++
      openIn(Math.min(1000 * 2 ** failures, minute) * (0.5 + Math.random() / 2))
    })
  }
  const resume = () => { if (source === null) openIn(0) }
  const onVisibility = () => {
    if (document.hidden) return close()
    touchedAt = Date.now()
    resume()
  }
  const onTouch = () => {
    const wasLeft = Date.now() - touchedAt > patience
    touchedAt = Date.now()
    if (wasLeft) resume()
  }
  const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

  open()
  document.addEventListener('visibilitychange', onVisibility)
  for (const touch of touches) document.addEventListener(touch, onTouch, { passive: true })
  return {
    end () {
      close()
      document.removeEventListener('visibilitychange', onVisibility)
      for (const touch of touches) document.removeEventListener(touch, onTouch)
    },
    isReachable: () => isBegun || isOver,
  }
}
