import type { Direction, Sort } from '@daymark/tasks/contracts'

/** What the shown tasks are sorted by, and which way. */
export interface Order { sort: Sort, direction: Direction }

/** What tasks can be sorted by, in words, with the ways that make sense, the usual one first. */
export const orders: Array<{ sort: Sort, name: string, ways: [Way, ...Way[]] }> = [
  { sort: 'position', name: 'Manual order', ways: [{ direction: 'asc', name: '', rest: '' }] },
  { sort: 'due', name: 'Due', ways: [{ direction: 'asc', name: 'Soonest', rest: ' first' }, { direction: 'desc', name: 'Latest', rest: ' first' }] },
  { sort: 'priority', name: 'Priority', ways: [{ direction: 'desc', name: 'Highest', rest: ' first' }, { direction: 'asc', name: 'Lowest', rest: ' first' }] },
  { sort: 'title', name: 'Title', ways: [{ direction: 'asc', name: 'A to Z', rest: '' }, { direction: 'desc', name: 'Z to A', rest: '' }] },
  { sort: 'created', name: 'Created', ways: [{ direction: 'desc', name: 'Newest', rest: ' first' }, { direction: 'asc', name: 'Oldest', rest: ' first' }] },
  { sort: 'updated', name: 'Changed', ways: [{ direction: 'desc', name: 'Newest', rest: ' first' }, { direction: 'asc', name: 'Oldest', rest: ' first' }] },
]

/** A direction, in a word or two that stand where there is little room, and what is said after them. */
interface Way { direction: Direction, name: string, rest: string }

const manual = orders[0]!

/** Reads an order of an address; what is not understood counts as not said, and is then the usual. */
export function orderOf (sort: string | null, direction: string | null, usual: Sort): Order {
  const { sort: known, ways } = orders.find((order) => order.sort === sort) ?? orders.find((order) => order.sort === usual) ?? manual
  return { sort: known, direction: (ways.find((way) => way.direction === direction) ?? ways[0]).direction }
}

/** What an address says of an order: nothing of the usual one. */
export function orderQuery ({ sort, direction }: Order, usual: Sort): Partial<Order> {
  const isTurned = orderOf(sort, null, usual).direction !== direction
  return { ...(sort !== usual || isTurned) && { sort }, ...isTurned && { direction } }
}

/** Such as “Due, latest first”. */
export function orderInWords ({ sort, direction }: Order): string {
  const { name, ways } = orders.find((order) => order.sort === sort) ?? manual
  const way = ways.find((way) => way.direction === direction) ?? ways[0]
  return ways.length === 1 ? name : `${name}, ${way.rest === '' ? way.name : way.name.toLowerCase() + way.rest}`
}
