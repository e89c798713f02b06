import { createHash } from 'node:crypto'
import { unprocessable } from '../../problems.ts'
import { toTimeZone } from '../tasks/task-fields.ts'
import { emptyFile, type ImportFile, inboxPlace, type TaskItem } from './import-file.ts'
import { parseFile } from './parse-file.ts'
import { mostTasks, type ReceivedFile, tooMuch } from './received-file.ts'
import { readTodoistDate } from './todoist-date.ts'

const priorities: Record<string, string> = { 1: 'urgent', 2: 'high', 3: 'medium', 4: 'none', '': 'none' }
/** What is kept as text, for a task has no place of its own for it. */
const keptAsText = { RESPONSIBLE: 'Assigned to', DEADLINE: 'Deadline' }
/** What says nothing of what there is to do. */
const leftOut = ['AUTHOR', 'DATE_LANG', 'DEADLINE_LANG', 'META', 'IS_COLLAPSED', 'VIEW_STYLE']
const lengths = { title: 200, description: 20_000, list: 100, label: 60 }

/**
 * Reads a project that Todoist exported as CSV (Todoist help, "Import or export a project as a CSV file"). A section becomes a list,
 * what stands outside of one goes to the list of a given name, or to the Inbox; a note is added to the description of the task before it.
 * Whatever has no place of its own is kept as text there, and told. The same file gives the same ids.
 * @throws {Problem} unprocessable for what is no such file; bodyTooLarge
 */
export async function readTodoist (file: ReceivedFile, { user_id, listName }: { user_id: string, listName: string | undefined }): Promise<ImportFile> {
  const reading = new Reading(user_id, listName)
  let columns: string[] = []
  for await (const part of parseFile(file)) {
    if ('head' in part) {
      columns = (part.head['columns'] as string[]).map((name) => name.trim().toUpperCase())
      if (!columns.includes('TYPE') || !columns.includes('CONTENT')) throw unprocessable('/rows/1', 'unknown_format', 'The first row must name the columns, TYPE and CONTENT among them: send a CSV file as Todoist exports it')
      if (part.counts[2]! > mostTasks) throw tooMuch()
      reading.begin(columns)
      continue
    }
    for (const [index, cells] of part.items.entries()) {
      reading.add(part.from + index + 2, Object.fromEntries(columns.map((name, at) => [name, ((cells as string[])[at] ?? '').replaceAll(/\r\n?/g, '\n').trim()])))
    }
  }
  return reading.file
}

type Row = Record<string, string>

class Reading {
  readonly file = { ...emptyFile(), isUnplaced: true }
  readonly #userId: string
  readonly #listName: string | undefined
  readonly #times = new Map<string, number>()
  readonly #labels = new Map<string, string>()
  /** Where the next task goes. */
  #list = inboxPlace
  /** The last task, and those that it is part of, the outermost first. */
  #path: TaskItem[] = []

  constructor (userId: string, listName: string | undefined) {
    this.#userId = userId
    this.#listName = listName
  }

