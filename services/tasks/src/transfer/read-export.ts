import { type FieldError, fieldErrors } from '@daymark/kit/field-errors'
import type { Service } from '@daymark/kit/service'
import { ExportedInbox, ExportedLabel, ExportedList, ExportedTask } from '../../contracts.ts'
import { unprocessable } from '../../problems.ts'
import { toTimeZone } from '../tasks/task-fields.ts'
import { emptyFile, type ImportFile, type Item, type TaskItem } from './import-file.ts'
import { type ObjectKind, parseFile } from './parse-file.ts'
import { mostListsAndLabels, mostTasks, type ReceivedFile, tooMuch } from './received-file.ts'

/** Holds a value to a schema, by the rules that bodies are held to. */
export type Check = (schema: object, value: unknown) => FieldError[]

/** Compiled when it is first asked, for the service has its rules only once it is assembled. */
export function checkOf (app: Service): Check {
  const compiled = new Map<object, ReturnType<NonNullable<Service['validatorCompiler']>>>()
  return (schema, value) => {
    const validate = compiled.get(schema) ?? app.validatorCompiler!({ schema, method: 'POST', url: '/import', httpPart: 'body' })
    compiled.set(schema, validate)
    if (validate(value) === true) return []
    return fieldErrors((validate as { errors?: Parameters<typeof fieldErrors>[0] }).errors ?? [])
  }
}

const schemas = { lists: ExportedList, labels: ExportedLabel, tasks: ExportedTask }

/**
 * Reads a file that the export gave. What is wrong with an object refuses that object; what is wrong with the file, all of it.
 * @throws {Problem} unprocessable, naming the place; malformedJson; bodyTooLarge
 */
export async function readExport (file: ReceivedFile, check: Check): Promise<ImportFile> {
  const read = emptyFile()
  let root = ''
  for await (const part of parseFile(file)) {
    if ('head' in part) {
      root = part.pointer
      read.inbox = readHead(part.head, part.counts, root, check)
      continue
    }
    for (const [index, value] of part.items.entries()) {
      const pointer = `${root}/${part.kind}/${part.from + index}`
      const errors = check(schemas[part.kind], value)
      if (errors.length === 0 && part.kind === 'tasks') errors.push(...contradictions(value as ExportedTask))
      if (errors.length > 0) {
        read.refused[part.kind]++
        read.notes.push(...errors.slice(0, 3).map((error) => ({ ...error, pointer: pointer + error.pointer })))
      } else read[part.kind].push(itemOf(part.kind, value as ExportedTask, pointer) as TaskItem)
    }
  }
  return read
}

/** What the file is like as a whole. */
function readHead ({ format, version, inbox, ...others }: Record<string, unknown>, counts: number[], root: string, check: Check) {
  if (format !== 'daymark.tasks' || version !== 1) throw unprocessable(`${root}/format`, 'unknown_format', 'format must be daymark.tasks and version 1: send a file that the export gave, as JSON')
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw unprocessable(`${root}/${unknown.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'unknown_field', 'is not a field of an export: leave it out')
  const errors = check(ExportedInbox, inbox ?? null)
  if (errors[0]) throw unprocessable(`${root}/inbox${errors[0].pointer}`, errors[0].code, errors[0].detail)
  const missing = (['lists', 'labels', 'tasks'] as const)[counts.indexOf(-1)]
  if (missing) throw unprocessable(`${root}/${missing}`, 'wrong_type', `${missing} must be an array`)
  if (Math.max(counts[0]!, counts[1]!) > mostListsAndLabels || counts[2]! > mostTasks) throw tooMuch()
  return inbox as ExportedInbox
}

function itemOf (kind: ObjectKind, { id, ...fields }: ExportedTask, pointer: string): Item {
  const lower = (value: string | null) => value?.toLowerCase() ?? null
  if (kind !== 'tasks') return { pointer, id: id.toLowerCase(), fields }
  return {
    pointer,
    id: id.toLowerCase(),
    fields: { ...fields, list_id: lower(fields.list_id), parent_id: lower(fields.parent_id), label_ids: [...new Set(fields.label_ids.map((label) => label.toLowerCase()))].sort() },
  }
}

/** What no schema can say. */
function contradictions ({ due_date: dueDate, due_at: dueAt, time_zone: timeZone }: ExportedTask): FieldError[] {
  if (dueDate !== null && dueAt !== null) return [{ pointer: '/due_date', code: 'due_twice', detail: 'due_date and due_at exclude each other: set one to null' }]
  if ((dueAt === null) !== (timeZone === null)) return [{ pointer: '/time_zone', code: 'zone_without_instant', detail: 'time_zone and due_at go together: set both, or both to null' }]
  if (timeZone === null || isKnownZone(timeZone)) return []
  return [{ pointer: '/time_zone', code: 'unknown_time_zone', detail: 'time_zone must be the name of a time zone, such as Europe/Berlin' }]
}

const zones = new Map<string, boolean>()
/** A name is kept as it is, also where another one for the same zone is usual by now. */
function isKnownZone (name: string): boolean {
  const known = zones.get(name)
  if (known !== undefined) return known
  let isKnown = true
  try {
    toTimeZone(name, '')
  } catch {
    isKnown = false
  }
  if (zones.size < 1000) zones.set(name, isKnown)
  return isKnown
}
