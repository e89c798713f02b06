import type { Colour } from '@daymark/tasks/contracts'

/** When a task is due, as far as the dashboard tells it apart. */
export type Bucket = 'overdue' | 'today' | 'soon'

export const bucketNames: Record<Bucket, string> = { overdue: 'Overdue', today: 'Today', soon: 'Next 6 days' }
export const buckets = Object.keys(bucketNames) as Bucket[]

export const bucketOf = (text: string | null): Bucket | '' => buckets.find((bucket) => bucket === text) ?? ''

/** A list or a label, and how many open tasks it has. */
export interface Counted { id: string, name: string, colour: Colour, open: number }

/** Where tasks can be found, and how many open ones each has. */
export interface Overview {
  open: number
  due: Record<Bucket, number>
  /** Without those that are archived, which are in `archived`. */
  lists: Counted[]
  archived: Counted[]
  labels: Counted[]
  /** False for a person who has no task at all, in any state. */
  hasTasks: boolean
}
