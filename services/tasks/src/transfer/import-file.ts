import type { FieldError } from '@daymark/kit/field-errors'

/** Something to be brought in, and where in the file it stands. */
export interface Item {
  pointer: string
  id: string
  /** What the file says of it, by the names of the columns. Of what it does not say nothing is compared. */
  fields: Record<string, unknown>
  /** What is given to it where it is new, beside that. */
  preset?: Record<string, unknown>
}

export interface TaskItem extends Item { fields: Record<string, unknown> & { list_id: string | null, parent_id: string | null, label_ids: string[] } }

/** What a file says, whichever format it has, each object in its right shape. */
export interface ImportFile {
  /** What the Inbox is called and looks like; null where the file does not say. */
  inbox: { name: string, colour: string } | null
  lists: Item[]
  labels: Item[]
  tasks: TaskItem[]
  /** Whether it says nothing of places in the manual order: what is new then comes before all else, in the order of the file. */
  isUnplaced: boolean
  /** What was refused already. */
  refused: Record<'lists' | 'labels' | 'tasks', number>
  notes: FieldError[]
}

/** In place of the id of the Inbox, which only the account knows. */
export const inboxPlace = 'inbox'

export const emptyFile = (): ImportFile => ({ inbox: null, lists: [], labels: [], tasks: [], isUnplaced: false, refused: { lists: 0, labels: 0, tasks: 0 }, notes: [] })
