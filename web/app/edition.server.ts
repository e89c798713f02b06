import { createHash } from 'node:crypto'
import type { AccountRead } from './api/account-client.server.ts'
import type { TaskRead } from './api/tasks-client.server.ts'

/**
 * What an edit was begun from: the ETag of the task, and a digest of the text that was shown. By it, a task that was
 * only completed or moved meanwhile is told from one whose text somebody else has changed.
 */
export const editionOf = ({ task, etag }: TaskRead): string => `${digest(task)} ${etag}`

interface Begun<T> { etag: string, isOf: (current: T) => boolean }

const reader = <T>(digestOfCurrent: (current: T) => string) => (edition: string): Begun<T> | null => {
  const [, begun, etag] = /^([\w-]{22}) (\S+)$/.exec(edition) ?? []
  return begun === undefined || etag === undefined ? null : { etag, isOf: (current) => digestOfCurrent(current) === begun }
}

const digestOf = (values: unknown[]) => createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 22)
const digest = ({ title, description }: Pick<TaskRead['task'], 'title' | 'description'>) => digestOf([title, description])
const detailsDigest = ({ priority, due_date: due, due_at: at, time_zone: zone, start_date: start, list_id: list, label_ids: labels }: TaskRead['task']) => digestOf([priority, due, at, zone, start, list, [...labels].sort()])

/** The same for the details of a task, which are saved apart from its text. */
export const detailsEditionOf = ({ task, etag }: TaskRead): string => `${detailsDigest(task)} ${etag}`

/** Reads an edition again; null for what is none of ours. */
export const readEdition = reader((task: TaskRead['task']) => digest(task))
export const readDetailsEdition = reader((task: TaskRead['task']) => detailsDigest(task))

const profileDigest = ({ display_name: name, time_zone: zone }: AccountRead['account']) => digestOf([name, zone])

/** The same for what people set of their account; their address may be confirmed meanwhile. */
export const profileEditionOf = ({ account, etag }: AccountRead): string => `${profileDigest(account)} ${etag}`
export const readProfileEdition = reader(profileDigest)

const nameDigest = ({ name, colour }: { name: string, colour: string }) => digestOf([name, colour])

/** The same for the name and the colour of a list or a label, which may be moved or archived meanwhile. */
export const nameEditionOf = (named: { name: string, colour: string }, etag: string): string => `${nameDigest(named)} ${etag}`
export const readNameEdition = reader(nameDigest)
