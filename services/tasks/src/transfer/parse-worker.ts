import { CsvError, parse as parseCsv } from 'csv-parse/sync'
import { isUtf8 } from 'node:buffer'
import { parentPort, workerData } from 'node:worker_threads'
import type { ParsedPart, ParseTask } from './parse-file.ts'

const { bytes, isCsv } = workerData as ParseTask
const kinds = ['lists', 'labels', 'tasks'] as const
const batch = 250
const post = (part: ParsedPart) => { parentPort?.postMessage(part) }

/** How deep a JSON text goes. What no export is like is refused before it is parsed, which would take memory for every level. */
function depthOf (text: Uint8Array): number {
  let [depth, deepest, isInText] = [0, 0, false]
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (isInText) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) isInText = false
    } else if (byte === 0x22) isInText = true
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return deepest
}

function parseJson (): void {
  if (depthOf(bytes) > 20) return post({ refused: 'json' })
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return post({ refused: 'json' })
  }
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(document)) return post({ refused: 'json' })
  // The file with all that is kept of a person has the tasks inside, as they are exported alone.
  const isWhole = document['format'] === 'daymark.export' && isObject(document['content'])
  const { lists, labels, tasks, ...head } = (isWhole ? document['content'] : document) as Record<string, unknown>
  const arrays = { lists, labels, tasks }
  const counts = kinds.map((kind) => Array.isArray(arrays[kind]) ? arrays[kind].length : -1)
  post({ head, counts, pointer: isWhole ? '/content' : '' })
  for (const kind of kinds) {
    const items = arrays[kind]
    if (!Array.isArray(items)) continue
    for (let from = 0; from < items.length; from += batch) post({ kind, from, items: items.slice(from, from + batch) as unknown[] })
  }
}

/** What stands between the cells: a comma, or what a spreadsheet puts there in its place. */
function separatorOf (text: Uint8Array): string {
  const [head = ''] = new TextDecoder().decode(text.subarray(0, 4096)).split(/[\r\n]/, 1)
  return [',', ';', '\t'].find((mark) => head.toUpperCase().split(mark).some((cell) => cell.replaceAll(/["\s]/g, '') === 'TYPE')) ?? ','
}

/** The first line, from 1, that is not UTF-8. */
function foreignLine (text: Uint8Array): number | null {
  for (let [from, line] = [0, 1]; from <= text.length; line++) {
    const end = text.indexOf(0x0a, from)
    const to = end === -1 ? text.length : end
    if (!isUtf8(text.subarray(from, to))) return line
    from = to + 1
  }
  return null
}

function parseRows (): void {
  const line = foreignLine(bytes)
  if (line !== null) return post({ refused: 'encoding', line })
  let rows: string[][]
  try {
    rows = parseCsv(bytes, { bom: true, delimiter: separatorOf(bytes), record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, skip_empty_lines: false })
  } catch (error) {
    return post({ refused: 'csv', row: error instanceof CsvError ? Number(error['records']) + 1 : null })
  }
  const [head = [], ...others] = rows
  post({ head: { columns: head }, counts: [0, 0, others.length], pointer: '' })
  for (let from = 0; from < others.length; from += batch) post({ kind: 'tasks', from, items: others.slice(from, from + batch) })
}

if (isCsv) parseRows()
else parseJson()
post({ end: true })
