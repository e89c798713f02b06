import { useFetcher } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { FormToken } from './form-token.tsx'
import { MoveIcon } from './icons.tsx'
import { Menu } from './menu.tsx'
import type { Outcome } from './notice.tsx'

/** Where a row can be moved to, in the words of the form; null where it stands there already. */
export interface Ways { first: string | null, up: string | null, down: string | null, last: string | null }

/** The ways of the row at a place of the shown ones; there may be more behind them. */
export function waysOf (items: ReadonlyArray<{ id: string }>, place: number, hasMore: boolean): Ways {
  const [before, behind] = [items[place - 1], items[place + 1]]
  return { first: before ? 'first' : null, up: before ? `before ${before.id}` : null, down: behind ? `after ${behind.id}` : null, last: behind || hasMore ? 'last' : null }
}

const names: Record<keyof Ways, string> = { first: 'To the top', up: 'Up', down: 'Down', last: 'To the bottom' }

/** Moves a task in the manual order, step by step or to an end. The focus stays on what was pressed, wherever the row goes. */
export function MoveMenu ({ id, title, ways, action, onOutcome }: { id: string, title: string, ways: Ways, action: string, onOutcome: (outcome: Outcome) => void }) {
  const fetcher = useFetcher<Outcome>({ key: `move-${id}` })
  const menu = useRef<HTMLDetailsElement>(null)
  const pressed = useRef<string | null>(null)
  const { data: outcome, state } = fetcher
  useEffect(() => { if (outcome) onOutcome(outcome) }, [outcome, onOutcome])
  useEffect(() => {
    if (state !== 'idle' || pressed.current === null) return
    const again = menu.current?.querySelector<HTMLElement>(`[data-way=${pressed.current}]`) ?? menu.current?.querySelector<HTMLElement>('summary')
    pressed.current = null
    again?.focus()
  }, [state])
  return (
    <Menu ref={menu} className='task__menu' isHeld={() => pressed.current !== null}>
      <summary className='task__move' aria-label={`Move “${title}”`}><MoveIcon /></summary>
      <fetcher.Form method='post' action={action} className='task__ways'>
        <FormToken />
        <input type='hidden' name='intent' value='move' />
        <input type='hidden' name='id' value={id} readOnly />
        {Object.entries(names).map(([way, name]) => {
          const place = ways[way as keyof Ways]
          return place !== null && <button key={way} className='button button--quiet' name='place' value={place} data-way={way} onClick={() => { pressed.current = way }}>{name}</button>
        })}
      </fetcher.Form>
    </Menu>
  )
}
