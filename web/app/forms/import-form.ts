import type { ImportReport } from '@daymark/tasks/contracts'
import type { FormAnswer } from './form-answer.ts'

/** What is said of a file: what it would bring, where it could be read. Its text is among the values, to be sent again without choosing it anew. */
export interface ImportAnswer extends FormAnswer { report?: ImportReport }

/** Where a form may bring a file: the page, and the data that its script asks for. */
export const isImportPath = (path: string) => path === '/settings/import' || path === '/settings/import.data'

export const mostFileBytes = 10_000_000
export const fileTooLarge = 'This file has more than 10 MB. Send it in parts, for what is there already is left alone; or by the API, which takes 64 MB.'
export const busyWithFiles = 'Other files are being taken in. Please choose it again in a minute.'
