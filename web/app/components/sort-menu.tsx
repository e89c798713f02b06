import { Link } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { type Order, orderInWords, orders } from '../order.ts'
import { ChevronIcon } from './icons.tsx'
import { Menu } from './menu.tsx'

interface SortMenuProps extends Order {
  /** Where the same tasks are in each order. */
  addresses: Array<Order & { address: string }>
}

/** Tells what the shown tasks are sorted by, and leads to the same tasks in other orders. */
export function SortMenu ({ sort, direction, addresses }: SortMenuProps) {
  const menu = useRef<HTMLDetailsElement>(null)
  const order = `${sort} ${direction}`
  // Who has chosen is told what they chose.
  useEffect(() => {
    if (!menu.current?.open) return
    menu.current.open = false
    menu.current.querySelector('summary')?.focus()
  }, [order])
  const addressOf = (by: Order['sort'], way: Order['direction']) => addresses.find((one) => one.sort === by && one.direction === way)?.address ?? ''
  return (
    <Menu ref={menu} className='sort'>
      <summary className='sort__by'><span className='sort__word'>Sort: </span>{orderInWords({ sort, direction })}<ChevronIcon /></summary>
      <ul className='sort__orders'>
        {orders.map(({ sort: by, name, ways }) => (
          <li key={by} className='sort__order'>
            {ways.length > 1 && <span className='sort__name' aria-hidden='true'>{name}</span>}
            {ways.map((way) => (
              <Link key={way.direction} className='place' to={addressOf(by, way.direction)} aria-current={by === sort && way.direction === direction ? 'true' : undefined} preventScrollReset>
                {ways.length === 1 ? name : <><span className='visually-hidden'>{name}, </span>{way.name}<span className='visually-hidden'>{way.rest}</span></>}
              </Link>
            ))}
          </li>
        ))}
      </ul>
    </Menu>
  )
}
