import { createHash } from 'node:crypto'
import { unprocessable } from '../../problems.ts'
import { toTimeZone } from '../tasks/task-fields.ts'
import { emptyFile, type ImportFile, inboxPlace, type TaskItem } from './import-file.ts'
import { parseFile } from './parse-file.ts'
import { mostListsAndLabels, mostTasks, type ReceivedFile, tooMuch } from './received-file.ts'
import { readTodoistDate } from './todoist-date.ts'

const priorities = new Map([['1', 'urgent'], ['2', 'high'], ['3', 'medium'], ['4', 'none'], ['', 'none']])
/** What is kept as text, for a task has no place of its own for it. */
const keptAsText = { RESPONSIBLE: 'Assigned to', DEADLINE: 'Deadline' }
/** What is left out without a word: it says in which language a date is. */
const untold = ['DATE_LANG', 'DEADLINE_LANG']
const takenOver = ['TYPE', 'CONTENT', 'DESCRIPTION', 'PRIORITY', 'INDENT', 'DATE', 'TIMEZONE', 'DURATION', 'DURATION_UNIT', ...Object.keys(keptAsText)]
const mostColumns = 100
const mostLabels = 50
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
      if (columns.length > mostColumns) throw unprocessable('/rows/1', 'too_many', `The first row must name at most ${mostColumns} columns: send a CSV file as Todoist exports it`)
      const twice = columns.find((name, at) => name !== '' && columns.indexOf(name) !== at)
      if (twice !== undefined) throw unprocessable('/rows/1', 'duplicate', `The first row must name each column once, and has ${twice} twice: take one of them out`)
      if (part.counts[2]! > mostTasks) throw tooMuch()
      reading.begin(columns)
      continue
    }
    for (const [index, item] of part.items.entries()) {
      const cells = item as string[]
      const row = Object.fromEntries(columns.map((name, at) => [name, (cells[at] ?? '').replaceAll(/\r\n?/g, '\n').trim()]))
      reading.add(part.from + index + 2, row, cells.some((cell, at) => !columns[at] && cell.trim() !== ''))
    }
    if (Math.max(reading.file.lists.length, reading.file.labels.length) > mostListsAndLabels) throw tooMuch()
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
  /** Where a task goes that stands in no section. */
  #ownList = inboxPlace
  /** Where the next task goes. */
  #list = inboxPlace
  /** The last task, and those that it is part of, the outermost first; null for each that was refused. */
  #path: Array<TaskItem | null> = []

  constructor (userId: string, listName: string | undefined) {
    this.#userId = userId
    this.#listName = listName
  }

  begin (columns: readonly string[]): void {
    if (this.#listName !== undefined) this.#list = this.#ownList = this.#addList(1, this.#listName)
    for (const name of columns.filter((name) => name !== '' && !takenOver.includes(name) && !untold.includes(name)).map((name) => cut(name, lengths.list))) this.#note(1, name, 'left_out', `${name} is not taken over`)
  }

  add (number: number, row: Row, hasMore: boolean): void {
    const { TYPE: type = '', CONTENT: content = '' } = row
    const cells = Object.entries(row)
    if (cells.every(([, cell]) => cell === '') && !hasMore) return
    if (hasMore) this.#note(number, '', 'left_out', 'The row has more cells than the first one names, and those are not taken over: a text with a comma must stand in quotation marks')
    const refuse = (column: string, code: string, detail: string) => {
      if (type.toLowerCase() === 'task') this.#refuseTask(row, number, column, code, detail)
      else this.#refuse(number, column, code, detail)
    }
    if (cells.some(([, cell]) => cell.includes('\0'))) return refuse('', 'not_allowed', 'The row has a character that cannot be stored (NUL): take it out')
    // Counting and cutting it would take the time and the memory of others.
    const long = cells.find(([, cell]) => cell.length > 2 * lengths.description)
    if (long) return refuse(long[0], 'too_long', `${long[0]} must have at most ${lengths.description} characters: shorten it`)
    switch (type.toLowerCase()) {
      case 'task': return this.#addTask(number, row)
      case 'section':
        if (row['DESCRIPTION']) this.#note(number, 'DESCRIPTION', 'left_out', 'A list has no description: that of the section is not taken over')
        if (content === '') {
          this.#list = this.#ownList
          this.#path = []
          return this.#refuse(number, 'CONTENT', 'required', 'CONTENT must name the section: its tasks come as those outside of one')
        }
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
    if (content === '') return this.#refuseTask(row, number, 'CONTENT', 'required', 'CONTENT must say what is to be done')
    const { title, labels } = this.#withoutLabels(content)
    const texts = [row['DESCRIPTION'] ?? '']
    const keep = (column: string, code: string, text: string, detail: string) => {
      texts.push(text)
      this.#note(number, column, code, detail)
    }
    if (isLonger(title, lengths.title)) keep('CONTENT', 'cut', content, `CONTENT has more than ${lengths.title} characters: all of it is in the description`)
    const zone = zoneOf(row['TIMEZONE'] ?? '')
    const due = date === '' ? { due_date: null, due_at: null, time_zone: null } : readTodoistDate(date, zone)
    if (!due) keep('DATE', 'kept_as_text', `Due: ${date}${row['TIMEZONE'] ? ` (${row['TIMEZONE']})` : ''}`, 'DATE does not name one day, or one instant: it is in the description, and the task is not due')
    if (!priorities.has(priority)) keep('PRIORITY', 'kept_as_text', `Priority: ${priority}`, 'PRIORITY must be 1, the highest, to 4: it is in the description')
    for (const [column, label] of Object.entries(keptAsText)) if (row[column]) keep(column, 'kept_as_text', `${label}: ${row[column]}`, `${column} is in the description`)
    if (row['DURATION'] && row['DURATION'] !== 'None') keep('DURATION', 'kept_as_text', `Duration: ${row['DURATION']} ${row['DURATION_UNIT'] ?? ''}`.trim(), 'DURATION is in the description')
    const description = texts.filter((text) => text !== '').join('\n\n')
    if (isLonger(description, lengths.description)) return this.#refuseTask(row, number, 'DESCRIPTION', 'too_long', `DESCRIPTION must have at most ${lengths.description} characters, with what is added to it: shorten it`)

    const level = levelOf(row)
    if (indent !== '' && String(level) !== indent) this.#note(number, 'INDENT', 'unknown_value', 'INDENT must be 1 or more: the task is part of no other')
    this.#path.splice(level - 1)
    const parent = this.#path.at(-1)
    if (parent === null) return this.#refuseTask(row, number, '', 'unknown_parent', 'The task that it is part of was refused: mend that one, and send the file again')
    const item: TaskItem = {
      pointer: `/rows/${number}`,
      id: this.#idOf('task', [this.#list, parent?.id ?? '', content]),
      fields: { title: cut(title, lengths.title), description, priority: priorities.get(priority) ?? 'none', ...due ?? { due_date: null, due_at: null, time_zone: null }, list_id: this.#list, parent_id: parent?.id ?? null, label_ids: labels },
    }
    this.#path.push(item)
    this.file.tasks.push(item)
  }

  #addNote (number: number, content: string): void {
    const task = this.#path.at(-1)
    if (!task) return this.#refuse(number, 'TYPE', 'note_alone', task === null ? 'The task that the note is about was refused: mend that one, and send the file again' : 'A note must stand behind the task it is about')
    const description = [task.fields['description'] as string, content].filter((text) => text !== '').join('\n\n')
    if (isLonger(description, lengths.description)) return this.#note(number, 'CONTENT', 'too_long', `The note is left out: with it the description would have more than ${lengths.description} characters`)
    task.fields['description'] = description
  }

  /** Takes the words with an @ before them for labels, as Todoist does, unless nothing else is there. */
  #withoutLabels (content: string): { title: string, labels: string[] } {
    const names: string[] = []
    // Each blank is looked at once: to begin a word with any number of them takes quadratic time over a text of blanks.
    const rest = content.replaceAll(/(?:^|(?<!\s)\s+)@([^\s@]+)(?=\s|$)/gu, (word, name: string) => {
      if (isLonger(name, lengths.label) || names.length === mostLabels) return word
      names.push(name)
      return ''
    }).trim()
    if (rest === '') return { title: content, labels: [] }
    return { title: rest, labels: [...new Set(names.map((name) => this.#labelOf(name)))].sort() }
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
    if (isLonger(name, lengths.list)) this.#note(number, 'CONTENT', 'cut', `The name has more than ${lengths.list} characters: it is cut`)
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

  /** Refuses a task, and with it those that are part of it: they are to be part of no other. */
  #refuseTask (row: Row, number: number, column: string, code: string, detail: string): void {
    this.#path.splice(levelOf(row) - 1)
    this.#path.push(null)
    this.#refuse(number, column, code, detail)
  }

  #refuse (number: number, column: string, code: string, detail: string): void {
    this.file.refused.tasks++
    this.#note(number, column, code, detail)
  }

  #note (number: number, column: string, code: string, detail: string): void {
    this.file.notes.push({ pointer: `/rows/${number}${column && `/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`}`, code, detail })
  }
}

/** How deep a task is: 1 where it is part of no other, or says nothing that can be understood. */
const levelOf = ({ INDENT: indent = '' }: Row) => /^[1-9]\d{0,3}$/.test(indent) ? Number(indent) : 1

const isLonger = (text: string, most: number) => text.length > most && [...text].length > most
const cut = (text: string, length: number) => isLonger(text, length) ? `${[...text].slice(0, length - 1).join('').trimEnd()}…` : text

function zoneOf (name: string): string | null {
  try {
    return name === '' ? null : toTimeZone(name, '')
  } catch {
    return null
  }
}
