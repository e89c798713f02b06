import { bulkActions, Id, NewLabel, NewTask, Task, TaskQuery, TaskReplacement } from '@daymark/tasks/contracts'
import { Type } from '@sinclair/typebox'
import { TaskFlash } from '../../session/flash.ts'
import { type FormMessages, formGuide, formReader } from './form-reader.server.ts'

const closed = { additionalProperties: false }
const { id, completed } = Task.properties

const titleMessages = {
  required: 'Write what is to be done.',
  not_allowed: 'Write what is to be done; spaces alone say too little.',
  too_long: 'Keep the title to {limit} characters; it has {count}. Details fit in the description.',
}

const AddTask = Type.Pick(NewTask, ['title'], closed)
const addTaskMessages: FormMessages<typeof AddTask> = { title: titleMessages }
export const addTaskGuide = formGuide(AddTask, addTaskMessages)
export const readAddTask = formReader(AddTask, addTaskMessages)

const { title, description } = TaskReplacement.properties
/** An edit says which edition of the task it was made from, so that it never wipes out another's. */
const EditTask = Type.Object({ title, description, edition: Type.String({ minLength: 1, maxLength: 300 }) }, closed)
const editTaskMessages: FormMessages<typeof EditTask> = {
  title: titleMessages,
  description: { too_long: 'Keep the description to {limit} characters; it has {count}.' },
}
export const editTaskGuide = formGuide(EditTask, editTaskMessages)
export const readEditTask = formReader(EditTask, editTaskMessages)

const { priority } = TaskReplacement.properties
const day = Type.Optional(Type.String({ maxLength: 10 }))
const EditDetails = Type.Object({
  priority,
  due_date: day,
  due_time: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d(:\\d\\d(\\.\\d+)?)?$' })),
  time_zone: Type.Optional(Type.String({ maxLength: 60 })),
  /** The instant that the form was made with. */
  due_was: Type.Optional(Type.String({ maxLength: 40 })),
  start_date: day,
  list_id: NewTask.properties.list_id,
  /** Ids, with a space between them. */
  label_ids: Type.Optional(Type.String({ maxLength: 37 * 50 })),
  new_label: Type.Optional(NewLabel.properties.name),
  details_edition: Type.String({ minLength: 1, maxLength: 300 }),
}, closed)
const dayMessages = { format: 'Write a day, such as 2026-01-31.', too_long: 'Write a day, such as 2026-01-31.' }
const editDetailsMessages: FormMessages<typeof EditDetails> = {
  due_date: dayMessages,
  start_date: dayMessages,
  due_time: { not_allowed: 'Write a time, such as 09:30.' },
  label_ids: { too_long: 'A task can carry fifty labels at most.' },
  new_label: { not_allowed: 'Write what the label is called; spaces alone say too little.', too_long: 'Keep the name to {limit} characters; it has {count}.' },
}
export const editDetailsGuide = formGuide(EditDetails, editDetailsMessages)
export const readEditDetails = formReader(EditDetails, editDetailsMessages)

const FindTasks = Type.Pick(TaskQuery, ['q'], closed)
const findTasksMessages: FormMessages<typeof FindTasks> = { q: { too_long: 'Search for {limit} characters at most; this has {count}.', not_allowed: 'This has a character that no task can have.' } }
export const findTasksGuide = formGuide(FindTasks, findTasksMessages)
export const readFindTasks = formReader(FindTasks, findTasksMessages)

export const readTaskId = formReader(Type.Object({ id }, closed))
export const readCompletion = formReader(Type.Object({ id, completed }, closed))
/** What the notice of a change says of it, for the notice of its undo, and the page to tell that on. */
export const readUndo = formReader(Type.Object({
  change: Type.Integer({ minimum: 1 }),
  did: Type.String({ pattern: `^(${TaskFlash.properties.did.anyOf.map(({ const: did }) => did).join('|')})$` }),
  title: Type.String({ maxLength: 200 }),
  again: Type.Optional(Type.String({ pattern: '^(undone|redone)$' })),
  next: Type.String({ maxLength: 2000 }),
}, closed))
/** Where a task is moved to: to an end, or beside another. */
export const readMove = formReader(Type.Object({ id, place: Type.String({ pattern: '^(first|last|(before|after) [0-9a-f-]{36})$' }) }, closed))
/** What is done to the chosen tasks; those themselves are read apart, for there are many of one name. */
export const readBulk = formReader(Type.Object({
  action: Type.String({ pattern: `^(${bulkActions.join('|')})$` }),
  all: Type.Optional(Type.String({ pattern: '^true$' })),
  priority: Type.Optional(priority),
  due_date: day,
  list_id: Type.Optional(Id),
  label_id: Type.Optional(Id),
  subtasks: Type.Optional(Type.String({ pattern: '^(keep|complete)$' })),
}, closed))
/** Emptying the trash spares what came there after the page that asked was made. */
export const readEmptyTrash = formReader(Type.Object({ until: Type.String({ minLength: 20, maxLength: 40 }) }, closed))

const AddSubtask = Type.Object({ subtask: NewTask.properties.title }, closed)
const addSubtaskMessages: FormMessages<typeof AddSubtask> = { subtask: titleMessages }
export const addSubtaskGuide = formGuide(AddSubtask, addSubtaskMessages)
export const readAddSubtask = formReader(AddSubtask, addSubtaskMessages)
export const readSubtasksChoice = formReader(Type.Object({ subtasks: Type.String({ pattern: '^(keep|complete)$' }), next: Type.Optional(Type.String({ maxLength: 2000 })) }, closed))
