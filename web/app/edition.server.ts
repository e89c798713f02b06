import { createHash } from 'node:crypto'
import type { TaskRead } from './api/tasks-client.server.ts'

/**
 * What an edit was begun from: the ETag of the task, and a digest of the text that was shown. By it, a task that was
 * only completed or moved meanwhile is told from one whose text somebody else has changed.
 */
export const editionOf = ({ task, etag }: TaskRead): string => `${digest(task)} ${etag}`

/** Reads an edition again; null for what is none of ours. */
export function readEdition (edition: string): { etag: string, isOf: (text: TaskRead['task']) => boolean } | null {
  const [, begun, etag] = /^([\w-]{22}) (\S+)$/.exec(edition) ?? []
  return begun === undefined || etag === undefined ? null : { etag, isOf: (task) => digest(task) === begun }
}

const digest = ({ title, description }: Pick<TaskRead['task'], 'title' | 'description'>) =>
  createHash('sha256').update(JSON.stringify([title, description])).digest('base64url').slice(0, 22)
