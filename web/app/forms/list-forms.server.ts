import { Label, List, NewLabel, NewList } from '@daymark/tasks/contracts'
import { Type } from '@sinclair/typebox'
import { type FormMessages, formGuide, formReader } from './form-reader.server.ts'

const closed = { additionalProperties: false }
const colourMessages = { not_allowed: 'Choose one of these colours.' }
/** An edit says what it was begun from, so that it never wipes out another's. */
const edition = Type.String({ minLength: 1, maxLength: 300 })

const NameList = Type.Object({ name: NewList.properties.name, colour: List.properties.colour }, closed)
const listMessages: FormMessages<typeof NameList> = {
  name: { required: 'Write what the list is called.', not_allowed: 'Write what the list is called; spaces alone say too little.', too_long: 'Keep the name to {limit} characters; it has {count}.' },
  colour: colourMessages,
}
export const listGuide = formGuide(NameList, listMessages)
export const readNewList = formReader(NameList, listMessages)
export const readEditList = formReader(Type.Object({ ...NameList.properties, edition }, closed), listMessages)
export const readArchiving = formReader(Type.Object({ archived: List.properties.archived }, closed))

const NameLabel = Type.Object({ name: NewLabel.properties.name, colour: Label.properties.colour }, closed)
const labelMessages: FormMessages<typeof NameLabel> = {
  name: {
    required: 'Write what the label is called.',
    not_allowed: 'Write what the label is called; spaces alone say too little.',
    too_long: 'Keep the name to {limit} characters; it has {count}.',
    taken: 'There is a label with this name already.',
  },
  colour: colourMessages,
}
export const labelGuide = formGuide(NameLabel, labelMessages)
export const readNewLabel = formReader(NameLabel, labelMessages)
export const readEditLabel = formReader(Type.Object({ ...NameLabel.properties, edition }, closed), labelMessages)
