import { createHash } from 'node:crypto'
import type { TaskRead } from './api/tasks-client.server.ts'

/**
 * What an edit was begun from: the ETag of the task, and a digest of the text that was shown. By it, a task that was
 * only completed or moved meanwhile is told from one whose text somebody else has changed.
 */
export const editionOf = ({ task, etag }: TaskRead): string => `${digest(task)} ${etag}`

interface Begun { etag: string, isOf: (task: TaskRead['task']) => boolean }

const reader = (digestOfTask: (task: TaskRead['task']) => string) => (edition: string): Begun | null => {
  const [, begun, etag] = /^([\w-]{22}) (\S+)$/.exec(edition) ?? []
  return begun === undefined || etag === undefined ? null : { etag, isOf: (task) => digestOfTask(task) === begun }
}

const digestOf = (values: unknown[]) => createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 22)
const digest = ({ title, description }: Pick<TaskRead['task'], 'title' | 'description'>) => digestOf([title, description])
const detailsDigest = ({ priority, due_date: due, due_at: at, start_date: start }: TaskRead['task']) => digestOf([priority, due, at, start])

/** The same for the details of a task, which are saved apart from its text. */
export const detailsEditionOf = ({ task, etag }: TaskRead): string => `${detailsDigest(task)} ${etag}`

/** Reads an edition again; null for what is none of ours. */
export const readEdition = reader((task) => digest(task))
export const readDetailsEdition = reader((task) => detailsDigest(task))
