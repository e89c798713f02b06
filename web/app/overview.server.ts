import type { TasksClient } from './api/tasks-client.server.ts'
import { dayIn } from './day-in.ts'
import type { BrowserContext } from './load-context.ts'
import { type Bucket, type Counted, type Overview, bucketNames } from './places.ts'
import type { Clock, Where } from './shown-tasks.server.ts'

/** The day it is by the zone that the person chose; by UTC where they chose none. */
export function clockOf ({ user }: Pick<BrowserContext, 'user'>): Clock {
  const zone = user?.time_zone ?? 'UTC'
  return { today: dayIn(zone, new Date()), time_zone: zone }
}

/** The person's lists and labels, in their order, with what there is to do in each. */
export async function readOverview (tasks: TasksClient, { time_zone: zone }: Clock): Promise<Overview> {
  const [lists, labels, summary] = await Promise.all([tasks.lists(), tasks.labels(), tasks.summary(zone)])
  const counted = (counts: Array<{ id: string, open: number }>) => {
    const open = new Map(counts.map((count) => [count.id, count.open]))
    return ({ id, name, colour }: Omit<Counted, 'open'>): Counted => ({ id, name, colour, open: open.get(id) ?? 0 })
  }
  const ofList = counted(summary.lists)
  const { overdue, today, soon } = summary.due
  return {
    open: summary.state.open,
    due: { overdue, today, soon },
    lists: lists.filter(({ archived }) => !archived).map(ofList),
    archived: lists.filter(({ archived }) => archived).map(ofList),
    labels: labels.map(counted(summary.labels)),
    hasTasks: summary.state.open + summary.state.completed > 0,
  }
}

export interface PlaceShown {
  /** `gone`: a list or a label that is not there any more, or never was. */
  kind: 'all' | 'list' | 'label' | Bucket | 'gone'
  name: string
  /** Where it is changed. */
  edit: string | null
  isArchived: boolean
  /** Whether what is written there is found there. */
  isWritable: boolean
}

/** What a dashboard shows. */
export function placeShown ({ list, label, due }: Where, { lists, archived, labels }: Overview): PlaceShown {
  const shownList = [...lists, ...archived].find(({ id }) => id === list)
  const shownLabel = labels.find(({ id }) => id === label)
  const isArchived = shownList !== undefined && archived.includes(shownList)
  const rest = { edit: null, isArchived, isWritable: (due === '' || due === 'today') && !isArchived }
  if (list !== '' && !shownList) return { ...rest, kind: 'gone', name: 'This list is gone' }
  if (label !== '' && !shownLabel) return { ...rest, kind: 'gone', name: 'This label is gone' }
  if (shownList) return { ...rest, kind: 'list', name: shownList.name, edit: `/lists/${list}` }
  if (shownLabel) return { ...rest, kind: 'label', name: shownLabel.name, edit: `/labels/${label}` }
  return due === '' ? { ...rest, kind: 'all', name: 'Tasks' } : { ...rest, kind: due, name: bucketNames[due] }
}
