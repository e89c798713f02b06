import { malformedJson } from '@daymark/kit/problem'
import { Worker } from 'node:worker_threads'
import { unprocessable } from '../../problems.ts'
import type { ReceivedFile } from './received-file.ts'

export interface ParseTask { bytes: Uint8Array, isCsv: boolean }

export type ObjectKind = 'lists' | 'labels' | 'tasks'
/** What the thread tells, in this order: the head, the items in batches, the end. Or why there is nothing to tell. */
export type ParsedPart =
  | { refused: 'json' }
  | { refused: 'csv', row: number | null }
  | { refused: 'encoding', line: number }
  | { head: Record<string, unknown>, counts: number[], pointer: string }
  | { kind: ObjectKind, from: number, items: unknown[] }
  | { end: true }
export type Batch = Extract<ParsedPart, { kind: ObjectKind }>
export type Head = Extract<ParsedPart, { counts: number[] }>

/**
 * Parses a file in a thread of its own, so that nobody else waits for it; its memory is its own too, and running out of it ends
 * the thread alone. Gives the parts as they are ready to be looked at.
 * @throws {Problem} of what is no JSON or no CSV
 */
export async function * parseFile (file: ReceivedFile): AsyncGenerator<Head | Batch> {
  const given = file.take()
  const bytes = new Uint8Array(given) // in memory of its own, to be handed over
  const worker = new Worker(new URL('./parse-worker.ts', import.meta.url), {
    env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 32 }, workerData: { bytes, isCsv: file.isCsv } satisfies ParseTask, transferList: [bytes.buffer],
  })
  const parts: ParsedPart[] = []
  let wake = () => {}
  let isOver = false
  worker.on('message', (part: ParsedPart) => { parts.push(part); wake() }).on('error', () => {}).once('exit', () => { isOver = true; wake() })
  try {
    for (;;) {
      const part = parts.shift()
      if (!part) {
        if (isOver) throw file.isCsv ? notCsv(null) : malformed()
        await new Promise<void>((resolve) => { wake = resolve })
        continue
      }
      if ('end' in part) return
      if ('refused' in part) throw part.refused === 'json' ? malformed() : part.refused === 'csv' ? notCsv(part.row) : notUtf8(part.line)
      yield part
      await new Promise(setImmediate) // others have their turn between two batches
    }
  } finally {
    await worker.terminate()
  }
}

const malformed = () => malformedJson({ detail: 'The file cannot be read as JSON in UTF-8: send it as the export gave it.' })

const notUtf8 = (line: number) => unprocessable('', 'not_csv', `Line ${line} of the file is not UTF-8: save it as CSV in UTF-8, or send it as Todoist gave it`)

const notCsv = (row: number | null) => row === null
  ? unprocessable('', 'not_csv', 'The file cannot be read as CSV: send it as Todoist gave it')
  : unprocessable(`/rows/${row}`, 'not_csv', `Row ${row} cannot be read as CSV: a text with a quotation mark must stand in quotation marks, with the mark in it doubled. Mend it, or send the file as Todoist gave it`)