  begin (columns: readonly string[]): void {
    if (this.#listName !== undefined) this.#list = this.#addList(1, this.#listName)
    for (const name of columns.filter((name) => leftOut.includes(name) && !name.endsWith('_LANG'))) this.#note(1, name, 'left_out', `${name} is not taken over`)
  }

  add (number: number, row: Row): void {
    const { TYPE: type = '', CONTENT: content = '' } = row
    if (Object.values(row).every((cell) => cell === '')) return
    if (Object.values(row).some((cell) => cell.includes('\0'))) return this.#refuse(number, '', 'not_allowed', 'The row has a character that cannot be stored (NUL): take it out')
    switch (type.toLowerCase()) {
      case 'task': return this.#addTask(number, row)
      case 'section':
        if (content === '') return this.#refuse(number, 'CONTENT', 'required', 'CONTENT must name the section')
        this.#list = this.#addList(number, this.#listName === undefined ? content : `${this.#listName} / ${content}`)
        this.#path = []
        return
      case 'note': return this.#addNote(number, content)
      case 'meta': return this.#note(number, 'CONTENT', 'left_out', 'How the project is shown is not taken over')
      default: this.#refuse(number, 'TYPE', 'unknown_value', 'TYPE must be task, section or note')
    }
  }

  #addTask (number: number, row: Row): void {
    const { CONTENT: content = '', PRIORITY: priority = '', INDENT: indent = '', DATE: date = '' } = row
    if (content === '') return this.#refuse(number, 'CONTENT', 'required', 'CONTENT must say what is to be done')
    const { title, labels } = this.#withoutLabels(content)
    const texts = [row['DESCRIPTION'] ?? '']
    const keep = (column: string, code: string, text: string, detail: string) => {
      texts.push(text)
      this.#note(number, column, code, detail)
    }
    if (charactersOf(title).length > lengths.title) keep('CONTENT', 'cut', content, `CONTENT has more than ${lengths.title} characters: all of it is in the description`)
    const zone = zoneOf(row['TIMEZONE'] ?? '')
    const due = date === '' ? { due_date: null, due_at: null, time_zone: null } : readTodoistDate(date, zone)
    if (!due) keep('DATE', 'kept_as_text', `Due: ${date}${row['TIMEZONE'] ? ` (${row['TIMEZONE']})` : ''}`, 'DATE does not name one day, or one instant: it is in the description, and the task is not due')
    if (priorities[priority] === undefined) keep('PRIORITY', 'kept_as_text', `Priority: ${priority}`, 'PRIORITY must be 1, the highest, to 4: it is in the description')
    for (const [column, label] of Object.entries(keptAsText)) if (row[column]) keep(column, 'kept_as_text', `${label}: ${row[column]}`, `${column} is in the description`)
    if (row['DURATION'] && row['DURATION'] !== 'None') keep('DURATION', 'kept_as_text', `Duration: ${row['DURATION']} ${row['DURATION_UNIT'] ?? ''}`.trim(), 'DURATION is in the description')
    const description = texts.filter((text) => text !== '').join('\n\n')
    if (charactersOf(description).length > lengths.description) return this.#refuse(number, 'DESCRIPTION', 'too_long', `DESCRIPTION must have at most ${lengths.description} characters, with what is added to it: shorten it`)

    const level = /^[1-9]\d{0,3}$/.test(indent) ? Number(indent) : 1
    if (indent !== '' && String(level) !== indent) this.#note(number, 'INDENT', 'unknown_value', 'INDENT must be 1 or more: the task is part of no other')
    this.#path.splice(level - 1)
    const parent = this.#path.at(-1)
    const item: TaskItem = {
      pointer: `/rows/${number}`,
      id: this.#idOf('task', [this.#list, parent?.id ?? '', content]),
      fields: { title: cut(title, lengths.title), description, priority: priorities[priority] ?? 'none', ...due ?? { due_date: null, due_at: null, time_zone: null }, list_id: this.#list, parent_id: parent?.id ?? null, label_ids: labels },
    }
    this.#path.push(item)
    this.file.tasks.push(item)
  }

  #addNote (number: number, content: string): void {
    const task = this.#path.at(-1)
    if (!task) return this.#refuse(number, 'TYPE', 'note_alone', 'A note must stand behind the task it is about')
    const description = [task.fields['description'] as string, content].filter((text) => text !== '').join('\n\n')
    if (charactersOf(description).length > lengths.description) return this.#note(number, 'CONTENT', 'too_long', `The note is left out: with it the description would have more than ${lengths.description} characters`)
    task.fields['description'] = description
  }

  /** Takes the words with an @ before them for labels, as Todoist does, unless nothing else is there. */
  #withoutLabels (content: string): { title: string, labels: string[] } {
    const names: string[] = []
    const rest = content.replaceAll(/(?:^|\s+)@([^\s@]+)(?=\s|$)/gu, (word, name: string) => {
      if (charactersOf(name).length > lengths.label) return word
      names.push(name)
      return ''
    }).trim()
    if (rest === '') return { title: content, labels: [] }
    return { title: rest, labels: [...new Set(names.slice(0, 50).map((name) => this.#labelOf(name)))].sort() }
  }

  #labelOf (name: string): string {
    const key = name.normalize('NFKC').toLowerCase()
    const known = this.#labels.get(key)
    if (known !== undefined) return known
    const id = this.#idOf('label', [key])
    this.#labels.set(key, id)
    this.file.labels.push({ pointer: `/labels/${this.#labels.size - 1}`, id, fields: { name } })
    return id
  }

  #addList (number: number, name: string): string {
    const id = this.#idOf('list', [name])
    if (charactersOf(name).length > lengths.list) this.#note(number, 'CONTENT', 'cut', `The name has more than ${lengths.list} characters: it is cut`)
    this.file.lists.push({ pointer: `/rows/${number}`, id, fields: { name: cut(name, lengths.list) } })
    return id
  }

  /** A name-based id (RFC 9562, version 5) within the account: the same for the same words at the same place, for as many as there are. */
  #idOf (kind: string, words: readonly string[]): string {
    const name = JSON.stringify(['todoist', kind, ...words])
    const times = (this.#times.get(name) ?? 0) + 1
    this.#times.set(name, times)
    const bytes = createHash('sha1').update(Buffer.from(this.#userId.replaceAll('-', ''), 'hex')).update(name).update(String(times)).digest().subarray(0, 16)
    bytes[6] = (bytes[6]! & 0x0f) | 0x50
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  #refuse (number: number, column: string, code: string, detail: string): void {
    this.file.refused.tasks++
    this.#note(number, column, code, detail)
  }

  #note (number: number, column: string, code: string, detail: string): void {
    this.file.notes.push({ pointer: `/rows/${number}${column && `/${column}`}`, code, detail })
  }
}

const charactersOf = (text: string) => [...text]
const cut = (text: string, length: number) => charactersOf(text).length > length ? `${charactersOf(text).slice(0, length - 1).join('').trimEnd()}…` : text

function zoneOf (name: string): string | null {
  try {
    return name === '' ? null : toTimeZone(name, '')
  } catch {
    return null
  }
}
